"""Who a Slack user is: a person of the directory where the workspace vouches for them, else a guest, with the reason in words."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from assistant.domain.configuration import Person, guest
from assistant.entrypoints.slack.calls import Calls, SlackRefused
from assistant.ports.identity import Directory

KEPT_SECONDS = 300.0
"""Nothing that was read of anybody counts for longer."""
OUTSIDERS = ("is_restricted", "is_ultra_restricted", "is_stranger", "is_bot", "is_app_user", "deleted")
Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """A Slack user: their person id (a guest's, where nobody vouches for them), name, and whether it is a machine that nobody answers."""

    person: str
    name: str = ""
    is_machine: bool = False

    @property
    def is_guest(self) -> bool:
        """Say whether nobody vouches for them."""
        return Person(self.person, "").is_guest


@dataclass
class Identity:
    """Maps Slack users to people. Answers are at most five minutes old; whether somebody still is in the directory is asked anew by every turn."""

    calls: Calls
    directory: Directory
    teams: frozenset[str]
    """The workspaces whose users count; users of others are guests."""
    seconds: Callable[[], float] = time.monotonic
    _users: dict[str, tuple[float, Node]] = field(default_factory=dict)
    _people: tuple[float, dict[str, list[Person]]] = (float("-inf"), {})
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def of(self, user: str) -> Known:
        """Return who a Slack user is.

        Raises:
            Unavailable: neither is known freshly enough, and Slack or the directory cannot be asked.
        """
        found = self._user(user)
        name = str(found.get("real_name") or found.get("name") or "")
        if found.get("is_bot") or user == "USLACKBOT":
            return Known(guest("slack", f"{found.get('team_id', '')}:{user}").id, name, True)
        person = self._person(found)
        return Known(person.id, person.name) if person is not None else Known(guest("slack", f"{found.get('team_id', '')}:{user}").id, name)

    def user_of(self, person: Person) -> str:
        """Return the Slack user that is this person by the same rules, "" when there is none."""
        team, _, user = person.slack.partition("/")
        if not (user and team in self.teams):
            found = self.calls.user_by_address(person.email) if person.email else None
            user = str(found["id"]) if found is not None else ""
        return user if user and self.of(user).person == person.id else ""

    def _person(self, found: Node) -> Person | None:
        if found.get("team_id") not in self.teams or any(found.get(flag) for flag in OUTSIDERS):
            return None
        people, own = self._index(), f"{found['team_id']}/{found['id']}"
        named = people.get(own, [])
        if named:
            return named[0] if len(named) == 1 else None
        address = str((found.get("profile") or {}).get("email") or "").casefold()
        if not address or found.get("is_email_confirmed") is not True:
            return None
        same = people.get(address, [])
        return same[0] if len(same) == 1 and not same[0].slack else None

    def _user(self, user: str) -> Node:
        now = self.seconds()
        with self._guard:
            kept = self._users.get(user)
        if kept is not None and now - kept[0] < KEPT_SECONDS:
            return kept[1]
        try:
            found = self.calls.user(user)
        except SlackRefused:
            found = {"id": user, "deleted": True}
        with self._guard:
            self._users = {name: one for name, one in self._users.items() if now - one[0] < KEPT_SECONDS} | {user: (now, found)}
        return found

    def _index(self) -> dict[str, list[Person]]:
        now = self.seconds()
        with self._guard:
            read_at, people = self._people
        if now - read_at < KEPT_SECONDS:
            return people
        people = {}
        for person in self.directory.people():
            for name in (person.email.casefold(), person.slack):
                if name:
                    people.setdefault(name, []).append(person)
        with self._guard:
            self._people = (now, people)
        return people
