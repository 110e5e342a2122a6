"""How well lint finds contradictions: planted ones, harmless look-alikes, and cases written by hand."""
