"""Mails as messages of a conversation: who wrote one, which conversation it goes on with, and what it says there."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from assistant.agent import wording
from assistant.agent.state import Inbound
from assistant.agent.turn import Turns, UnknownPerson
from assistant.agent.wording.letters import in_letter
from assistant.domain.attachment import FileRefused
from assistant.domain.configuration import guest
from assistant.domain.reply import Reply
from assistant.entrypoints.inbox import Inbox
from assistant.entrypoints.links import Links
from assistant.entrypoints.mail.automatic import Pace, bounces, why_automatic
from assistant.entrypoints.mail.identity import Trust, address_of, person_of, vouched
from assistant.entrypoints.mail.mailbox import Standing, Unfit
from assistant.entrypoints.mail.reading import Mail, Unreadable, read_mail
from assistant.entrypoints.mail.writing import SIGNED_IN, Around, numbered, written_not_kept, written_words
from assistant.governance.rendering import render_plain
from assistant.ports.channels import Place, Received
from assistant.ports.clock import Clock
from assistant.ports.identity import Directory
from assistant.ports.notify import Letter, Letters
from assistant.ports.outside import Refused
from assistant.ports.store import Store, UnitOfWork

log = logging.getLogger("firstline.mail")
CHANNEL = "mail"
GUEST = guest(CHANNEL, "").id
LONGEST_ADDRESS = 80 - len(GUEST)
"""What fits into the id of a guest. A longer address of somebody whom we know does no harm."""
LONGEST_ID = 200
MOST_FILES = 10
LONGEST_PRESS = 120
_AGAIN = re.compile(r"^(?:\s*(?:re|aw|fw|fwd|wg|sv|vs|antw|odp|rif|rv|res|enc|tr|doorst|رد)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_NUMBER = re.compile(r"\(?(\d{1,2})[.)]?")

Attach = Callable[[str, str, str, bytes, str], object]
"""Checks and keeps a file: given a person, their conversation, its name, its content and a key. ``FileRefused`` says what the person is told."""


@dataclass
class Receiving:
    """Takes mails over from the mailbox, and handles them from the inbox."""

    store: Store
    directory: Directory
    clock: Clock
    turns: Turns
    letters: Letters
    links: Links
    trust: Trust
    pace: Pace
    attach: Attach
    own_addresses: frozenset[str]
    answers_strangers: bool = True
    inbox: Inbox = field(init=False)
    """Where mails wait to be handled; set before the first one is taken."""
    _ignored: set[str] = field(default_factory=set, init=False)
    """Ids of mails that are not answered and still in the folder; recognised anew after a restart."""

    # -- from the mailbox ---------------------------------------------------------------------------------------------

    def take(self, raw: bytes, cut_short: bool) -> str:
        """See ``mailbox.Taking``. A mail that no person wrote is done with as it comes; one that nobody can be answered about is unfit."""
        try:
            mail = read_mail(raw, cut_short)
        except Unreadable as why:
            raise Unfit(str(why)) from None
        name = received_id(mail)
        with self.store.read() as unit:
            if unit.inbox.state(CHANNEL, name):
                return name
        self._check(mail, name)
        if name not in self._ignored:
            body = {"raw": base64.b64encode(raw).decode(), "cut_short": cut_short}
            self.inbox.put(Received(CHANNEL, name, self.clock.now(), body, line=address_of(mail)))
        return name

    def standing(self, mail_id: str) -> Standing:
        """See ``mailbox.Taking``."""
        if mail_id in self._ignored:
            self._ignored.discard(mail_id)
            return Standing.DONE
        with self.store.read() as unit:
            state = unit.inbox.state(CHANNEL, mail_id)
        return {"waiting": Standing.OPEN, "failed": Standing.FAILED}.get(state, Standing.DONE)

    def _check(self, mail: Mail, name: str) -> None:
        """Refuse what nobody can be answered about, and note what must not be answered."""
        why = why_automatic(mail, self.own_addresses)
        if why and bounces(mail):
            raise Unfit(why)
        if why:
            log.info("a mail is not answered: %s", why)
            self._ignored.add(name)
            return
        address = address_of(mail)
        if not address:
            raise Unfit("its From is not one plain address")
        known = vouched(mail, address, self.trust)
        if not self.answers_strangers and person_of(mail, self.directory.people(), self.trust) is None:
            raise Unfit("its sender is a stranger")
        thread = mail.answers[-1] if mail.answers else name
        if not self.pace.allows(f"{known} {address}", f"{known} {address} {thread}"):
            raise Unfit("there were too many mails of this sender or in this thread within an hour")

    # -- from the inbox -----------------------------------------------------------------------------------------------

    def handle(self, received: Received) -> None:
        """See ``inbox.Handler``."""
        mail = read_mail(base64.b64decode(received.body["raw"]), received.body["cut_short"])
        person = person_of(mail, self.directory.people(), self.trust)
        if person is None and len(address_of(mail)) > LONGEST_ADDRESS:
            raise Refused("the address of this stranger is too long to be kept")
        person_id = person.id if person is not None else guest(CHANNEL, address_of(mail)).id
        with self.store.read() as unit:
            place, conversation = self._place(unit, mail, person_id)
            text, choice = _said(mail, _last_reply(unit, conversation))
        inbound = Inbound(turn_id(received.id), text, choice, place=place, subject=mail.subject, sent_as=mail.id)
        try:
            reply = self.turns.take(person_id, None, inbound, CHANNEL)
        except UnknownPerson:
            raise Refused("its sender has left the directory meanwhile") from None
        with wording.speaking(reply.language):
            self._keep_files(mail, person_id, reply, received)

    def give_up(self, received: Received, why: str) -> None:
        """See ``inbox.Handler``. The mail itself goes to the folder of those that somebody has to look at."""
        mail = read_mail(base64.b64decode(received.body["raw"]), received.body["cut_short"])
        text = wording.trouble(why)
        written = written_words("", render_plain(text), text, Around())
        self._post(mail, f"trouble.{turn_id(received.id)}", written.text, written.html)

    def _place(self, unit: UnitOfWork, mail: Mail, person: str) -> tuple[Place, str]:
        """Return where a mail belongs, and the person's conversation there, "" when they have none: never that of somebody else.

        A mail of ours that it answers names the conversation; so does any mail of the thread that began one. The subject never does.
        """
        for name in mail.answers:
            ours = self.links.conversation_named(name)
            for thread in unit.threads.of_conversation(ours) if ours else ():
                if thread.place.channel == CHANNEL and thread.person == person:
                    return thread.place, thread.conversation
        for name in (*reversed(mail.answers), mail.id):
            place = Place(CHANNEL, place_key(name))
            conversation = unit.threads.conversation_of(place, person)
            if conversation:
                return place, conversation
        return Place(CHANNEL, place_key(mail.answers[-1] if mail.answers else mail.id)), ""

    def _keep_files(self, mail: Mail, person: str, reply: Reply, received: Received) -> None:
        cut_short = received.body["cut_short"]
        not_kept = [(in_letter("all_files"), in_letter("too_large"))] if cut_short else []
        not_kept += [(file.name, in_letter("too_many", number=str(MOST_FILES))) for file in mail.files[MOST_FILES:]]
        for number, file in enumerate(mail.files[:MOST_FILES]):
            try:
                self.attach(person, reply.conversation, file.name, file.content, f"{turn_id(received.id)}.{number}")
            except FileRefused as refused:
                not_kept.append((file.name, str(refused)))
        if not_kept:
            written = written_not_kept(Around(language=reply.language, not_kept=not_kept))
            self._post(mail, f"files.{turn_id(received.id)}", written.text, written.html)

    def _post(self, mail: Mail, key: str, text: str, html: str) -> None:
        letter_id = f"{key}@{self.letters.address.rpartition('@')[2]}"
        self.letters.post(Letter(address_of(mail), answer_subject(mail.subject), text, html, letter_id, (*reversed(mail.answers), mail.id)))


def received_id(mail: Mail) -> str:
    """Return the id of a mail in the inbox: its Message-ID, or a digest of one that is too long."""
    return mail.id if len(mail.id) <= LONGEST_ID else f"{sha256(mail.id.encode()).hexdigest()}@digest"


def turn_id(received: str) -> str:
    """Return the message id under which a mail is a turn: the same for the same mail."""
    return f"m_{sha256(received.encode()).hexdigest()[:40]}"


def place_key(mail_id: str) -> str:
    """Return the key of the thread that a mail began."""
    return mail_id if len(mail_id) <= LONGEST_ID else f"{sha256(mail_id.encode()).hexdigest()}@digest"


def answer_subject(subject: str) -> str:
    """Return the subject of an answer: one ``Re:`` before what the mail is about."""
    bare = bare_subject(subject)
    return f"Re: {bare}" if bare else "Re:"


def bare_subject(subject: str) -> str:
    """Return a subject without what mail programs put before it when they answer or forward."""
    return _AGAIN.sub("", " ".join(subject.split())).strip()


def _last_reply(unit: UnitOfWork, conversation: str) -> Reply | None:
    """Return the latest reply of a conversation; None where there is none, or it has no conversation."""
    events = unit.conversations.events(conversation) if conversation else []
    return next((Reply.model_validate(one.body["reply"]) for one in reversed(events) if one.body["type"] == "reply"), None)


def _said(mail: Mail, before: Reply | None) -> tuple[str, str]:
    """Return what a mail says, as words or as one of the choices of the reply before.

    The subject belongs to the words of a mail that begins something, unless the text says it too.
    """
    pressed = _pressed(mail.text, before) if before is not None else ""
    if pressed:
        return "", pressed
    subject = bare_subject(mail.subject)
    if not mail.text.strip():
        return subject, ""
    if before is not None or not subject or " ".join(subject.casefold().split()) in " ".join(mail.text.casefold().split()):
        return mail.text, ""
    return f"{subject}\n\n{mail.text}", ""


def _pressed(text: str, before: Reply) -> str:
    """Return the id of the choice that a mail names by its number or in exactly its words; "" when it says anything else.

    What carries something out cannot be chosen so: the page asks for a sign-in first.
    """
    said = " ".join(text.split())
    if len(said) > LONGEST_PRESS:
        return ""
    found, listed = _NUMBER.fullmatch(said), numbered(before.choices)
    if found is not None:
        number = int(found.group(1))
        return listed[number - 1].id if 1 <= number <= len(listed) else ""
    named = [
        choice.id for choice in before.choices if choice.label.casefold() == said.casefold().rstrip(".!") and not choice.id.startswith(SIGNED_IN)
    ]
    return named[0] if len(named) == 1 else ""
