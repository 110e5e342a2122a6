"""Measurements: what Firstline does on data, against bounds."""
