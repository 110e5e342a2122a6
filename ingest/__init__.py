"""Ingestion: folders of files become articles, passages and index entries. Runs in its own process."""
