"""The embeddable chat widget: plain ES modules and style sheets, served as they are."""

from __future__ import annotations

from pathlib import Path

ASSETS: Path = Path(__file__).parent / "static"
"""The folder to serve under ``/widget``; ``widget.js`` defines the element ``<firstline-helpdesk>``."""
