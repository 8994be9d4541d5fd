"""Frames into files: the budget-exact GIF writer, previews. Pillow and numpy only; no torch, no Discord."""
