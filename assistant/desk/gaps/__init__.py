"""Gaps as the desk works with them: gathered from unresolved intents, watched for spikes, shown ranked, and taken up by people."""
