"""Systems that know people and their accounts."""
