"""From a request's body to a message: attachments, embeds, components, mentions."""
