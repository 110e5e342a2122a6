"""Checks the files that people send, in child processes with limits."""
