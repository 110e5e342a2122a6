"""The weekly review: what is found in a week, and what is decided on it."""
