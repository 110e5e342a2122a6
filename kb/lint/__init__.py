"""Hygiene of a knowledge base: articles that are overdue or nobody's, passages that are there twice, passages that disagree."""
