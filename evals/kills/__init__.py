"""Workflows in processes that are killed at random moments: what was lost, what was done twice."""
