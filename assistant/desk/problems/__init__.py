"""Problems: what several tickets have in common, found, worked on, told to everybody whom it hits, and closed for all at once."""
