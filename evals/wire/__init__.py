"""What an unknown OpenAI-compatible server can do for the steps of a turn."""
