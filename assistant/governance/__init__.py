"""What may happen, and the record that it did."""
