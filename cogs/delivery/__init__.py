"""From an accepted job to its file in the channel."""
