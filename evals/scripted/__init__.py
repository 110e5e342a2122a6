"""A chat server that plays a competent and deterministic model for the steps of a turn, and spoils a share of its replies if it is told to."""
