"""The outbox under trouble: what is tried again and when, what goes to people, what nobody hears twice, and what is stored nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assistant.adapters.memory.store import MemoryStore
from assistant.agent.state import Inbound
from assistant.desk.attaching import hand_over
from assistant.desk.fulfilment import RUN
from assistant.desk.mirroring import FILE, filing_key
from assistant.domain.action import Action, Status
from assistant.domain.conversation import State
from assistant.domain.ticket import TicketStatus
from assistant.ports.attachments import Attachment
from assistant.ports.outside import Refused, Unavailable, Uncertain
from assistant.ports.store import ConversationChanged, OutboxEntry
from assistant.ports.ticketing import OutgoingTicket
from assistant.workflows.carrying import DOUBT, LONGEST_PAUSE
from assistant.workflows.errands import RELATE
from tests.support.moody import Ailing, Moody, tables
from tests.support.workshop import MONDAY, Workshop

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def moment(entry: OutboxEntry, workshop: Workshop) -> float:
    return (entry.due_at - workshop.clock.now()).total_seconds()


class TestTheDesk:
    @pytest.fixture
    def desk(self) -> Moody:
        return Moody(lambda: self.workshop.clock.now())

    @pytest.fixture(autouse=True)
    def _opened(self, tmp_path: Path, desk: Moody) -> Iterator[None]:
        self.workshop = Workshop(tables(tmp_path), desk=desk)
        yield
        self.workshop.close()

    def wait(self, by: timedelta) -> None:
        self.workshop.clock.advance(by)
        self.workshop.carry()

    def filing(self, ticket: str) -> OutboxEntry:
        with self.workshop.store.read() as unit:
            made = unit.own_tickets.ticket(ticket)
        assert made is not None
        return self.workshop.entry(filing_key(made))

    @pytest.mark.parametrize("seconds", [7.0, 600.0])
    def test_it_is_left_alone_for_as_long_as_it_says(self, desk: Moody, seconds: float) -> None:
        desk.before = [Unavailable("slow down", seconds)]
        ticket = self.workshop.ticket()
        self.workshop.carry()
        assert moment(self.filing(ticket), self.workshop) == seconds
        self.wait(timedelta(seconds=seconds - 1))
        assert len(desk.calls) == 1
        self.wait(SECOND)
        assert [key for _, key, _ in desk.calls] == [self.filing(ticket).key] * 2
        assert self.filing(ticket).state == "done"

    def test_a_wish_to_be_left_alone_has_a_limit(self, desk: Moody) -> None:
        desk.before = [Unavailable("go away", 10_000_000.0), Unavailable("before", -5.0)]
        ticket = self.workshop.ticket()
        self.workshop.carry()
        assert moment(self.filing(ticket), self.workshop) == 3_600
        self.wait(HOUR)
        assert self.filing(ticket).state == "done"

    def test_pauses_grow_up_to_a_limit_and_patience_ends_after_a_day(self, desk: Moody) -> None:
        desk.before = [Unavailable("no route")] * 2_000
        ticket, pauses = self.workshop.ticket(), []
        self.workshop.carry()
        while (entry := self.filing(ticket)).state == "waiting":
            pauses.append(moment(entry, self.workshop))
            self.wait(timedelta(seconds=pauses[-1]))
        assert pauses == sorted(pauses)
        assert pauses[-1] == LONGEST_PAUSE
        assert self.workshop.clock.now() - MONDAY > timedelta(hours=24)
        assert entry.state == "failed"
        assert "did not reach Memory desk (desk.file): no route. Somebody has to look." in self.workshop.notes(ticket)[-1]
        assert desk.held == {}

    def test_an_answer_that_was_lost_is_found_again_by_the_key(self, desk: Moody) -> None:
        desk.after = [Uncertain("the line was cut")]
        ticket = self.workshop.ticket()
        self.workshop.carry()
        self.wait(MINUTE)
        assert self.filing(ticket).state == "done"
        assert len(desk.held) == 1

    def test_a_long_outage_leaves_time_for_a_doubt_that_comes_after_it(self, desk: Moody) -> None:
        desk.before = [Unavailable("no route")] * 20
        desk.after = [Uncertain("the line was cut")]
        ticket = self.workshop.ticket()
        self.workshop.carry()
        for _ in range(30):
            self.wait(6 * MINUTE)
        assert self.filing(ticket).state == "done"
        assert len(desk.held) == 1

    def test_without_keys_nothing_is_created_again_and_people_look_when_it_stays_unknown(self, desk: Moody) -> None:
        desk.keys, desk.before = False, [Uncertain("the line was cut")]
        ticket = self.workshop.ticket()
        self.workshop.carry()
        for _ in range(12):
            self.wait(DOUBT / 8)
        entry = self.filing(ticket)
        assert entry.state == "unknown"
        assert [what for what, _, _ in desk.calls] == ["create"]
        assert "may or may not have reached Memory desk" in self.workshop.notes(ticket)[-1]
        assert [one.key for one in self.workshop.entries(FILE, "unknown")] == [entry.key]

    def test_without_keys_what_shows_in_the_search_later_is_taken_and_not_created_again(self, desk: Moody) -> None:
        desk.keys, desk.after, desk.hides = False, [Uncertain("the line was cut")], 2
        ticket = self.workshop.ticket()
        self.workshop.carry()
        for _ in range(5):
            self.wait(5 * SECOND)
        assert self.filing(ticket).state == "done"
        assert [what for what, _, _ in desk.calls] == ["create"]

    def test_what_is_written_in_a_ticket_arrives_in_order_whatever_fails(self, desk: Moody) -> None:
        ticket = self.workshop.ticket()
        self.workshop.carry()
        desk.before = [Unavailable("no route"), Unavailable("no route"), Unavailable("slow down", 40.0)]
        for text in ("one", "two", "three"):
            with self.workshop.store.write() as unit:
                unit.tickets.comment(ticket, "fay", text, self.workshop.clock.now())
        for _ in range(60):
            self.wait(5 * SECOND)
        arrived = [what for what, _, _ in desk.calls if what.startswith("comment")]
        assert arrived == ["comment one"] * 4 + ["comment two", "comment three"]

    def test_what_waits_behind_another_waits_as_long_as_that_and_does_not_ask_again_and_again(self, desk: Moody) -> None:
        desk.before = [Unavailable("slow down", 300.0)]
        ticket = self.workshop.ticket()
        with self.workshop.store.write() as unit:
            unit.tickets.comment(ticket, "fay", "later", self.workshop.clock.now())
        self.workshop.carry()
        self.wait(MINUTE)
        (comment,) = self.workshop.entries("desk.comment")
        assert comment.result == {}
        self.wait(timedelta(seconds=301))
        self.wait(SECOND)
        assert [what for what, _, _ in desk.calls] == ["create", "create", "comment later"]

    def test_a_ticket_that_never_arrived_says_so_for_each_note(self, desk: Moody) -> None:
        desk.before = [Refused("the queue is closed")]
        ticket = self.workshop.ticket()
        with self.workshop.store.write() as unit:
            unit.tickets.comment(ticket, "fay", "more", self.workshop.clock.now())
        self.workshop.carry()
        self.wait(SECOND)
        notes = self.workshop.notes(ticket)
        assert any("desk.file): the queue is closed" in note for note in notes)
        assert any("desk.comment): the ticket is not in that system" in note for note in notes)

    def filed_by_phone(self, desk: Moody, subject: str = "VPN drops", person: str = "ann") -> str:
        """File a ticket there as its people do; return its number."""
        address = self.workshop.person(person).email
        return desk.create(OutgoingTicket(subject, "She called.", address, person, "network", "vpn", ""), f"phone-{len(desk.held)}").id

    def linked(self, desk: Moody) -> dict[str, list[str]]:
        return {number: held.links for number, held in desk.held.items() if held.links}

    def test_what_somebody_filed_by_telephone_is_linked_and_named_once(self, desk: Moody) -> None:
        phoned = self.filed_by_phone(desk)
        ticket = self.workshop.ticket()
        for _ in range(3):
            self.wait(SECOND)
        [ours] = (number for number in desk.held if number != phoned)
        assert self.linked(desk) == {ours: [phoned]}
        told = f"The requester has ticket {phoned} open in Memory desk, which seems to be about the same. It is linked there."
        assert [note for note in self.workshop.notes(ticket) if "seems to be" in note] == [told]

    def test_other_peoples_tickets_closed_ones_and_ones_about_something_else_are_not_linked(self, desk: Moody) -> None:
        self.filed_by_phone(desk, person="fay")
        self.filed_by_phone(desk, "A new chair")
        desk.change_status(self.filed_by_phone(desk), TicketStatus.CLOSED, "theirs")
        assert len(desk.held) == 3
        ticket, again = self.workshop.ticket(), self.workshop.ticket()
        for _ in range(3):
            self.wait(SECOND)
        assert len(desk.held) == 5
        assert self.linked(desk) == {}
        assert not any("seems to be" in note for one in (ticket, again) for note in self.workshop.notes(one))

    def test_a_search_for_what_somebody_filed_holds_nothing_up_and_leaves_nobody_to_look(self, desk: Moody) -> None:
        self.filed_by_phone(desk)
        desk.looking = [Unavailable("no route"), Refused("you may not search")]
        ticket = self.workshop.ticket()
        self.workshop.carry()
        with self.workshop.store.write() as unit:
            unit.tickets.comment(ticket, "fay", "more", self.workshop.clock.now())
        self.workshop.carry()
        assert [what for what, _, _ in desk.calls][-1] == "comment more"
        for _ in range(20):
            self.wait(MINUTE)
        assert desk.looking == []
        assert [one.state for one in self.workshop.entries(RELATE, "failed")] == ["failed"]
        assert self.linked(desk) == {}
        assert not any("Somebody has to look" in note for note in self.workshop.notes(ticket))

    def test_files_follow_their_ticket_in_order_and_arrive_once(self, desk: Moody) -> None:
        talk = self.workshop.turns.take("ann", None, Inbound("m-1", "I want to talk to a person"), "test")
        ticket = self.workshop.ticket()
        desk.before, desk.after = [Unavailable("no route")], []
        with self.workshop.store.write() as unit:
            for number in (1, 2):
                made = Attachment(f"f_{number}", talk.conversation, "ann", f"k{number}", f"{number}.log", "text", "text/plain", 3, "", MONDAY)
                unit.attachments.add(made, f"log {number}".encode())
            hand_over(unit, talk.conversation, ticket, self.workshop.clock.now())
            hand_over(unit, talk.conversation, ticket, self.workshop.clock.now())
        for _ in range(12):
            self.wait(5 * SECOND)
        desk.after = [Uncertain("the line was cut")]
        for _ in range(12):
            self.wait(5 * SECOND)
        (held,) = [one for one in desk.held.values() if one.files]
        assert held.files == {"1.log": b"log 1", "2.log": b"log 2"}
        told = [(note.text, note.files, note.public) for note in held.notes if note.files]
        assert told == [(f"ann: Attached: {name} (text, 1 kB)", (name,), False) for name in ("1.log", "2.log")]

    def test_a_file_that_is_gone_by_then_is_said_to_be_missing(self, desk: Moody) -> None:
        ticket = self.workshop.ticket()
        with self.workshop.store.write() as unit:
            unit.tickets.attach(ticket, "f_9", "ann", "Attached: 9.log (text, 1 kB)", self.workshop.clock.now())
        self.workshop.carry()
        self.wait(SECOND)
        assert any("desk.attach): the file is gone" in note for note in self.workshop.notes(ticket))


class TestAccounts:
    @pytest.fixture
    def directory(self) -> Ailing:
        return Ailing()

    @pytest.fixture(autouse=True)
    def _opened(self, directory: Ailing) -> Iterator[None]:
        self.workshop = Workshop(MemoryStore(0.78), directory)
        directory.lock("ann")
        yield
        self.workshop.close()

    def begun(self) -> Action:
        action = self.workshop.wants("unlock_account")
        self.workshop.press(action)
        return action

    def wait(self, by: timedelta) -> None:
        self.workshop.clock.advance(by)
        self.workshop.carry()

    def test_an_answer_that_was_lost_is_asked_for_again_and_the_result_is_the_first_ones(self, directory: Ailing) -> None:
        directory.after = [Uncertain("cut")]
        action = self.begun()
        self.workshop.carry()
        self.wait(20 * SECOND)
        ended = self.workshop.action(action.id)
        assert (ended.status, ended.result["changed"]) == (Status.DONE, True)
        assert directory.calls == ["ann", "ann"]

    def test_what_stays_unknown_goes_to_a_person_with_a_ticket_and_says_so(self, directory: Ailing) -> None:
        directory.before = [Uncertain("cut")] * 100
        action = self.begun()
        for _ in range(20):
            self.wait(15 * SECOND)
        assert self.workshop.action(action.id).status is Status.UNKNOWN
        assert "I cannot tell whether this was done: Unlock your account." in self.workshop.said(action.conversation)[-1]
        with self.workshop.store.read() as unit:
            conversation = unit.conversations.load(action.conversation)
            handoffs = unit.handoffs.of_conversation(action.conversation)
        assert conversation is not None
        assert conversation.state is State.FILED
        assert handoffs[-1].reason.value == "action_failed"
        assert [entry.key for entry in self.workshop.entries(RUN, "unknown")] == [f"{RUN}:{action.id}"]

    def test_what_is_refused_is_not_tried_again_and_a_person_takes_over(self, directory: Ailing) -> None:
        directory.before = [Refused("not allowed to write")]
        action = self.begun()
        for _ in range(4):
            self.wait(MINUTE)
        assert directory.calls == ["ann"]
        assert self.workshop.action(action.id).status is Status.FAILED
        assert "Nothing was changed." in self.workshop.said(action.conversation)[-1]

    def test_a_directory_that_is_away_is_waited_for_ten_minutes(self, directory: Ailing) -> None:
        directory.before = [Unavailable("away")] * 1_000
        action = self.begun()
        for _ in range(9):
            self.wait(MINUTE)
        assert self.workshop.action(action.id).status is Status.RUNNING
        for _ in range(8):
            self.wait(5 * MINUTE)
        assert self.workshop.action(action.id).status is Status.FAILED

    def test_nothing_is_let_run_while_nobody_can_be_checked_and_it_runs_when_the_directory_is_back(self, directory: Ailing) -> None:
        action = self.begun()
        directory.down = True
        for _ in range(5):
            self.wait(MINUTE)
        assert self.workshop.action(action.id).status is Status.READY
        assert directory.calls == []
        directory.down = False
        self.wait(6 * MINUTE)
        assert self.workshop.action(action.id).status is Status.DONE

    def test_an_end_is_told_also_while_the_directory_is_away(self, directory: Ailing) -> None:
        directory.before = [Refused("no")]
        action = self.begun()
        entry = f"{RUN}:{action.id}"
        assert self.workshop.carrier.begin(entry)
        called = self.workshop.carrier.call(entry)
        directory.down = True
        self.workshop.carrier.end(entry, called)
        assert self.workshop.action(action.id).status is Status.FAILED
        assert "did not work" in self.workshop.said(action.conversation)[-1]

    def test_a_grant_that_cannot_be_ended_is_told_to_people_once_and_tried_every_hour(self, directory: Ailing) -> None:
        action = self.workshop.does("grant_access", group="Ledger", days="1")
        directory.before = [Refused("read only today")] * 3
        self.wait(timedelta(days=1))
        for _ in range(2):
            self.wait(HOUR)
        assert "ledger" in directory.account("ann").groups
        told = [text for text in self.workshop.said(action.conversation) if "That did not work: Take back" in text]
        assert len(told) == 1
        self.wait(HOUR)
        assert "ledger" not in directory.account("ann").groups
        assert self.workshop.action(action.id).status is Status.REVERTED

    def test_a_turn_that_was_recorded_in_between_does_not_lose_the_end(self) -> None:
        action = self.begun()
        entry = f"{RUN}:{action.id}"
        fell: list[datetime] = []
        acts = self.workshop.carrier.errands.kinds[RUN].acts  # type: ignore[attr-defined]
        tell = acts.told

        def late(unit: Any, ended: Action, at: datetime) -> Any:
            if len(fell) < 2:
                fell.append(at)
                raise ConversationChanged(ended.conversation)
            return tell(unit, ended, at)

        object.__setattr__(acts, "told", late)
        assert self.workshop.carrier.begin(entry)
        self.workshop.carrier.end(entry, self.workshop.carrier.call(entry))
        assert len(fell) == 2
        assert self.workshop.action(action.id).status is Status.DONE


def test_what_nothing_here_does_is_failed_and_seen() -> None:
    workshop = Workshop(MemoryStore(0.78))
    with workshop.store.write() as unit:
        unit.outbox.put(OutboxEntry("odd:1", "odd", {}, MONDAY, MONDAY))
    workshop.carry()
    assert workshop.entry("odd:1").state == "failed"
    assert "nothing here does odd" in workshop.entry("odd:1").result["why"]
    workshop.close()


def test_an_entry_is_carried_out_once_whoever_carries_it() -> None:
    workshop = Workshop(MemoryStore(0.78))
    workshop.directory.lock("ann")
    action = workshop.does("unlock_account")
    for _ in range(3):
        assert not workshop.carrier.begin(f"{RUN}:{action.id}")
        with suppress(KeyError):
            workshop.carrier.end(f"{RUN}:{action.id}", workshop.carrier.call(f"{RUN}:{action.id}"))
    with workshop.store.read() as unit:
        lines = [line.facts for line in unit.audit.lines(0, 1_000) if line.facts.get("step") == "act" and line.facts.get("action")]
    assert [line["decision"] for line in lines] == ["begun", "done"]
    workshop.close()
