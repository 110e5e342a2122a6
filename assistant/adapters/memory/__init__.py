"""Every port of the assistant in memory: the one set of fakes, for tests and evaluations."""
