"""The knowledge base: articles, passages, two indexes, retrieval with citations, and gaps."""
