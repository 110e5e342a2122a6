"""Names that the manifest and the app have in common."""

COMMAND, SHORTCUT = "/it", "ask_it"
