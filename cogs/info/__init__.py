"""What the bot tells about itself: help, queue, presence."""
