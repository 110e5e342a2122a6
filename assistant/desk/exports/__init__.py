"""Reads exports of tickets from any desk: what kind of file it is, which column means what, and what is wrong with it, by line."""
