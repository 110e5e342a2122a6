"""The outbox under trouble: what is tried again and when, what goes to people, what nobody hears twice, and what is stored nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assistant.adapters.memory.directory import MemoryDirectory
from assistant.adapters.memory.store import MemoryStore
from assistant.adapters.memory.ticket_desk import MemoryTicketDesk
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.desk import handoff
from assistant.desk.fulfilment import NOTICE, RUN
from assistant.desk.mirroring import FILE, PassedOn, filing_key
from assistant.domain.action import Action, Status
from assistant.domain.conversation import State
from assistant.governance.approvals import NotAllowed
from assistant.ports.outside import Refused, Unavailable, Uncertain
from assistant.ports.store import ConversationChanged, OutboxEntry
from assistant.ports.ticketing import DeskTicket, OutgoingTicket
from assistant.workflows.carrying import DOUBT, LONGEST_PAUSE
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate
from tests.support.workshop import MADE, MONDAY, Workshop

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


class Moody(MemoryTicketDesk):
    """A desk whose next calls end as ``before`` says without taking effect, or as ``after`` says when they took effect."""

    def __init__(self, now: Callable[[], datetime], keys: bool = True) -> None:
        super().__init__(now, [queue.id for queue in MADE.queues])
        self.keys, self.hides = keys, 0
        self.before: list[Exception] = []
        self.after: list[Exception] = []
        self.calls: list[tuple[str, str, datetime]] = []
        self.moment = now

    @property
    def honours_keys(self) -> bool:
        return self.keys

    def find(self, key: str) -> list[DeskTicket]:
        if self.hides:
            self.hides -= 1
            return []
        return super().find(key)

    def create(self, made: OutgoingTicket, key: str) -> DeskTicket:
        self._called("create", key)
        if self.keys:
            return self._ended(super().create(made, key))
        hidden, self.hides = self.hides, 1
        created = super().create(made, key)
        self.hides = hidden
        return self._ended(created)

    def comment(self, ticket_id: str, text: str, key: str, public: bool = True) -> None:
        self._called(f"comment {text.partition(': ')[2]}", key)
        super().comment(ticket_id, text, key, public)
        self._ended(None)

    def _called(self, what: str, key: str) -> None:
        self.calls.append((what, key, self.moment()))
        if self.before:
            raise self.before.pop(0)

    def _ended(self, made: Any) -> Any:
        if self.after:
            raise self.after.pop(0)
        return made


class Ailing(MemoryDirectory):
    """A directory whose changing calls end as ``before`` or ``after`` says, and that knows nobody while ``down``."""

    def __init__(self) -> None:
        super().__init__(MADE)
        self.before: list[Exception] = []
        self.after: list[Exception] = []
        self.down = False
        self.calls: list[str] = []

    def person(self, person_id: str) -> Any:
        if self.down:
            raise Unavailable("the directory cannot be reached")
        return super().person(person_id)

    def unlock(self, person_id: str) -> bool:
        self.calls.append(person_id)
        if self.before:
            raise self.before.pop(0)
        done = super().unlock(person_id)
        if self.after:
            raise self.after.pop(0)
        return done

    def revoke(self, person_id: str, group: str) -> bool:
        if self.before:
            raise self.before.pop(0)
        return super().revoke(person_id, group)


def tables(folder: Path) -> SqlStore:
    engine = open_engine(f"sqlite:///{folder / 'firstline.db'}")
    migrate(engine)
    migrate(engine, MIGRATIONS, SCHEMA_TABLE)
    return SqlStore(engine, 0.78, passed_on=PassedOn)


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
        entry, fell = f"{RUN}:{action.id}", []
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


class TestCodes:
    @pytest.fixture
    def workshop(self, tmp_path: Path) -> Iterator[Workshop]:
        made = Workshop(tables(tmp_path))
        yield made
        made.close()

    def challenged(self, workshop: Workshop) -> Action:
        action = workshop.wants("reset_password")
        workshop.press(action)
        workshop.carry()
        return action

    def test_a_code_and_a_temporary_password_are_stored_nowhere(self, workshop: Workshop, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        action = self.challenged(workshop)
        code = workshop.code(action)
        workshop.enter(action, "000000" if code != "000000" else "111111")
        workshop.enter(action, code)
        workshop.carry()
        assert workshop.action(action.id).status is Status.DONE
        (password,) = [one.secret for key, one in workshop.notifier.sent.items() if "-password-" in key]
        assert password is not None
        stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        shown = "\n".join(workshop.said(action.conversation)) + caplog.text + repr(workshop.pushed)
        for secret in (code, password.reveal()):
            assert secret.encode() not in stored
            assert secret not in shown

    def test_a_code_that_cannot_be_sent_ends_the_try_and_a_person_takes_over(self, workshop: Workshop) -> None:
        workshop.notifier.ends["ann@home.example"] = Refused("no such mailbox")
        action = self.challenged(workshop)
        assert workshop.action(action.id).status is Status.REFUSED
        assert "no code could be sent to the second channel" in workshop.said(action.conversation)[-1]
        assert "I filed ticket" in workshop.said(action.conversation)[-1]

    def test_a_code_that_may_have_arrived_can_be_entered(self, workshop: Workshop) -> None:
        workshop.notifier.ends["ann@home.example"] = Uncertain("the line was cut")
        action = self.challenged(workshop)
        for _ in range(12):
            workshop.clock.advance(15 * SECOND)
            workshop.carry()
        assert workshop.entry(f"code.send:{action.id}").state == "unknown"
        assert workshop.action(action.id).status is Status.CHALLENGED

    def test_a_code_that_nobody_enters_ends_the_try_and_files_nothing(self, workshop: Workshop) -> None:
        action = self.challenged(workshop)
        workshop.clock.advance(31 * MINUTE)
        workshop.carry()
        assert workshop.action(action.id).status is Status.EXPIRED
        assert "the code was not entered in time" in workshop.said(action.conversation)[-1]
        with workshop.store.read() as unit:
            conversation = unit.conversations.load(action.conversation)
            filed = unit.handoffs.of_conversation(action.conversation)
        assert conversation is not None
        assert (conversation.state, filed) == (State.ABANDONED, [])

    def test_a_password_that_was_set_and_could_not_be_sent_is_no_failure_without_effect(self, workshop: Workshop) -> None:
        action = self.challenged(workshop)
        code = workshop.code(action)
        workshop.notifier.ends["ann@home.example"] = Unavailable("the mail server is away")
        workshop.enter(action, code)
        for _ in range(20):
            workshop.clock.advance(15 * SECOND)
            workshop.carry()
        assert workshop.action(action.id).status is Status.UNKNOWN
        assert "Nothing was changed" not in workshop.said(action.conversation)[-1]


class TestNotices:
    @pytest.fixture
    def workshop(self) -> Iterator[Workshop]:
        made = Workshop(MemoryStore(0.78))
        yield made
        made.close()

    def asked(self, workshop: Workshop) -> Action:
        action = workshop.wants("grant_access", group="Ledger", days="7")
        workshop.press(action)
        return action

    def test_an_approver_who_decided_before_the_notice_left_hears_nothing(self, workshop: Workshop) -> None:
        action = self.asked(workshop)
        workshop.deciding.decide(workshop.person("bo"), action.id, False, workshop.action(action.id).hash, "")
        workshop.carry()
        assert [key for key in workshop.notifier.sent if key.startswith(f"{NOTICE}:approval")] == []

    def test_approvers_hear_at_their_turn_are_reminded_once_and_links_only_open_a_page(self, workshop: Workshop) -> None:
        action = self.asked(workshop)
        workshop.carry()
        assert {notice.address for notice in workshop.notifier.sent.values()} == {"bo@x.example"}
        workshop.clock.advance(timedelta(hours=25))
        workshop.carry()
        workshop.carry()
        subjects = [notice.subject for notice in workshop.notifier.sent.values()]
        assert [subject.startswith("Still waiting for you") for subject in subjects] == [False, True]
        workshop.approve(action, "bo")
        workshop.carry()
        assert [notice.address for notice in workshop.notifier.sent.values()][-1] == "cy@x.example"
        assert all("http://127.0.0.1/console/approvals/" in notice.text for notice in workshop.notifier.sent.values())

    def test_a_request_that_nobody_decides_expires_and_goes_to_people(self, workshop: Workshop) -> None:
        action = self.asked(workshop)
        workshop.clock.advance(timedelta(hours=72))
        workshop.carry()
        assert workshop.action(action.id).status is Status.EXPIRED
        assert "nobody decided in time" in workshop.said(action.conversation)[-1]
        with pytest.raises(NotAllowed):
            workshop.approve(action, "bo")

    def test_a_delegate_hears_and_decides_instead(self, workshop: Workshop) -> None:
        from dataclasses import replace

        workshop.change(lambda people: [replace(one, delegate="fay") if one.id == "bo" else one for one in people])
        action = self.asked(workshop)
        workshop.carry()
        assert {notice.address for notice in workshop.notifier.sent.values()} == {"bo@x.example", "fay@x.example"}
        workshop.approve(action, "fay", "cy")
        workshop.carry()
        assert workshop.action(action.id).status is Status.DONE


class TestHeldByAPerson:
    @pytest.fixture
    def workshop(self) -> Iterator[Workshop]:
        made = Workshop(MemoryStore(0.78))
        yield made
        made.close()

    def taken(self, workshop: Workshop, conversation: str) -> int:
        with workshop.store.write() as unit:
            found = unit.conversations.load(conversation)
            assert found is not None
            handoff.take(unit, found, workshop.person("fay"), workshop.clock.now(), "Fay has joined.")
        return len(workshop.said(conversation))

    @pytest.mark.parametrize("how", ["done", "refused", "expired"])
    def test_a_conversation_that_a_person_has_hears_nothing_of_how_an_action_ended(self, workshop: Workshop, how: str) -> None:
        action = workshop.wants("grant_access", group="Ledger", days="7")
        workshop.press(action)
        before = self.taken(workshop, action.conversation)
        if how == "done":
            workshop.approve(action, "bo", "cy")
        elif how == "refused":
            workshop.deciding.decide(workshop.person("bo"), action.id, False, workshop.action(action.id).hash, "")
        else:
            workshop.clock.advance(timedelta(hours=73))
        workshop.carry()
        assert workshop.action(action.id).status.value == how
        assert len(workshop.said(action.conversation)) == before
        with workshop.store.read() as unit:
            conversation = unit.conversations.load(action.conversation)
        assert conversation is not None
        assert conversation.state is State.WITH_PERSON
        if conversation.episode.ticket:
            assert "Access to Ledger" in workshop.notes(conversation.episode.ticket)[-1]

    def test_a_code_that_is_entered_meanwhile_is_answered_to_whoever_entered_it_alone(self, workshop: Workshop) -> None:
        action = workshop.wants("reset_password")
        workshop.press(action)
        workshop.carry()
        before = self.taken(workshop, action.conversation)
        assert "I am on it" in workshop.enter(action, workshop.code(action)).text
        workshop.carry()
        assert workshop.action(action.id).status is Status.DONE
        assert len(workshop.said(action.conversation)) == before

    def test_a_failure_there_leaves_a_ticket_with_a_note(self) -> None:
        directory = Ailing()
        workshop = Workshop(MemoryStore(0.78), directory)
        action = workshop.does("give_up_access", group="Finance")
        directory.before = [Refused("no")]
        before = self.taken(workshop, action.conversation)
        workshop.deciding.undo(action.id, workshop.person("fay"))
        object.__setattr__(directory, "grant", lambda *_: (_ for _ in ()).throw(Refused("no")))
        workshop.carry()
        assert workshop.undone(action).status is Status.FAILED
        assert len(workshop.said(action.conversation)) == before
        with workshop.store.read() as unit:
            conversation = unit.conversations.load(action.conversation)
        assert conversation is not None
        assert "Take back" in workshop.notes(conversation.episode.ticket)[-1]
        workshop.close()


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
