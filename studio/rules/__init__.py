"""What members may ask for."""
