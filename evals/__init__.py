"""Measurements: what Firstline does on data, against bounds."""

import kb  # noqa: F401  # first of all, for what it sets for numpy
