"""What is kept of people, measured: redaction and the mode that keeps nothing."""
