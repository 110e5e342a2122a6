"""Everything that implements a port."""
