"""Speed, measured on the running service."""
