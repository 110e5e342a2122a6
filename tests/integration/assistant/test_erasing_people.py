"""Erasing a person: nothing of them is left in any file, the audit still verifies, and a kill at any moment is made good."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from assistant.adapters.store import tables
from assistant.adapters.store.erasure import NOBODY
from assistant.bootstrap import load_people
from assistant.domain.action import Action, Plan, Status
from assistant.domain.approval import Approval, ApprovalStatus, Stage, Vote
from assistant.domain.conversation import Conversation, Episode, State
from assistant.domain.handoff import Holding
from assistant.domain.step_up import SecondFactor
from assistant.domain.ticket import TicketBody, TicketDraft
from assistant.governance.anchoring import examine
from assistant.ports.attachments import Attachment, Feedback
from assistant.ports.notify import Notice
from assistant.ports.store import Message, OutboxEntry, OutsideTicket
from assistant.privacy import erase, readmit, retain_daily, unfinished_erasures
from assistant.settings import Settings
from kb.adapters.store.engine import reading
from tests.support.service import PEOPLE_FILE, clean_environment, firstline
from tests.support.world import MONDAY, World, opened_world

SCRIPT = Path(__file__).with_name("killed_erasure.py")
MARIA, NAME, MAIL = "maria.santos", "Maria Santos", "maria.santos@lindqvist.example"
CANARY = "quetzal-4417-canary"
MANY = 450
KILLS = 8
SECONDS = 60.0


def fill(world: World, conversations: int = 3) -> None:
    """Leave something of Maria in every place where people leave something."""
    talk = world.talk(MARIA)
    talk.say(f"How do I add a printer? {CANARY}")
    talk.say(f"I want to talk to a person about {CANARY}")
    other = world.talk("daniel.ortega")
    other.say(f"My colleague {NAME} ({MAIL}) has the same trouble with the scanner")
    at, later = world.clock.now(), world.clock.now() + timedelta(days=1)
    plan = Plan("Reset the password", (f"for {NAME}",), "one account", "")
    with world.assistant.store.write() as unit:
        for number in range(conversations):
            key = f"c_bulk{number}"
            unit.conversations.begin(
                Conversation(key, MARIA, "web", State.RESOLVED, State.OPEN, at, at, 0, Episode(1, at), {"issue": f"{CANARY} {number}"})
            )
            unit.conversations.accept(Message(f"m{number}", key, f"{CANARY} {number}", "", "", at))
            unit.conversations.emit(key, at, {"type": "message", "message": f"m{number}", "text": CANARY, "choice": ""})
            unit.tickets.create(TicketDraft(f"bulk:{number}", MARIA, f"{CANARY} {number}", "service-desk", "vpn", TicketBody(CANARY)), at)
        mine = unit.tickets.of_requester(MARIA, open_only=False)[0]
        theirs = unit.tickets.create(TicketDraft("theirs", other.person, "Scanner", "service-desk", "", TicketBody(f"Asked by {NAME}")), at)
        unit.tickets.comment(theirs.id, MARIA, "I looked at it", at)
        unit.outside.add(OutsideTicket(mine.id, "Request Tracker", "4711", "https://rt.example/4711", "k", at))
        action = Action("a_1", "reset_password", MARIA, MARIA, talk.conversation or "", Status.DONE, {}, plan, at, at, later)
        unit.actions.add(action)
        unit.actions.add(replace(action, id="a_2", actor=other.person, subject=other.person))
        stages = (Stage("it-admins", 1),)
        vote = Vote(MARIA, 0, True, action.hash, at, note=CANARY)
        opened = Approval("a_2", action.hash, other.person, stages, ApprovalStatus.OPEN, at, later, later)
        unit.approvals.open(opened)
        unit.approvals.save(replace(opened, votes=(vote,)))
        unit.outbox.put(OutboxEntry("run:a_1", "run", {"action": "a_1"}, at, at))
        unit.outbox.put(OutboxEntry(f"notice:approval:a_2:0:{MARIA}", "notice", {"person": MARIA, "action": "a_2"}, at, at))
        unit.second_factors.register(SecondFactor(MARIA, "JBSWY3DPEHPK3PXP", at))
        for conversation, where in ((talk.conversation or "", mine.id), ("c_gone", mine.id), (other.conversation or "", "")):
            file = Attachment(f"f_{conversation}", conversation, MARIA, "k", f"{CANARY}.log", "text", "text/plain", 9, "", at, where)
            unit.attachments.add(file, f"{CANARY} {NAME}".encode())
        theirs_too = Attachment("f_theirs", other.conversation or "", other.person, "k2", f"From {NAME}.log", "text", "text/plain", 9, "", at)
        unit.attachments.add(theirs_too, b"nothing of hers")
        for conversation in (talk.conversation or "", "c_in_memory"):
            unit.feedback.record(Feedback(conversation, "m-f", MARIA, False, "wrong", CANARY, ("vpn",), at))
        unit.handoffs.hold(Holding(other.conversation or "", MARIA, at, at))
    world.assistant.notifier.send(Notice(MAIL, "Your request", f"Hello {NAME}, {CANARY}"), "notice-1")


def left_in(home: Path, *words: str) -> dict[str, list[str]]:
    """Return the files in which a word stands, whatever their kind; models and articles hold nothing of people."""
    files = [path for path in home.rglob("*") if path.is_file() and "models" not in path.relative_to(home).parts]
    found = {word: [str(path.relative_to(home)) for path in files if word.lower().encode() in path.read_bytes().lower()] for word in words}
    return {word: names for word, names in found.items() if names}


def faults(world: World) -> list[str]:
    return examine(world.assistant.store, world.assistant.anchors, world.assistant.secret).faults


def test_nothing_of_an_erased_person_is_left_in_any_file(demo_home: Path) -> None:
    with opened_world(demo_home) as world:
        fill(world)
        assert left_in(demo_home, CANARY, MARIA, NAME).keys() == {CANARY, MARIA, NAME}
        began = time.monotonic()
        erased = erase(world.assistant, MARIA)
        assert time.monotonic() - began < SECONDS
        assert erased.wiped
        assert left_in(demo_home, CANARY, MARIA, NAME, MAIL) == {}
        assert set(erased.counts) >= {
            "directory entries",
            "files",
            "feedback",
            "conversations",
            "tickets",
            "actions",
            "errands",
            "mentions by others",
            "notices",
        }
        assert any("4711" in line for line in erased.elsewhere), "an operator is told what other systems hold"
        assert faults(world) == []
        with world.assistant.store.read() as unit:
            assert [action.id for action in unit.actions.latest()] == ["a_2"], "what belongs to others stays"
    assert left_in(demo_home, CANARY, MARIA, NAME, MAIL) == {}


def test_others_keep_their_tickets_without_the_name(demo_home: Path) -> None:
    with opened_world(demo_home) as world:
        fill(world)
        erase(world.assistant, MARIA)
        with world.assistant.store.read() as unit:
            theirs = [ticket for ticket in unit.tickets.all() if ticket.subject == "Scanner"]
            whole = unit.tickets.ticket(theirs[0].id)
        assert whole is not None
        assert whole.body.summary == f"Asked by {NOBODY}"
        assert whole.notes[-1].author == NOBODY
        assert whole.notes[-1].text == "I looked at it"


def test_no_new_ticket_gets_the_number_of_an_erased_one(demo_home: Path) -> None:
    with opened_world(demo_home) as world:
        fill(world)
        with world.assistant.store.read() as unit:
            taken = {ticket.id for ticket in unit.tickets.all()}
        erase(world.assistant, MARIA)
        with world.assistant.store.write() as unit:
            fresh = unit.tickets.create(TicketDraft("fresh", "somebody", "s", "q", "", TicketBody("b")), MONDAY)
        assert fresh.id not in taken


def test_a_people_file_does_not_bring_an_erased_person_back_before_they_are_readmitted(demo_home: Path) -> None:
    with opened_world(demo_home) as world:
        people, _ = load_people(world.assistant, PEOPLE_FILE)
        erase(world.assistant, MARIA)
        assert load_people(world.assistant, PEOPLE_FILE)[0] == people - 1
        assert world.assistant.directory.person(MARIA) is None
        assert left_in(demo_home, MARIA) == {}
        assert readmit(world.assistant, MARIA)
        assert not readmit(world.assistant, MARIA)
        assert load_people(world.assistant, PEOPLE_FILE)[0] == people
        assert world.assistant.directory.person(MARIA) is not None


@pytest.fixture
def full_home(demo_home: Path) -> Path:
    """The demo company with many conversations and tickets of one person: several batches of each."""
    with opened_world(demo_home) as world:
        fill(world, MANY)
    return demo_home


def test_an_erasure_that_is_killed_again_and_again_is_finished_by_the_service(full_home: Path) -> None:
    generator, broken_off = random.Random(4), 0
    for _ in range(KILLS):
        child = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(full_home), MARIA], env=clean_environment(full_home), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"begins\n"
        time.sleep(generator.uniform(0.0, 0.25))
        child.kill()
        child.wait()
        child.stdout.close()
        with opened_world(full_home) as world:
            assert faults(world) == []
            broken_off += unfinished_erasures(world.assistant)
            if not unfinished_erasures(world.assistant):
                break
    assert broken_off, "at least one kill came in the middle"
    with opened_world(full_home) as world:
        began = time.monotonic()
        retain_daily(world.assistant)
        assert time.monotonic() - began < SECONDS
        assert unfinished_erasures(world.assistant) == 0
        assert faults(world) == []
        with reading(world.assistant.store.engine) as connection:
            assert list(connection.execute(select(tables.conversations.c.id).where(tables.conversations.c.person == MARIA))) == []
    assert left_in(full_home, CANARY, MARIA, NAME, MAIL) == {}


def test_the_command_erases_and_says_what_it_did(demo_home: Path) -> None:
    with opened_world(demo_home) as world:
        fill(world)
    done = firstline(demo_home, "privacy", "erase", MARIA, "--yes")
    assert done.returncode == 0, done.stderr
    assert "conversations" in done.stdout
    assert "still elsewhere: ticket 4711 in Request Tracker" in done.stdout
    assert left_in(demo_home, CANARY, NAME, MAIL) == {}
    again = firstline(demo_home, "privacy", "erase", MARIA, "--yes")
    assert (again.returncode, "Nothing about" in again.stdout) == (0, True)


def test_the_settings_of_an_assistant_hold_nothing_that_is_erased(demo_home: Path) -> None:
    """Every column of words is looked through, and a new table cannot be forgotten: it is searched unless it is named as one that is not."""
    from assistant.adapters.store.erasure import _WORDS, NOT_SEARCHED

    searched = {table.name for table, _ in _WORDS}
    worded = {
        table.name
        for table in tables.metadata.sorted_tables
        for column in table.columns
        if type(column.type).__name__ in {"Text", "JSON"} and not column.primary_key
    }
    assert worded - searched == NOT_SEARCHED & worded
    assert Settings(home=demo_home).zero_persistence is False
