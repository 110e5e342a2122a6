"""A year of life for the demo company: simulated employees over weeks, and a desk large enough to measure the weekly review."""
