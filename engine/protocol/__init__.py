"""What the bot and the engine say to each other."""
