"""Ways to send notices."""
