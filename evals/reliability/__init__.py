"""Kills and faults between Firstline and the systems around it, and what they lose or do twice."""
