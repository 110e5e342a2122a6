"""What runs inside each system's own environment: ``serve.py`` and one driver for each system.

A driver is a file with a class ``System`` (see ``serve.SearchSystem``). It imports nothing of the other files here, because it is run by
path in an environment that knows nothing of Firstline.
"""
