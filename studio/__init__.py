"""Decides what is allowed, and remembers orders, files and members."""
