"""What the assistant needs from the outside, as Protocols."""
