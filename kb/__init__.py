"""The knowledge base: articles, passages, two indexes, retrieval with citations, and gaps."""

import os

# Set before numpy is first imported: its linear algebra library would split each product of a matrix and a question over
# all processors, which takes 2 ms for 40,000 passages on one and, on a busy machine, 40 ms on two that wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
