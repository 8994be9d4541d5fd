"""From an order to a job that is followed to its end."""
