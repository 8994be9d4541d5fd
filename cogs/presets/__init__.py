"""What members keep: presets and default options."""
