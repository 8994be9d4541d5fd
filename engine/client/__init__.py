"""The engine as the bot sees it."""
