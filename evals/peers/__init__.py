"""The same work in Firstline and in what a user would assemble instead, each in its own environment and process."""
