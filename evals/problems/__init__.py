"""Generated weeks of tickets with labelled outages: how well problems are found among them, and whether people are told of the right one."""
