"""Grades how well messages are read, on labelled sets of anybody's."""
