"""How soon a change of the knowledge base holds everywhere that an employee can look."""
