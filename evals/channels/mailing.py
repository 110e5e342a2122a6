"""A person's end of the mail channel: a mail program that writes, reads and replies, and a browser for the page behind the links.

What arrives is handed over as the bytes that the mailbox holds, and what is sent is read from the files that stand for a mail server: the servers on
both sides are tried in ``tests/real``. Everything between them is the service's own.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.channels.stored import Reply, StoredChat
from evals.conversations.channel import CannotSay, ChannelBroken
from evals.conversations.stage import Stage

if TYPE_CHECKING:
    import httpx

    from assistant.bootstrap import Assistant
    from assistant.entrypoints.surface import Surface

SERVER, DESK = "mx.conformance.test", "it-help@conformance.test"
WRITTEN = SMTP.clone(max_line_length=900)
SUBJECT_LENGTH = 60
_PAGE = re.compile(r"https?://[^\s/]+(/console/answer/[\w.]+)")
_OURS = re.compile(r"fl\.(c_\w+)\.(\d+)\.\w+\.\w+\.eml")


@dataclass
class MailChat(StoredChat):
    """One person with a mail program."""

    sent: list[str] = field(default_factory=list)
    """Ids of the mails that were written."""
    letters: dict[int, EmailMessage] = field(default_factory=dict)
    _files: set[Path] = field(default_factory=set)

    def say(self, text: str, device: str = "") -> Reply:
        """Write a mail, the first time a new one, then a reply to the latest letter."""
        if device:
            raise CannotSay("the case chooses a device in the widget; a mail has no place for that")
        return self._write(text)

    def press(self, choice: str) -> Reply:
        """Choose by number where the letter has numbers, else on the page behind its links."""
        from assistant.domain.reply import Choice
        from assistant.entrypoints.mail.writing import numbered

        offered = [Choice(**one) for one in self.last.get("choices", ())]
        if choice not in [one.id for one in offered]:
            raise CannotSay(f"the case presses {choice.partition(':')[0]} of an earlier reply, whose page does not count any more")
        listed = [one.id for one in numbered(offered)]
        return self._write(str(listed.index(choice) + 1)) if choice in listed else self._on_page(choice)

    def enter(self, action: str, code: str) -> dict[str, Any]:
        """Enter a one-time code on the page of the latest letter, signed in; return what the page says."""
        if (self.last.get("action") or {}).get("id") != action:
            raise CannotSay("the case enters a code for an action that the latest letter is not about")
        with self._browser(signed_in=True) as browser:
            answer = browser.post(f"{self._page()}/code", data={"code": code})
        said = re.search(r'<div class="callout" role="status" dir="auto">(.*?)</div>', answer.text, re.DOTALL)
        if answer.status_code != 200 or said is None:
            return {"problem": {"detail": f"the page answered {answer.status_code}"}}
        with self.stage.assistant.store.read() as unit:
            now = unit.actions.load(action)
        assert now is not None
        text = re.sub(r"<[^>]+>", "", said.group(1)).strip()
        return {"reply": {**self.last, "text": text, "action": {**self.last["action"], "status": now.status.value}}}

    def shown(self) -> list[tuple[str, int]]:
        """See the base: the letters that were sent to this person."""
        for path in (self.stage.assistant.settings.home / "mail").glob("fl.*.eml"):
            found = _OURS.fullmatch(path.name)
            if found is None or path in self._files:
                continue
            self._files.add(path)
            letter = message_from_bytes(path.read_bytes(), policy=default)
            if not self.conversation and self.sent[0] in str(letter["References"]):
                self.conversation = found.group(1)
            if found.group(1) == self.conversation:
                self.letters[int(found.group(2))] = letter
        return [(self.conversation, number) for number in self.letters]

    def _write(self, text: str) -> Reply:
        from assistant.entrypoints.mail.receiving import CHANNEL, turn_id

        mail, name, began = self._mail(text), f"mail-{len(self.sent) + 1}@{self.person}.conformance.test", time.monotonic()
        mail["Message-ID"] = f"<{name}>"
        self.sent.append(name)
        receiving = self.stage.surfaces[CHANNEL].receiving  # type: ignore[attr-defined]
        receiving.take(mail.as_bytes(), False)
        return self._complete(self.await_reply(turn_id(name), began))

    def _mail(self, text: str) -> EmailMessage:
        person = self.stage.assistant.directory.person(self.person)
        assert person is not None, "the cases speak of people of the demo company"
        mail, latest = EmailMessage(policy=WRITTEN), self.letters[max(self.letters)] if self.letters else None
        domain = person.email.rpartition("@")[2]
        mail["Authentication-Results"] = f"{SERVER}; dmarc=pass header.from={domain}"
        mail["From"] = person.email
        mail["To"] = DESK
        if latest is None:
            # People write what it is about into the subject: here the first words.
            mail["Subject"] = " ".join(text.split())[:SUBJECT_LENGTH].strip()
            mail.set_content(text)
            return mail
        mail["Subject"] = str(latest["Subject"])
        mail["In-Reply-To"] = str(latest["Message-ID"])
        mail["References"] = f"{latest['References']} {latest['Message-ID']}"
        quoted = "\n".join(f"> {line}" for line in _text(latest).splitlines())
        mail.set_content(f"{text}\n\nOn Monday, 23 November 2026, IT help <{DESK}> wrote:\n{quoted}\n")
        return mail

    def _on_page(self, choice: str) -> Reply:
        from assistant.entrypoints.links import Links

        page, began = self._page(), time.monotonic()
        with self._browser(signed_in=choice.startswith(("do:", "undo:"))) as browser:
            answer = browser.post(page, data={"choice": choice})
        if answer.status_code != 303:
            raise ChannelBroken(f"the page answered {answer.status_code} to {choice}")
        assistant = self.stage.assistant
        return self._complete(
            self.await_reply(Links(assistant.secret).checked(page.rpartition("/")[2], self.person, assistant.clock.now()).press, began)
        )

    def _page(self) -> str:
        found = _PAGE.search(_text(self.letters[self._number]))
        if found is None:
            raise CannotSay("the letter has no page: nothing in it can be pressed")
        return found.group(1)

    def _browser(self, signed_in: bool = False) -> httpx.Client:
        import httpx

        url = f"http://127.0.0.1:{self.stage.port}"
        cookies = {"firstline_session": self.stage.token(self.person)} if signed_in else {}
        return httpx.Client(base_url=url, headers={"Origin": url, "Accept": "text/html"}, cookies=cookies, trust_env=False, timeout=30)

    def _complete(self, reply: Reply) -> Reply:
        """Return a reply after a look at its letter: the words, the sources and a way to choose everything that is offered have to be there.

        Raises:
            ChannelBroken: something is missing.
        """
        from assistant.entrypoints.mail.writing import plain

        text, page = _text(self.letters[self._number]), ""
        if found := _PAGE.search(text):
            with self._browser(signed_in=True) as browser:
                page = browser.get(found.group(1)).text
        words = " ".join(text.split())
        missing = [f"the source {one['title']}" for one in reply["citations"] if one["title"] and " ".join(one["title"].split()) not in words]
        missing += [f"the choice {one['id']}" for one in reply["choices"] if not self._went_on() and f'value="{one["id"]}"' not in page]
        missing += ["its words"] if " ".join(plain(reply["text"]).split()) not in words else []
        if missing:
            raise ChannelBroken(f"the letter lacks {', '.join(missing)}")
        return reply

    def _went_on(self) -> bool:
        """Say whether something was said after the latest letter, so that its page does not count any more."""
        with self.stage.assistant.store.read() as unit:
            return any(one.body["type"] in ("message", "reply") for one in unit.conversations.events(self.conversation, self._number))


def _text(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    return str(body.get_content()) if body is not None else ""


class MailSide:
    """A mailbox that never connects: what arrives is handed over here, and what leaves is a file."""

    settings: dict[str, Any] = {"mail_authserv_id": SERVER, "mail_from": DESK, "mail_per_hour": 10_000}

    def surfaces(self, assistant: Assistant) -> Sequence[Surface]:
        """Return the mail channel."""
        from assistant.connections import open_letters
        from assistant.entrypoints.inbox import Inbox
        from assistant.entrypoints.mail.mailbox import Security, Server
        from assistant.entrypoints.mail.surface import MailSurface
        from assistant.surfaces import surface_of_mail

        class Fed(MailSurface):
            def start(self, inbox: Inbox) -> None:
                self.receiving.inbox = inbox

        made = surface_of_mail(assistant, Server("none", 0, Security.NONE, "", ""), open_letters(assistant.settings, assistant.clock))
        return (Fed(made.channel, made.receiving, made.server, made.folders, made.max_bytes),)

    def end(self, stage: Stage, person: str) -> AbstractContextManager[MailChat]:
        """Talk by mail."""
        return nullcontext(MailChat(stage, person))
