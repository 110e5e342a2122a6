"""Hostile rows played against the real parts: the network, uploads, the protocols."""
