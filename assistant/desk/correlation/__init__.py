"""From alerts to incidents: what belongs together, why, and what people make of it."""
