"""Choosing work and stepping it; no tensor in sight."""
