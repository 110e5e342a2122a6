"""Grades how well the fields of tickets are read, on histories of anybody's."""
