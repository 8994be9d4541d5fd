"""What can be done with a render that exists."""
