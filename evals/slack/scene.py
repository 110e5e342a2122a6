"""Plays a morning at the demo company in our own Slack, with the real service behind it, and keeps each moment as a screen."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

from evals.security.served import serving
from evals.slack.drawing import Screen, page
from evals.slack.load import settings_of
from evals.slack.people import Somebody, labels, words
from evals.slack.server import SlackServer

CODE = re.compile(r"^\d{6}$", re.MULTILINE)
PLACES = ("# general", "# it-help", "Firstline", "Firstline · Home")


@dataclass
class Reel:
    """Moments in order, each a page; those with a name become pictures of their own."""

    frames: list[tuple[str, str, float]] = field(default_factory=list)
    """Name ("" for none), page, and for how many seconds it is looked at."""


class Play:
    """The scene. Every message on a screen is one that the service sent, or that somebody wrote to it."""

    def __init__(self, server: SlackServer, home: Path) -> None:
        """Play before this service."""
        self._server, self._home, self.reel = server, home, Reel()
        people = {"Maria Santos": "maria.santos", "Agnes Norén": "agnes.noren", "Nils Forsberg": "nils.forsberg"}
        self._team, known = self._company()
        self.maria, self.agnes, self.nils = (Somebody(server, server.workspace.add_user(known[one][0], known[one][1])) for one in people.values())

    @staticmethod
    def _company() -> tuple[str, dict[str, tuple[str, str]]]:
        from assistant.adapters.store.organisation import read_people_file
        from evals.world import DEMO_ARTICLES

        made, _ = read_people_file(DEMO_ARTICLES / "company.toml")
        return made.company.name, {person.id: (person.name, person.email) for person in made.people}

    def play(self) -> Reel:
        """Play it from the first question to the last decision."""
        self._question()
        self._code()
        self._channel()
        self._approval()
        self._at_home()
        return self.reel

    def _question(self) -> None:
        maria, thread = self.maria, ""
        thread = maria.say("I can't connect to the VPN from my laptop")
        self._moment(self._direct(maria, thread, upto=1), status="Firstline is looking for an answer", seconds=1.2)
        (answer,) = maria.replies(thread)
        self._moment(self._direct(maria, thread), "answer", 3.5)
        maria.press(maria.direct, answer, "Yes")
        maria.replies(thread, 2)
        self._until(lambda: not labels(answer))
        self._moment(self._direct(maria, thread), "solved", 2.5)

    def _code(self) -> None:
        maria = self.maria
        thread = maria.say("I forgot my password")
        (card,) = maria.replies(thread)
        self._moment(self._direct(maria, thread), "card", 3.0)
        maria.press(maria.direct, card, labels(card)[0])
        asks = maria.replies(thread, 2)[1]
        self._until(lambda: len(labels(card)) == 0)
        maria.press(maria.direct, asks, "Enter the code")
        form, shown = maria.modal("code"), self._direct(maria, thread)
        code = self._until(self._mailed_code)
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        refused = maria.submit(form, code=wrong).body["errors"]
        self._moment(replace(shown, modal=form, typed={"code": wrong}, wrong=refused), "code", 2.5)
        maria.submit(form, code=code)
        maria.replies(thread, 3)
        self._until(lambda: "Done" in words(self._server.workspace.by_bot(maria.direct, thread)[-1]))
        self._moment(self._direct(maria, thread), "done", 3.0)

    def _channel(self) -> None:
        channel = self._server.workspace.add_channel("it-help")
        thread = self.agnes.mention("how do I add a printer on Windows?", channel)
        self.agnes.replies(thread, 1, channel)
        other = self.agnes.mention("and what is the status of my tickets?", channel)
        self.agnes.replies(other, 1, channel)
        messages = [self._server.workspace.thread(channel, one) for one in (thread, other)]
        self._moment(Screen("# it-help", "Ask here, or write to Firstline", PLACES, [*messages[0], *messages[1]]), "channel", 3.5)

    def _approval(self) -> None:
        agnes, nils = self.agnes, self.nils
        thread = agnes.say("I need access to CRM for 30 days")
        (card,) = agnes.replies(thread)
        agnes.press(agnes.direct, card, labels(card)[0])
        agnes.replies(thread, 2)
        asked = self._until(lambda: next(iter(self._server.workspace.by_bot(nils.direct)), None))
        self._moment(Screen("Firstline", "App", PLACES, [asked]), "approval", 3.0)
        nils.press(nils.direct, asked, "Approve")
        self._until(lambda: not labels(asked))
        self._moment(Screen("Firstline", "App", PLACES, [asked]), "approved", 2.5)

    def _at_home(self) -> None:
        view = self.maria.open_home()
        self._moment(Screen("Firstline · Home", "", PLACES, home=view), "home", 3.0)

    # -- parts ----------------------------------------------------------------------------------------------------------

    def _direct(self, person: Somebody, thread: str, upto: int = 99) -> Screen:
        written = [one for one in self._server.workspace.thread(person.direct, thread) if one.get("subtype") is None]
        return Screen("Firstline", "App", PLACES, written[:upto])

    def _moment(self, screen: Screen, name: str = "", seconds: float = 2.0, status: str = "") -> None:
        shown = deepcopy(replace(screen, status=status))
        self.reel.frames.append((name, page(shown, self._server.workspace, self._team), seconds))

    def _mailed_code(self) -> str:
        for file in sorted((self._home / "mail").glob("*.eml"), key=lambda one: one.stat().st_mtime_ns, reverse=True):
            mail: Any = message_from_bytes(file.read_bytes(), policy=default)
            found = CODE.findall(mail.get_content().replace("\r\n", "\n"))
            if found:
                return str(found[0])
        return ""

    @staticmethod
    def _until(look: Callable[[], Any], seconds: float = 30.0) -> Any:
        end = time.monotonic() + seconds
        while not (found := look()):
            if time.monotonic() > end:
                raise RuntimeError("the scene does not go on as it is written")
            time.sleep(0.05)
        return found


def played(scratch: Path, home: Path, note: Callable[[str], None]) -> Reel:
    """Play the scene with a service of its own.

    Raises:
        NotServed: it did not become ready.
        RuntimeError: it does not go on as it is written.
    """
    with SlackServer() as server, serving(scratch, home, note, settings_of(server, "http")) as served:
        server.target = f"{served.url}/slack/events"
        reel = Play(server, home).play()
        if server.workspace.violations:
            raise RuntimeError(f"Slack would have refused: {server.workspace.violations[:3]}")
        return reel
