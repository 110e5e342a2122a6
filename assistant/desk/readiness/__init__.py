"""Assesses how ready a service desk is, from an export of its tickets and a trial of a knowledge base on them."""
