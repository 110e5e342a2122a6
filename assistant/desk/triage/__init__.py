"""Triage: what a ticket is about, how pressing it is and who works on it, learnt from an organisation's own history."""
