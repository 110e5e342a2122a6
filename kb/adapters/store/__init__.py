"""The knowledge base's tables."""
