"""What monitoring systems send, read into reports; and who may send it."""
