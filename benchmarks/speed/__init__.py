"""How fast the engine is, beside its floor and beside the loop a user would write: see `__main__`."""
