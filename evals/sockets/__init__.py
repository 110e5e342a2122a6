"""What dropped sockets, restarts and many open sockets do to conversations."""
