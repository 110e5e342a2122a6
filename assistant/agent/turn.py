"""One conversation turn: accept, understand, look up, settle, record. Every accepted message ends in a visible reply."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as DeadlineMissed
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any

from assistant.agent import incidents, wording
from assistant.agent.acting import Wishes, begins_action
from assistant.agent.hearing import careful, heard
from assistant.agent.later import parted, taken_up, with_later
from assistant.agent.lookup import Finding, Setting, look_up, target_of
from assistant.agent.meant import meant, pressed
from assistant.agent.present import Presenter, citable, names_articles
from assistant.agent.record import Texts, record_failure, record_turn
from assistant.agent.settle import Settler
from assistant.agent.shadowing import Shadowing
from assistant.agent.state import Inbound, Memory, Timings
from assistant.agent.steps.understand import LocalUnderstanding
from assistant.agent.with_models import Models
from assistant.desk import handoff
from assistant.domain.configuration import Device, Person, guest_of
from assistant.domain.conversation import CLOSED, Conversation, Episode, Happening, State, advance
from assistant.domain.model_use import Account
from assistant.domain.reply import Reply, ReplyKind
from assistant.governance.policy import Policy
from assistant.governance.redaction import mentions_taken_secret
from assistant.governance.rendering import render
from assistant.ports.channels import Thread
from assistant.ports.clock import Clock
from assistant.ports.devices import PeoplesDevices
from assistant.ports.identity import Directory
from assistant.ports.knowledge import Knowledge
from assistant.ports.store import ActionChanged, ConversationChanged, Event, Message, Store, UnitOfWork
from kb.model import Reader

log = logging.getLogger("firstline.turn")
READ_CHARACTERS = 4_000
ATTEMPTS = 3
WORKERS = 8
RESERVE = 2.5
"""Seconds of the deadline that calls to models leave for everything else."""
GROWING = "growing"
"""The type of an event that is not stored and has the number 0: an answer while it is written."""


class UnknownPerson(LookupError):
    """The directory does not know this person."""


class UnknownConversation(LookupError):
    """There is no such conversation of this person."""


class CitationsChanged(Exception):
    """An article that the answer cites was changed or closed while the turn was under way; look again."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What turns are made of."""

    store: Store
    directory: Directory
    fleet: PeoplesDevices
    knowledge: Knowledge
    understanding: LocalUnderstanding
    settler: Settler
    clock: Clock
    timings: Timings
    link_hosts: Callable[[], Sequence[str]]
    notify: Callable[[Sequence[Event]], None]
    models: Models = Models()
    shadowing: Shadowing | None = None
    in_force: Callable[[UnitOfWork], Policy] | None = None
    """Gives the policy in force; None where it is always the settler's."""

    def policy(self, unit: UnitOfWork) -> Policy:
        """Return the policy in force as a transaction sees it."""
        return self.in_force(unit) if self.in_force is not None else self.settler.policy


class Turns:
    """Takes turns. Turns of one conversation run one after another, those of others beside them."""

    def __init__(self, parts: Parts) -> None:
        """Take turns with these parts."""
        self._parts = parts
        self._presenter = Presenter(parts.knowledge, parts.clock, parts.link_hosts)
        self._pool = ThreadPoolExecutor(WORKERS + parts.models.places, thread_name_prefix="turn")
        self._locks: dict[str, tuple[Lock, int]] = {}
        self._guard = Lock()

    def close(self) -> None:
        """Finish the turns under way and take no more."""
        self._pool.shutdown(wait=True)
        if self._parts.shadowing is not None:
            self._parts.shadowing.close()

    def begin(self, person_id: str, channel: str) -> Reply:
        """Open a conversation without a message and greet.

        Raises:
            UnknownPerson: the directory does not know the person.
        """
        person = self._person(person_id)
        conversation = self._new(person, channel)
        with self._parts.store.write() as unit:
            unit.conversations.begin(conversation)
        said = self._texts(wording.greeting(person))
        return Reply(conversation=conversation.id, state=conversation.state.value, kind=ReplyKind.SMALLTALK, text=said.text, html=said.html)

    def take(
        self,
        person_id: str,
        conversation_id: str | None,
        inbound: Inbound,
        channel: str,
        accepted: Callable[[str], None] = lambda _conversation: None,
    ) -> Reply:
        """Accept a message durably and answer it within the deadline. ``accepted`` is told the conversation before any of its new events is pushed.

        The same message id returns the same reply: in the same conversation, or of the same person when none is named (the
        first message of one, sent again because its reply was lost); what it cites is checked again then. When a step raises or the deadline passes,
        the reply is of kind ``error`` with a reference. With a place and no conversation, the person's conversation in that place goes on, or begins.

        Raises:
            UnknownPerson: the directory does not know the person.
            UnknownConversation: it does not exist or is somebody else's.
        """
        person, inbound = self._person(person_id), inbound.storable()
        with self._alone(conversation_id or _opening(person, inbound)):
            message, known = self._accept(person, conversation_id, inbound, channel, accepted)
            if known is not None:
                reply = Reply.model_validate(known)
            else:
                reply = self._within_deadline(message) if message.conversation == conversation_id else self._answer_once(message)
        return self._presenter.reply(reply, self._reader(person_id)) if names_articles(reply) else reply

    def recover(self, older_than: timedelta = timedelta(0)) -> int:
        """Answer what was accepted at least so long ago and never answered; return how many messages that were.

        That is what a crash left, or a database that could not be written to when the reply was ready.
        """
        limit = self._parts.clock.now() - older_than
        with self._parts.store.read() as unit:
            waiting = [message for message in unit.conversations.pending() if message.at <= limit]
        for message in waiting:
            self._answer_once(message)
        return len(waiting)

    def _answer_once(self, message: Message) -> Reply:
        """Answer a message of a conversation that is not held by this turn yet, unless somebody else did so meanwhile."""
        with self._alone(message.conversation):
            with self._parts.store.read() as unit:
                stored = unit.conversations.message(message.conversation, message.id)
            return Reply.model_validate(stored.reply) if stored is not None and stored.reply is not None else self._within_deadline(message)

    # -- acceptance -----------------------------------------------------------------------------------------------

    def _person(self, person_id: str) -> Person:
        person = guest_of(person_id) or self._parts.directory.person(person_id)
        if person is None:
            raise UnknownPerson(person_id)
        return person

    def _reader(self, person_id: str) -> Reader:
        """Return the rights that the person has at this moment; none when the directory no longer knows them."""
        person = self._parts.directory.person(person_id)
        return Reader(person.groups if person else frozenset())

    def _accept(
        self, person: Person, conversation_id: str | None, inbound: Inbound, channel: str, accepted: Callable[[str], None]
    ) -> tuple[Message, dict[str, Any] | None]:
        for stale in self._unanswered(conversation_id):
            if stale.id != inbound.id:
                self._within_deadline(stale)
        at_once = begins_action(inbound.choice)
        for _ in range(ATTEMPTS):
            try:
                return self._accept_once(person, conversation_id, inbound, channel, at_once, accepted)
            except ConversationChanged:
                continue
            except Exception:
                if not at_once:
                    raise
                log.exception("a press could not be settled as it was accepted; it is settled afterwards")
                at_once = False
        return self._accept_once(person, conversation_id, inbound, channel, False, accepted)

    def _accept_once(
        self, person: Person, conversation_id: str | None, inbound: Inbound, channel: str, at_once: bool, accepted: Callable[[str], None]
    ) -> tuple[Message, dict[str, Any] | None]:
        """Store a message; with ``at_once`` also what it comes to, so that message, intent and outbox entry are one commit."""
        now = self._parts.clock.now()
        devices = tuple(self._parts.fleet.devices_of(person.id)) if at_once else ()
        with self._parts.store.write() as unit:
            if inbound.place is not None and conversation_id is None:
                conversation_id = unit.threads.conversation_of(inbound.place, person.id)
            conversation = unit.conversations.load(conversation_id) if conversation_id else None
            if conversation_id and (conversation is None or conversation.person != person.id):
                raise UnknownConversation(conversation_id)
            known = unit.conversations.message(conversation.id, inbound.id) if conversation else unit.conversations.message_of(person.id, inbound.id)
            if known is not None:
                return known, known.reply
            if conversation is None or self._is_history(conversation, now):
                conversation = self._new(person, channel)
                unit.conversations.begin(conversation)
            if inbound.place is not None:
                _link(unit, Thread(inbound.place, person.id, conversation.id), now)
            message = Message(inbound.id, conversation.id, inbound.text, inbound.choice, inbound.device, now)
            unit.conversations.accept(message)
            memory = {**conversation.memory, "hint": inbound.hint} if inbound.hint else conversation.memory
            answering = advance(conversation.state, Happening.MESSAGE)
            moved = replace(conversation, state=answering, before=conversation.state, changed_at=now, memory=memory)
            unit.conversations.save(moved)
            with wording.speaking(Memory.load(memory).speaks):
                shown = _as_event(unit, message) | inbound.heading
            held = handoff.receive(unit, moved, message, shown["text"]) if moved.state is State.WITH_PERSON else None
            events = [unit.conversations.emit(conversation.id, now, shown)]
            reply = held
            if at_once and moved.state is State.ANSWERING:
                stored = replace(moved, version=moved.version + 1)
                with wording.speaking(Memory.load(memory).speaks):
                    reply, more = self._settle_press(unit, person, devices, stored, message, now)
                events += more
        accepted(message.conversation)
        self._parts.notify(events)
        return message, reply.model_dump(mode="json") if reply is not None else None

    def _settle_press(
        self, unit: UnitOfWork, person: Person, devices: tuple[Device, ...], conversation: Conversation, message: Message, now: datetime
    ) -> tuple[Reply, list[Event]]:
        memory, parts = Memory.load(conversation.memory), self._parts
        read = parts.understanding.understand("", message.choice, (), conversation.before, bool(memory.issue))
        setting = Setting(person, devices, conversation, memory, message, read, (), policy=parts.policy(unit))
        finding = Finding(target_of(setting), memory)
        settlement = with_later(parts.settler.under(setting.policy).settle(setting, finding, Wishes(), unit, now), memory, memory.later)
        return record_turn(unit, setting, finding, settlement, now, self._texts(settlement.text), parts.timings)

    def _unanswered(self, conversation_id: str | None) -> list[Message]:
        if conversation_id is None:
            return []
        with self._parts.store.read() as unit:
            conversation = unit.conversations.load(conversation_id)
            if conversation is None or conversation.state is not State.ANSWERING:
                return []
            return [message for message in unit.conversations.pending() if message.conversation == conversation_id]

    def _is_history(self, conversation: Conversation, now: datetime) -> bool:
        limit = timedelta(days=self._parts.timings.reopen_within_days)
        return conversation.state in CLOSED and now - conversation.changed_at > limit

    def _new(self, person: Person, channel: str) -> Conversation:
        now = self._parts.clock.now()
        return Conversation(f"c_{secrets.token_hex(8)}", person.id, channel, State.OPEN, State.OPEN, now, now, 0, Episode(1, now), {})

    # -- the turn -------------------------------------------------------------------------------------------------

    def _within_deadline(self, message: Message) -> Reply:
        deadline = self._parts.timings.deadline_seconds
        account = Account(time.monotonic() + deadline - min(RESERVE, deadline / 4), hear=partial(self._hear, message))
        future = self._pool.submit(self._answer, message, account)
        try:
            return future.result(timeout=deadline)
        except DeadlineMissed:
            return self._fail(message, f"no reply within {deadline:g} seconds", account)
        except Exception as error:
            log.exception("turn failed: conversation=%s message=%s", message.conversation, message.id)
            return self._fail(message, type(error).__name__, account)

    def _hear(self, message: Message, text: str) -> None:
        """Push an answer that is being written, as far as it is checked. It is not stored; the whole reply takes its place."""
        shown = self._texts(text)
        body = {"type": GROWING, "message": message.id, "text": shown.text, "html": shown.html}
        self._parts.notify([Event(0, message.conversation, self._parts.clock.now(), body)])

    def _answer(self, message: Message, account: Account) -> Reply:
        for attempt in range(ATTEMPTS):
            try:
                return self._try_answer(message, account)
            except (ActionChanged, ConversationChanged, CitationsChanged):
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    def _try_answer(self, message: Message, account: Account) -> Reply:
        setting = self._setting(message, account)
        with wording.speaking(setting.memory.speaks):
            return self._answer_in_language(message, setting)

    def _answer_in_language(self, message: Message, setting: Setting) -> Reply:
        parts = self._parts
        setting = parts.models.summarised(setting, parts.store)
        settler = parts.settler.under(setting.policy)
        wishes = settler.acting.consider(setting, parts.store, parts.clock.now())
        finding = look_up(setting, parts.knowledge, settler.policy.bands["answer"].auto)
        now = parts.clock.now()
        finding = self._models(message).written(setting, finding, wishes, settler.policy, now.date())
        with parts.store.write() as unit:
            stored = unit.conversations.message(message.conversation, message.id)
            if stored is not None and stored.reply is not None:
                return Reply.model_validate(stored.reply)
            settlement = with_later(settler.settle(setting, finding, wishes, unit, now), setting.memory, setting.later)
            if not citable(settlement.citations, settlement.choices, parts.knowledge, self._reader(setting.person.id)):
                raise CitationsChanged(message.conversation)
            if len(message.text) > READ_CHARACTERS:
                settlement = replace(settlement, text=f"{wording.shortened(READ_CHARACTERS)}\n\n{settlement.text}")
            if mentions_taken_secret(message.text):
                settlement = replace(settlement, text=f"{wording.secret_taken_out()}\n\n{settlement.text}")
            reply, events = record_turn(unit, setting, finding, settlement, now, self._texts(settlement.text), parts.timings)
        parts.notify(events)
        if parts.shadowing is not None:
            parts.shadowing.watch(setting, finding, reply)
        return reply

    def _models(self, message: Message) -> Models:
        shadowing, models = self._parts.shadowing, self._parts.models
        return shadowing.live_models(models, message.conversation) if shadowing is not None else models

    def _setting(self, message: Message, account: Account) -> Setting:
        parts = self._parts
        with parts.store.read() as unit:
            conversation = unit.conversations.load(message.conversation)
            message = meant(unit, message)
            link = incidents.attached_to(unit, conversation)
            parts.models.open_account(account, unit, message.conversation, parts.clock.now().date())
            policy = parts.policy(unit)
        if conversation is None:
            raise UnknownConversation(message.conversation)
        person = self._person(conversation.person)
        message, memory, aside = incidents.asked_anew(message, Memory.load(conversation.memory))
        taken = taken_up(message, memory)
        message, fresh = taken, taken is not message or bool(aside)
        text, later = message.text[:READ_CHARACTERS], memory.later
        if not message.choice:
            text, later = parted(text, memory, fresh=fresh)
        memory, reading, only_wish = heard(memory, text, message.choice)
        vector = parts.knowledge.embed(parts.understanding.spelt(reading.english)) if text.strip() and not message.choice else ()
        spoken = parts.knowledge.embed(reading.said) if reading.said and vector else vector
        meaning = reading.said or reading.english or text
        base = parts.understanding.understand(meaning, message.choice, spoken, conversation.before, bool(memory.issue))
        base = careful(base, reading, message.choice, memory.language)
        meant_by = incidents.pressed_by(base, reading.english, memory, link) if not message.choice else ""
        if meant_by:
            return self._setting(replace(message, text="", choice=meant_by), account)
        memory = incidents.no_longer_asked(memory, message.choice)
        understanding = parts.models.understood(base, text, message.choice, conversation.before, memory.issue, account)
        devices = tuple(parts.fleet.devices_of(person.id))
        message = replace(message, text=text)
        return Setting(
            person, devices, conversation, memory, message, understanding, vector, account, reading, only_wish, later, fresh, link, aside, policy
        )

    def _fail(self, message: Message, why: str, account: Account) -> Reply:
        """Tell the person that it went wrong, in a transaction of its own that depends on nothing that failed."""
        reference = f"E-{secrets.token_hex(4)}"
        log.error("reference=%s conversation=%s message=%s %s", reference, message.conversation, message.id, why)
        now = self._parts.clock.now()
        with self._parts.store.write() as unit:
            stored = unit.conversations.message(message.conversation, message.id)
            if stored is not None and stored.reply is not None:
                return Reply.model_validate(stored.reply)
            conversation = unit.conversations.load(message.conversation)
            before = Memory.load(conversation.memory) if conversation is not None else Memory()
            with wording.speaking(heard(before, message.text, message.choice)[0].speaks):
                reply, events = record_failure(unit, message, reference, why, now, self._texts(wording.trouble(reference)), account)
        self._parts.notify(events)
        return reply

    def _texts(self, text: str) -> Texts:
        return Texts(text, render(text, self._parts.link_hosts()))

    # -- one after another ------------------------------------------------------------------------------------------

    def _alone(self, key: str) -> _Alone:
        return _Alone(self, key)

    def _enter(self, key: str) -> None:
        with self._guard:
            lock, users = self._locks.get(key, (Lock(), 0))
            self._locks[key] = (lock, users + 1)
        lock.acquire()

    def _leave(self, key: str) -> None:
        with self._guard:
            lock, users = self._locks[key]
            if users == 1:
                del self._locks[key]
            else:
                self._locks[key] = (lock, users - 1)
        lock.release()


def _opening(person: Person, inbound: Inbound) -> str:
    """Return what the messages have in common of which one may begin a conversation."""
    return f"{person.id}/{inbound.place.channel}/{inbound.place.key}" if inbound.place is not None else f"{person.id}/{inbound.id}"


def _link(unit: UnitOfWork, thread: Thread, at: datetime) -> None:
    if thread not in unit.threads.of_conversation(thread.conversation):
        unit.threads.link(thread, at)


def _as_event(unit: UnitOfWork, message: Message) -> dict[str, str]:
    shown = {"type": "message", "message": message.id, "text": message.text, "choice": message.choice}
    if message.choice and not message.text:
        button = pressed(unit, message)
        shown |= {"text": button.label} | ({"article": button.article} if button.article else {})
    return shown


@dataclass(frozen=True, slots=True)
class _Alone:
    turns: Turns
    key: str

    def __enter__(self) -> None:
        self.turns._enter(self.key)

    def __exit__(self, *_: object) -> None:
        self.turns._leave(self.key)
