"""A Slack of our own on loopback, and what is measured with it."""
