"""What every store promises: transactions, conversations, messages, events, the audit and unresolved intents."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assistant.domain.audit import AuditEntry
from assistant.domain.conversation import Conversation, Episode, Outcome, State
from assistant.domain.ticket import TicketBody, TicketDraft
from assistant.governance.audit import verify
from assistant.ports.store import ConversationChanged, Message, Store
from kb.model import FailureClass, UnresolvedIntent

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Stop(Exception):
    """Something goes wrong in the middle."""


def conversation(name: str = "c_1", **changes: object) -> Conversation:
    plain = Conversation(name, "ana", "web", State.OPEN, State.OPEN, NOON, NOON, 0, Episode(1, NOON), {})
    return replace(plain, **changes)  # type: ignore[arg-type]


def message(name: str = "m1", owner: str = "c_1", **changes: object) -> Message:
    return replace(Message(name, owner, "hello", "", "", NOON), **changes)  # type: ignore[arg-type]


def entry(decision: str) -> AuditEntry:
    return AuditEntry(NOON, "ana", "answer", decision, "c_1", "m1", 0.5, ("vpn@2#1",), "local", "none", "abc", "resolved", {"device": "LT-1"})


def intent(name: str, at: datetime) -> UnresolvedIntent:
    return UnresolvedIntent(name, "how?", FailureClass.NO_ARTICLE, ("a", "b"), "vpn", "linux", "c_1", "ana", at, "T-1", (0.5, -0.25))


def begun(store: Store, *conversations: Conversation) -> None:
    with store.write() as unit:
        for each in conversations or (conversation(),):
            unit.conversations.begin(each)


class TestTransactions:
    def test_a_block_that_raises_leaves_nothing(self, store: Store) -> None:
        begun(store)
        with pytest.raises(Stop), store.write() as unit:
            unit.conversations.begin(conversation("c_2"))
            unit.conversations.save(conversation(state=State.ANSWERING))
            unit.conversations.accept(message())
            unit.conversations.emit("c_1", NOON, {"type": "message"})
            unit.conversations.mark_reopened("c_1", 1, NOON)
            unit.tickets.create(TicketDraft("k", "ana", "s", "q", "c", TicketBody("b")), NOON)
            unit.audit.append([entry("auto")])
            unit.intents.record(intent("u1", NOON))
            raise Stop
        with store.read() as unit:
            assert unit.conversations.load("c_1") == conversation()
            assert unit.conversations.load("c_2") is None
            assert unit.conversations.message("c_1", "m1") is None
            assert unit.conversations.pending() == []
            assert unit.conversations.events("c_1") == []
            assert unit.tickets.all() == []
            assert unit.audit.head() is None
            assert unit.intents.between(NOON, NOON + MINUTE) == []

    def test_what_a_good_block_wrote_is_there_for_the_next_reader(self, store: Store) -> None:
        begun(store)
        with store.write() as unit:
            unit.conversations.accept(message())
            unit.audit.append([entry("auto")])
        with store.read() as unit:
            assert [found.id for found in unit.conversations.pending()] == ["m1"]
            assert unit.audit.head() is not None

    def test_a_reader_keeps_what_it_saw_while_others_write(self, store: Store) -> None:
        begun(store)
        with store.read() as before:
            assert before.conversations.events("c_1") == []
            with store.write() as unit:
                unit.conversations.emit("c_1", NOON, {"type": "message"})
            assert before.conversations.events("c_1") == []

    def test_a_read_commits_nothing(self, store: Store) -> None:
        begun(store)
        with store.read() as unit:
            unit.conversations.emit("c_1", NOON, {"type": "message"})
        with store.read() as unit:
            assert unit.conversations.events("c_1") == []

    def test_those_who_write_at_the_same_time_wait_for_one_another(self, store: Store) -> None:
        def turn(number: int) -> str:
            with store.write() as unit:
                unit.conversations.begin(conversation(f"c_{number}"))
                ticket = unit.tickets.create(TicketDraft(f"k{number}", "ana", "s", "q", "c", TicketBody("b")), NOON)
                unit.conversations.emit(f"c_{number}", NOON, {"n": number})
                unit.audit.append([entry(str(number)), entry("then")])
            return ticket.id

        with ThreadPoolExecutor(6) as pool:
            ids = list(pool.map(turn, range(18)))
        assert len(set(ids)) == 18
        with store.read() as unit:
            assert len(unit.tickets.all()) == 18
            records = unit.audit.read()
        assert [record.number for record in records] == list(range(1, 37))
        assert verify(records) == []


class TestConversations:
    def test_a_conversation_comes_back_as_it_was_stored(self, store: Store) -> None:
        memory = {"issue": "紙 jam 🙂", "offered": [{"article": "a", "revision": 2}], "asked": True, "confidence": 0.25}
        first = conversation(state=State.CLARIFYING, before=State.OPEN, memory=memory, episode=Episode(1, NOON, ticket="T-1", summary="s"))
        begun(store, first)
        with store.read() as unit:
            assert unit.conversations.load("c_1") == first
            assert unit.conversations.load("c_9") is None

    def test_a_save_raises_the_version_and_keeps_the_rest(self, store: Store) -> None:
        begun(store)
        changed = conversation(state=State.ANSWERING, changed_at=NOON + MINUTE, memory={"issue": "x"})
        with store.write() as unit:
            unit.conversations.save(changed)
        with store.read() as unit:
            assert unit.conversations.load("c_1") == replace(changed, version=1)

    def test_a_save_of_an_old_version_is_refused_and_changes_nothing(self, store: Store) -> None:
        begun(store)
        with store.write() as unit:
            unit.conversations.save(conversation(state=State.ANSWERING))
        with pytest.raises(ConversationChanged), store.write() as unit:
            unit.conversations.save(conversation(state=State.ABANDONED))
        with store.read() as unit:
            found = unit.conversations.load("c_1")
        assert found is not None
        assert (found.state, found.version) == (State.ANSWERING, 1)

    def test_saving_what_was_never_begun_is_refused(self, store: Store) -> None:
        with pytest.raises(ConversationChanged), store.write() as unit:
            unit.conversations.save(conversation())

    def test_a_persons_conversations_are_the_last_changed_first(self, store: Store) -> None:
        begun(
            store,
            conversation("c_1", changed_at=NOON),
            conversation("c_2", changed_at=NOON + 2 * MINUTE),
            conversation("c_3", changed_at=NOON + MINUTE),
            conversation("c_4", person="bo"),
        )
        with store.read() as unit:
            assert [found.id for found in unit.conversations.of_person("ana")] == ["c_2", "c_3", "c_1"]
            assert [found.id for found in unit.conversations.of_person("ana", limit=1)] == ["c_2"]

    def test_the_silent_ones_are_those_of_the_state_up_to_the_moment(self, store: Store) -> None:
        begun(
            store,
            conversation("c_1", state=State.CLARIFYING, changed_at=NOON),
            conversation("c_2", state=State.CLARIFYING, changed_at=NOON + MINUTE),
            conversation("c_3", state=State.OPEN, changed_at=NOON),
        )
        with store.read() as unit:
            assert [found.id for found in unit.conversations.silent_since(State.CLARIFYING, NOON)] == ["c_1"]
            assert {found.id for found in unit.conversations.silent_since(State.CLARIFYING, NOON + MINUTE)} == {"c_1", "c_2"}
            assert unit.conversations.silent_since(State.CLARIFYING, NOON - MINUTE) == []

    def test_conversations_are_under_way_until_their_episode_ends(self, store: Store) -> None:
        begun(store, conversation("c_1"), conversation("c_2", episode=Episode(1, NOON, NOON, Outcome.ABANDONED)))
        with store.read() as unit:
            assert unit.conversations.under_way(NOON + MINUTE) == 1
            assert unit.conversations.under_way(NOON) == 0


class TestEpisodes:
    def test_a_new_episode_stands_beside_the_old_one(self, store: Store) -> None:
        first = Episode(1, NOON, NOON, Outcome.RESOLVED_CONFIRMED, ticket="T-1")
        begun(store, conversation(episode=first))
        second = Episode(2, NOON + MINUTE, summary="Before: x")
        with store.write() as unit:
            unit.conversations.save(conversation(episode=second))
        with store.read() as unit:
            assert unit.conversations.episodes("c_1") == [first, second]
            found = unit.conversations.load("c_1")
        assert found is not None
        assert found.episode == second

    def test_reopening_deducts_only_the_named_episode(self, store: Store) -> None:
        begun(store)
        with store.write() as unit:
            unit.conversations.save(conversation(episode=Episode(2, NOON)))
            unit.conversations.mark_reopened("c_1", 1, NOON)
        with store.read() as unit:
            assert [episode.reopened for episode in unit.conversations.episodes("c_1")] == [True, False]
            assert unit.conversations.episodes("c_9") == []


class TestMessages:
    def test_the_same_id_is_accepted_once(self, store: Store) -> None:
        begun(store, conversation("c_1"), conversation("c_2"))
        with store.write() as unit:
            first = unit.conversations.accept(message(text="first"))
            again = unit.conversations.accept(message(text="second"))
            elsewhere = unit.conversations.accept(message(owner="c_2", text="third"))
        assert (first.text, again.text, elsewhere.text) == ("first", "first", "third")
        with store.read() as unit:
            assert len(unit.conversations.pending()) == 2

    def test_a_persons_message_is_found_by_its_id_alone(self, store: Store) -> None:
        begun(store, conversation("c_1"), conversation("c_2", person="bo"))
        with store.write() as unit:
            unit.conversations.accept(message("m1", "c_1", text="mine"))
            unit.conversations.accept(message("m1", "c_2", text="theirs"))
            unit.conversations.answer(message("m1", "c_2"), {"text": "done"})
        with store.read() as unit:
            mine, theirs = unit.conversations.message_of("ana", "m1"), unit.conversations.message_of("bo", "m1")
            assert unit.conversations.message_of("ana", "m2") is None
            assert unit.conversations.message_of("cy", "m1") is None
        assert mine is not None
        assert theirs is not None
        assert (mine.text, mine.reply, theirs.text, theirs.reply) == ("mine", None, "theirs", {"text": "done"})

    def test_a_message_waits_until_it_is_answered_and_keeps_its_reply(self, store: Store) -> None:
        begun(store)
        with store.write() as unit:
            for number, name in enumerate(("z", "a", "m")):
                unit.conversations.accept(message(name, at=NOON + number * MINUTE))
        with store.write() as unit:
            assert [found.id for found in unit.conversations.pending()] == ["z", "a", "m"]
            unit.conversations.answer(message("a"), {"text": "done", "citations": [], "confidence": None})
        with store.read() as unit:
            assert [found.id for found in unit.conversations.pending()] == ["z", "m"]
            found = unit.conversations.message("c_1", "a")
            assert unit.conversations.message("c_1", "q") is None
        assert found is not None
        assert found.reply == {"text": "done", "citations": [], "confidence": None}

    def test_a_message_comes_back_whole(self, store: Store) -> None:
        begun(store)
        given = message(text="Zeile 1\nשלום 🙂 \t '); DROP TABLE messages; --", choice="topic:1", device="LT-1")
        with store.write() as unit:
            unit.conversations.accept(given)
        with store.read() as unit:
            assert unit.conversations.message("c_1", "m1") == given


class TestEvents:
    def test_numbers_count_per_conversation_and_resume_after_any(self, store: Store) -> None:
        begun(store, conversation("c_1"), conversation("c_2"))
        with store.write() as unit:
            numbers = [unit.conversations.emit(owner, NOON, {"n": i}).number for i, owner in enumerate(("c_1", "c_2", "c_1", "c_1"))]
        with store.write() as unit:
            later = unit.conversations.emit("c_2", NOON + MINUTE, {"n": 4})
        assert numbers == [1, 1, 2, 3]
        assert (later.number, later.conversation, later.at) == (2, "c_2", NOON + MINUTE)
        with store.read() as unit:
            assert [(event.number, event.body) for event in unit.conversations.events("c_1", after=1)] == [(2, {"n": 2}), (3, {"n": 3})]
            assert [event.number for event in unit.conversations.events("c_2")] == [1, 2]
            assert unit.conversations.events("c_1", after=3) == []
            assert unit.conversations.events("c_9") == []


class TestAudit:
    def test_the_chain_holds_over_several_transactions(self, store: Store) -> None:
        for decisions in (("a", "b"), (), ("c",)):
            with store.write() as unit:
                unit.audit.append([entry(decision) for decision in decisions])
        with store.read() as unit:
            records = unit.audit.read()
            assert unit.audit.head() == records[-1]
        assert [record.number for record in records] == [1, 2, 3]
        assert [json.loads(record.body)["decision"] for record in records] == ["a", "b", "c"]
        assert verify(records) == []

    def test_it_is_read_in_pages(self, store: Store) -> None:
        with store.write() as unit:
            unit.audit.append([entry(str(i)) for i in range(7)])
        with store.read() as unit:
            assert [record.number for record in unit.audit.read(after=2, limit=3)] == [3, 4, 5]
            assert unit.audit.read(after=7) == []


class TestUnresolvedIntents:
    def test_they_are_found_by_time_the_start_included_and_the_end_not(self, store: Store) -> None:
        rows = [intent("u3", NOON + 2 * MINUTE), intent("u2", NOON), intent("u1", NOON)]
        with store.write() as unit:
            for row in rows:
                unit.intents.record(row)
        with store.read() as unit:
            assert unit.intents.between(NOON, NOON + 2 * MINUTE) == [rows[2], rows[1]]
            assert unit.intents.between(NOON + MINUTE, NOON + 3 * MINUTE) == [rows[0]]
