"""Durable sequences. The only importer of DBOS."""
