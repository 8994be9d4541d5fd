"""What makes the same numbers come faster, or fit into memory."""
