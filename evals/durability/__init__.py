"""Whether what was acknowledged lasts, and what that costs: turns with and without group commit, and a write-ahead log that is cut."""
