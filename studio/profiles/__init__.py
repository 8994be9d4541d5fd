"""What members keep for themselves."""
