"""Who acts, where, what they may, and what is said when it fails."""
