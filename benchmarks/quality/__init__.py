"""Animations measured beside the plain methods: `python -m benchmarks.quality`."""
