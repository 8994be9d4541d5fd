"""What members see: text, messages, buttons, forms."""
