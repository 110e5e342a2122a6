"""The Monday: one day of the demo company's service desk, played over the real interfaces of the running service by a clock that is set."""
