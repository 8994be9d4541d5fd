"""What `python -m playground` does: send, demo, serve."""
