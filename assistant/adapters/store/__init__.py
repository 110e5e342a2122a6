"""The assistant's tables."""
