"""What a server has shared, and what is remembered of renders."""
