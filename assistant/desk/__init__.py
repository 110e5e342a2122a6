"""Service-desk practices."""
