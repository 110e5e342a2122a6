"""Adapters behind the knowledge base's ports."""
