"""From a command to an accepted job."""
