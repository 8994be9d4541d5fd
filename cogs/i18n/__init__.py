"""The languages that members are spoken to in."""
