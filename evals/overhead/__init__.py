"""What the service itself adds to the time that a model takes, until a person sees the first words."""
