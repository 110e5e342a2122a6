"""What people hear of their actions: codes and passwords that are stored nowhere, notices, and silence where a person has the conversation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.adapters.memory.store import MemoryStore
from assistant.desk import handoff
from assistant.desk.fulfilment import NOTICE
from assistant.domain.action import Action, Status
from assistant.domain.conversation import State
from assistant.governance.approvals import NotAllowed
from assistant.ports.outside import Refused, Unavailable, Uncertain
from tests.support.moody import Ailing, tables
from tests.support.workshop import Workshop

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


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
