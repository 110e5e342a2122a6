"""Where articles are written beside the built-in store."""
