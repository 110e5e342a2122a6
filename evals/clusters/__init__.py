"""How well questions that mean the same are found, where nobody knows how many kinds there are."""
