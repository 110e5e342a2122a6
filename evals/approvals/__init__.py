"""Approvals under attack: random sequences over the real rules, judged by a law of their own."""
