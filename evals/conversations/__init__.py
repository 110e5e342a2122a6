"""Simulated conversations: cases, a seeded person who plays them against the real service, and how they are judged."""
