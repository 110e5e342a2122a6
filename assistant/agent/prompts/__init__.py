"""The prompts of the steps, each with its version and purpose in its header."""
