"""Values, state machines and pure decisions."""
