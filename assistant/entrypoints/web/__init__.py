"""The web: chat socket, REST, consoles and the demo page."""
