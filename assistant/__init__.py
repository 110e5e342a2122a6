"""Firstline, the IT self-service assistant."""

__version__ = "0.1.0"
