"""Ways in which a model's reply can be no good. Which request is spoiled, and how, follows from a seed."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from evals.scripted.mind import Spoken

WAYS = ("cut", "unknown_handle", "prose", "empty", "wrong_tool", "rate_limited", "disconnect", "unfinished", "overloaded")
FAILS = frozenset({"rate_limited", "disconnect", "unfinished", "overloaded"})
"""These are done to the wire; the others to what is said."""


class Spoiler:
    """Says of each request whether it is spoiled, and how. The same request asked again is drawn anew, in the same order in every run."""

    def __init__(self, share: float, seed: int) -> None:
        """Spoil this share, 0 to 1."""
        self._share, self._seed = share, seed
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def way(self, body: Mapping[str, Any]) -> str:
        """Return how this request is spoiled; "" when it is not."""
        text = json.dumps(body.get("messages"), sort_keys=True)
        with self._lock:
            self._seen[text] += 1
            number = self._seen[text]
        digest = sha256(f"{self._seed}:{number}:{text}".encode()).digest()
        if int.from_bytes(digest[:8]) / 2**64 >= self._share:
            return ""
        return WAYS[digest[8] % len(WAYS)]


def spoiled(spoken: Spoken, way: str) -> Spoken:
    """Return what is said instead. Failures of the wire change nothing here."""
    if way == "cut":
        return replace(spoken, text=spoken.text[: len(spoken.text) // 2], calls=tuple((tool, {"cut": True}) for tool, _ in spoken.calls))
    if way == "unknown_handle":
        calls = tuple((tool, dict.fromkeys(arguments, "h_0000")) for tool, arguments in spoken.calls)
        return replace(spoken, text=spoken.text.replace("[p", "[p9").replace('"question"', '"any"'), calls=calls)
    if way == "prose":
        return Spoken(spoken.step, "I am happy to help you with that. Have you tried to turn it off and on again?")
    if way == "empty":
        return Spoken(spoken.step)
    if way == "wrong_tool":
        return Spoken(spoken.step, spoken.text, (("delete_mailbox", {"of": "everybody"}),))
    return spoken
