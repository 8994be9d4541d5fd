"""How each frame is made, as plain data."""
