"""From a shot to its picture: prompts, noise, denoising, decoding."""
