"""Firstline at the size of a large service desk: speed, memory, start."""
