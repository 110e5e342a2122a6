"""The languages that people write and are answered in: which one a message is in, and what it says in English search words."""
