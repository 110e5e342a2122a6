"""The groups of the command ``firstline``, one module each. Imports are inside the commands: asking for help must be instant."""
