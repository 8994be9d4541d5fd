"""The drawing program: travel-poster pictures of a small world, each with the facts of what it shows."""
