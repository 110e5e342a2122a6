"""What the assistant can do: a closed set of typed tools."""
