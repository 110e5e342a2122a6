"""Slack: a way in and out. It translates; what may be shown and done is decided below. Imported only where it is configured."""
