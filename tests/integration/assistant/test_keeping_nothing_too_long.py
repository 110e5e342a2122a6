"""Retention: each kind goes when its time is over, what is still needed stays, and a pass is done once a day."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

from assistant.adapters.store.retention import BATCH
from assistant.domain.conversation import Conversation, Episode, State
from assistant.domain.ticket import TicketBody, TicketDraft, TicketStatus
from assistant.governance.anchoring import examine
from assistant.governance.retention import Kind
from assistant.ports.attachments import Attachment, Feedback
from assistant.ports.notify import Notice
from assistant.ports.store import Message, OutboxEntry
from assistant.privacy import expired, retain, retain_daily
from tests.support.service import firstline
from tests.support.world import World, opened_world

WORD = "heron-2291-canary"


def converse(world: World, count: int, state: State = State.RESOLVED, ticket: str = "") -> None:
    at = world.clock.now()
    with world.assistant.store.write() as unit:
        for number in range(count):
            key = f"c_{state.value}{number}{ticket}"
            unit.conversations.begin(
                Conversation(key, "maria.santos", "web", state, State.OPEN, at, at, 0, Episode(1, at, ticket=ticket), {"issue": WORD})
            )
            unit.conversations.accept(Message("m", key, WORD, "", "", at))
            unit.conversations.emit(key, at, {"type": "message", "message": "m", "text": WORD, "choice": ""})


def conversations(world: World) -> int:
    with world.assistant.store.read() as unit:
        return len(unit.conversations.of_person("maria.santos", limit=10_000))


def test_old_conversations_go_in_batches_and_leave_no_byte(demo_home: Path) -> None:
    with opened_world(demo_home) as world:
        converse(world, BATCH + 30)
        world.clock.advance(timedelta(days=179))
        assert expired(world.assistant)[Kind.CONVERSATIONS] == 0
        world.clock.advance(timedelta(days=2))
        assert expired(world.assistant)[Kind.CONVERSATIONS] == BATCH + 30
        assert retain(world.assistant)[Kind.CONVERSATIONS] == BATCH + 30
        assert conversations(world) == 0
        assert not [path for path in demo_home.rglob("firstline.db*") if WORD.encode() in path.read_bytes()]
        assert examine(world.assistant.store, world.assistant.anchors, world.assistant.secret).faults == []


def test_a_conversation_stays_while_its_ticket_is_open_or_its_reply_is_due(demo_home: Path) -> None:
    with opened_world(demo_home) as world:
        with world.assistant.store.write() as unit:
            ticket = unit.tickets.create(TicketDraft("k", "maria.santos", "s", "q", "", TicketBody(WORD)), world.clock.now())
        converse(world, 1, State.FILED, ticket.id)
        converse(world, 1, State.ANSWERING)
        world.clock.advance(timedelta(days=400))
        assert retain(world.assistant)[Kind.CONVERSATIONS] == 0
        with world.assistant.store.write() as unit:
            unit.tickets.change_status(ticket.id, TicketStatus.CLOSED, "desk", "done", world.clock.now())
        assert retain(world.assistant)[Kind.CONVERSATIONS] == 1
        assert conversations(world) == 1


def test_closed_tickets_errands_and_notices_go_at_their_time(demo_home: Path) -> None:
    with opened_world(demo_home) as world:
        at = world.clock.now()
        with world.assistant.store.write() as unit:
            for name in ("old", "newest"):
                made = unit.tickets.create(TicketDraft(name, "maria.santos", name, "q", "", TicketBody(WORD)), at)
                unit.tickets.change_status(made.id, TicketStatus.CLOSED, "desk", "done", at)
            unit.outbox.put(OutboxEntry("done", "notice", {"about": WORD}, at, at))
            unit.outbox.finish("done", "done", at, {})
            unit.outbox.put(OutboxEntry("looked-at", "notice", {"about": WORD}, at, at))
            unit.outbox.finish("looked-at", "unknown", at, {})
        world.assistant.notifier.send(Notice("maria.santos@lindqvist.example", "s", WORD), "n")
        (notice,) = (demo_home / "mail").glob("*.eml")
        os.utime(notice, (at.timestamp(), at.timestamp()))
        world.clock.advance(timedelta(days=800))
        deleted = retain(world.assistant)
        assert (deleted[Kind.ERRANDS], deleted[Kind.NOTICES]) == (1, 1)
        assert deleted[Kind.TICKETS] >= 1
        with world.assistant.store.read() as unit:
            assert unit.outbox.load("looked-at") is not None, "a person still has to look at it"
            kept = [ticket.subject for ticket in unit.tickets.all()]
        assert "old" not in kept
        assert "newest" in kept, "its number must not be given again"
        assert not notice.exists()


def test_files_go_with_their_conversation_or_with_their_ticket(demo_home: Path) -> None:
    with opened_world(demo_home) as world:
        at = world.clock.now()
        with world.assistant.store.write() as unit:
            for name in ("old", "newest"):
                made = unit.tickets.create(TicketDraft(name, "maria.santos", name, "q", "", TicketBody(WORD)), at)
                unit.tickets.change_status(made.id, TicketStatus.CLOSED, "desk", "done", at)
            old = next(ticket.id for ticket in unit.tickets.all() if ticket.subject == "old")
            for conversation, ticket in (("c_free", ""), ("c_filed", old)):
                head = Conversation(conversation, "maria.santos", "web", State.RESOLVED, State.OPEN, at, at, 0, Episode(1, at), {})
                unit.conversations.begin(head)
                file = Attachment(f"f_{conversation}", conversation, "maria.santos", "k", "a.log", "text", "text/plain", 9, "", at, ticket)
                unit.attachments.add(file, WORD.encode())
                unit.feedback.record(Feedback(conversation, "m", "maria.santos", False, "wrong", WORD, ("vpn",), at))
        world.clock.advance(timedelta(days=181))
        assert retain(world.assistant)[Kind.CONVERSATIONS] == 2
        with world.assistant.store.read() as unit:
            assert unit.attachments.load("f_c_free") is None
            assert unit.attachments.content("f_c_filed") == WORD.encode()
            assert unit.feedback.since(at) == []
        world.clock.advance(timedelta(days=550))
        retain(world.assistant)
        with world.assistant.store.read() as unit:
            assert unit.attachments.load("f_c_filed") is None


def test_what_people_said_about_answers_goes_at_its_time_also_without_a_conversation(demo_home: Path) -> None:
    with opened_world(demo_home) as world:
        at = world.clock.now()
        with world.assistant.store.write() as unit:
            for number, days in enumerate((0, 10)):
                unit.feedback.record(Feedback("c_gone", f"m{number}", "maria.santos", True, "", "", (), at + timedelta(days=days)))
        world.clock.advance(timedelta(days=370))
        assert retain(world.assistant)[Kind.FEEDBACK] == 1
        with world.assistant.store.read() as unit:
            assert [one.message for one in unit.feedback.since(at)] == ["m1"]


def test_the_service_does_it_once_a_day(demo_home: Path) -> None:
    with opened_world(demo_home) as world:
        assert retain_daily(world.assistant) is not None
        assert retain_daily(world.assistant) is None
        world.clock.advance(timedelta(days=1))
        assert retain_daily(world.assistant) is not None


def test_the_command_says_what_would_go_and_changes_nothing(demo_home: Path) -> None:
    with opened_world(demo_home) as world:
        world.clock.advance(timedelta(days=-365))
        converse(world, 2)
    said = firstline(demo_home, "privacy", "retain", "--dry-run", "--json")
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["conversations"] == 2
    done = firstline(demo_home, "privacy", "retain", "--json")
    assert json.loads(done.stdout)["conversations"] == 2
    assert json.loads(firstline(demo_home, "privacy", "retain", "--dry-run", "--json").stdout)["conversations"] == 0
