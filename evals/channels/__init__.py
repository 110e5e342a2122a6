"""The same conversations on every channel: are the decisions the same?"""
