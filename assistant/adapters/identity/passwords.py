"""Temporary passwords."""

from __future__ import annotations

import secrets

from assistant.domain.secret import Secret

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
SMALL = "abcdefghijkmnpqrstuvwxyz"
FIGURES = "23456789"
PARTS, PART_LENGTH = 4, 5


def temporary_password() -> Secret:
    """Return a fresh password of 110 random bits: four parts of five characters, none of which is mistaken for another when it is read out.

    It holds capital and small letters, figures and a sign, as quality rules of directories want it.
    """
    while True:
        parts = ["".join(secrets.choice(LETTERS + SMALL + FIGURES) for _ in range(PART_LENGTH)) for _ in range(PARTS)]
        made = "-".join(parts)
        if all(set(made) & set(kind) for kind in (LETTERS, SMALL, FIGURES)):
            return Secret(made)
