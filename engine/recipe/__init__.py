"""What a member asked for, and how people write it."""
