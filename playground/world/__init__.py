"""What exists: servers, channels, people, messages, commands; and the news about them."""
