"""What a server has shared, and what the bot posts on its own."""
