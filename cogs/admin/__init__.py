"""What admins and operators do."""
