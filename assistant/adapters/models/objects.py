"""Finds the JSON object in what a model says, while it says it."""

from __future__ import annotations


class OnlyObject:
    """Takes text in pieces and gives back the first JSON object in it, in pieces: no fence, no words before it and none after.

    Nothing is parsed: braces are counted outside strings. A text without a brace is given back whole at the end, so that whoever checks it sees
    what was said.
    """

    def __init__(self) -> None:
        """Begin before the object."""
        self._before: list[str] = []
        self._depth = 0
        self._begun = self._quoted = self._escaped = False

    def take(self, words: str) -> str:
        """Return the part of these words that belongs to the object."""
        if self._begun and not self._depth:
            return ""
        if not self._begun:
            start = words.find("{")
            if start < 0:
                self._before.append(words)
                return ""
            self._begun, words = True, words[start:]
        for at, character in enumerate(words):
            self._step(character)
            if not self._depth:
                return words[: at + 1]
        return words

    def _step(self, character: str) -> None:
        if self._quoted:
            if self._escaped:
                self._escaped = False
            elif character == "\\":
                self._escaped = True
            elif character == '"':
                self._quoted = False
        elif character == '"':
            self._quoted = True
        elif character in "{}":
            self._depth += 1 if character == "{" else -1

    def rest(self) -> str:
        """Return what was said when there was no object in it; empty otherwise."""
        return "" if self._begun else "".join(self._before)
