"""Changes as a practice: opened from what compliance found, authorised, carried out in waves, verified, and reported; or written down."""
