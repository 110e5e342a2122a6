"""A directory that answers as it was told instead of doing anything: what a recorded system said is said again, and nothing real is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from assistant.ports.identity import Directory
from assistant.ports.outside import Refused, Unavailable, Uncertain
from evals.conversations.case import Outside

CALLS = {"reset_password": "reset_password", "unlock_account": "unlock", "lock_account": "lock", "grant_access": "grant", "give_up_access": "revoke"}
"""The call of the directory that each tool makes."""


def answering(directory: Directory, outside: Mapping[str, Outside]) -> Directory:
    """Return the directory, but with the calls of the named tools answered as the case says; after ``times`` calls it does them itself again.

    ``done`` is carried out in the case's own tables: nothing outside them exists.
    """
    made: Any = type("Answering", (_Answering,), {})(directory)
    for tool, wanted in outside.items():
        call = CALLS[tool]
        setattr(made, call, _answer(getattr(directory, call), wanted, made.counted, call))
    return made  # type: ignore[no-any-return]


class _Answering:
    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self.counted: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._directory, name)


def _answer(real: Callable[..., Any], wanted: Outside, counted: Counter[str], call: str) -> Callable[..., Any]:
    def answered(*arguments: Any) -> Any:
        counted[call] += 1
        if wanted.answer == "done" or (wanted.times and counted[call] > wanted.times):
            return real(*arguments)
        if wanted.answer == "unchanged":
            return None if call == "reset_password" else False
        if wanted.answer == "refused":
            raise Refused("the directory refused it")
        if wanted.answer == "unavailable":
            raise Unavailable("the directory does not answer")
        raise Uncertain("the answer was lost")

    return answered
