"""What a person's Discord client does: read commands, type options, press buttons, fill in modals."""
