"""The steps of a turn, each done on this machine without a language model."""
