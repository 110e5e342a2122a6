"""Correlation of alerts: labelled scenes that are generated, and how well groups match labels."""
