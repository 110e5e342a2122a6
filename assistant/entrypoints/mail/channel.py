"""Shows what happens in a conversation as mails in the thread where its person writes."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.agent.state import Memory
from assistant.domain.reply import Reply
from assistant.entrypoints.links import PAGE, Links
from assistant.entrypoints.mail.receiving import CHANNEL, GUEST, answer_subject
from assistant.entrypoints.mail.writing import Around, Written, written_reply, written_words
from assistant.governance.rendering import render_plain
from assistant.ports.channels import Delivery
from assistant.ports.clock import Clock
from assistant.ports.identity import Directory
from assistant.ports.notify import Letter, Letters
from assistant.ports.outside import Refused
from assistant.ports.store import Event, Store


@dataclass(frozen=True, slots=True)
class MailChannel:
    """The ``Channel`` port over letters. A second delivery has the same Message-ID, so mail programs show it once."""

    store: Store
    directory: Directory
    letters: Letters
    links: Links
    clock: Clock
    url: str
    name: str = CHANNEL

    def deliver(self, delivery: Delivery) -> str:
        """See the port. Returns the Message-ID."""
        thread, event = delivery.thread, delivery.event
        address = self._address(thread.person)
        with self.store.read() as unit:
            said = [one for one in unit.conversations.events(thread.conversation) if one.number <= event.number]
            conversation = unit.conversations.load(thread.conversation)
        language = Memory.load(conversation.memory).speaks if conversation is not None else Around().language
        written = self._written(delivery, language)
        if written is None:
            return ""
        subject, follows = _thread_of(said, event, thread.place.key)
        letter_id = f"{self.links.message_name(thread.conversation, event.number, thread.place.key)}@{self.letters.address.rpartition('@')[2]}"
        self.letters.post(Letter(address, subject, written.text, written.html, letter_id, follows))
        return letter_id

    def _address(self, person_id: str) -> str:
        """Return where a person is written to: what the directory says now, and for a stranger where their mail came from."""
        if person_id.startswith(GUEST):
            return person_id.removeprefix(GUEST)
        person = self.directory.person(person_id)
        if person is None or not person.email:
            raise Refused("the directory has no address of this person")
        return person.email

    def _written(self, delivery: Delivery, language: str) -> Written | None:
        thread, event = delivery.thread, delivery.event
        stranger = thread.is_of_guest
        if event.body["type"] == "reply":
            reply = Reply.model_validate(event.body["reply"])
            token = self.links.token(thread.conversation, event.number, thread.person, event.at)
            return written_reply(reply, Around(reply.language, f"{self.url.rstrip('/')}{PAGE}/{token}", stranger))
        if event.body["type"] == "person":
            text = event.body["text"]
            return written_words(
                event.body["person"]["name"], event.body.get("html") or render_plain(text), text, Around(language, stranger=stranger)
            )
        if event.body["type"] == "holding" and event.body.get("text"):
            return written_words("", render_plain(event.body["text"]), event.body["text"], Around(language, stranger=stranger))
        return None


def _thread_of(said: list[Event], event: Event, place: str) -> tuple[str, tuple[str, ...]]:
    """Return the subject of a mail about an event, and the ids of the mails that it follows; the last is the one that it answers."""
    mails = {one.body["message"]: one.body for one in said if one.body["type"] == "message" and one.body.get("sent_as")}
    root = [place] if "@" in place and not place.endswith("@digest") else []
    before = [*root, *(str(one["sent_as"]) for one in mails.values())]
    answered = mails.get(event.body.get("reply", {}).get("message", ""))
    last = str(answered["sent_as"]) if answered is not None else (before or [""])[-1]
    subject = next((str(one["subject"]) for one in reversed(mails.values()) if one.get("subject")), "")
    return answer_subject(subject), tuple(one for one in (*dict.fromkeys(one for one in before if one != last), last) if one)
