"""REST v10: routes, and what stands in front of them."""
