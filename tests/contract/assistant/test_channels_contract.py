"""What channels need to be remembered, in memory and in tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from assistant.ports.attachments import Attachment, Feedback
from assistant.ports.channels import Place, Posted, Received, Thread
from assistant.ports.store import OutboxEntry, Store

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
THREAD = Place("slack", "T1/C1/17.2", public=True)


def arrived(store: Store, name: str, line: str = "", at: datetime = NOON) -> bool:
    with store.write() as unit:
        return unit.inbox.put(Received("slack", name, at, {"text": name}, line))


def due(store: Store, until: datetime = NOON + MINUTE) -> list[str]:
    with store.read() as unit:
        return [one.id for one in unit.inbox.due(until, 100)]


def held(store: Store, name: str, holder: str = "here", at: datetime = NOON) -> int:
    with store.write() as unit:
        return unit.inbox.hold(Received("slack", name, NOON), holder, at, at + MINUTE)


class TestWhatArrives:
    def test_the_same_id_is_the_same_thing_also_when_it_was_handled(self, store: Store) -> None:
        assert arrived(store, "Ev1")
        assert not arrived(store, "Ev1")
        with store.write() as unit:
            unit.inbox.finish(Received("slack", "Ev1", NOON), NOON)
        assert not arrived(store, "Ev1")
        assert due(store) == []
        with store.write() as unit:
            assert unit.inbox.put(Received("mail", "Ev1", NOON)), "another channel counts for itself"

    def test_of_a_line_only_the_earliest_is_due_whatever_the_order_of_arrival(self, store: Store) -> None:
        for name, line, seconds in (("second", "C1", 2), ("first", "C1", 1), ("other", "C2", 3), ("free", "", 4), ("free too", "", 5)):
            arrived(store, name, line, NOON + timedelta(seconds=seconds))
        assert due(store) == ["first", "other", "free", "free too"]
        with store.write() as unit:
            unit.inbox.finish(Received("slack", "first", NOON), NOON)
        assert due(store) == ["second", "other", "free", "free too"]

    def test_what_waits_for_later_holds_up_its_line_and_no_other(self, store: Store) -> None:
        arrived(store, "a", "C1")
        arrived(store, "b", "C1", NOON + timedelta(seconds=1))
        arrived(store, "c", "C2")
        with store.write() as unit:
            unit.inbox.postpone(Received("slack", "a", NOON), NOON + 5 * MINUTE, "Unavailable")
        assert due(store) == ["c"]
        assert due(store, NOON + 6 * MINUTE) == ["a", "c"]

    def test_one_process_holds_a_thing_until_its_time_is_over_and_tries_are_counted(self, store: Store) -> None:
        arrived(store, "a")
        assert held(store, "a", "here") == 0
        assert held(store, "a", "there") == -1
        assert held(store, "a", "here") == 1, "the same process goes on after a crash"
        assert held(store, "a", "there", NOON + 2 * MINUTE) == 2
        assert held(store, "unknown") == -1

    def test_its_words_are_gone_when_it_is_done_or_given_up(self, store: Store) -> None:
        for name in ("done", "failed", "waiting"):
            arrived(store, name)
        with store.write() as unit:
            unit.inbox.finish(Received("slack", "done", NOON), NOON)
            unit.inbox.finish(Received("slack", "failed", NOON), NOON, "E-1")
            assert unit.inbox.standing() == (1, 1)
            (left,) = unit.inbox.due(NOON, 100)
            assert left.body == {"text": "waiting"}
            assert unit.inbox.hold(Received("slack", "failed", NOON), "here", NOON, NOON + MINUTE) == -1

    def test_what_became_of_one_thing_can_be_asked(self, store: Store) -> None:
        for name in ("done", "failed", "waiting"):
            arrived(store, name)
        with store.write() as unit:
            unit.inbox.finish(Received("slack", "done", NOON), NOON)
            unit.inbox.finish(Received("slack", "failed", NOON), NOON, "E-1")
        with store.read() as unit:
            assert [unit.inbox.state("slack", name) for name in ("done", "failed", "waiting", "unknown")] == ["done", "failed", "waiting", ""]
            assert unit.inbox.state("mail", "done") == ""


class TestThreads:
    def test_each_person_has_one_conversation_in_a_place_and_it_may_be_followed_by_another(self, store: Store) -> None:
        with store.write() as unit:
            unit.threads.link(Thread(THREAD, "ann", "c_1"), NOON)
            unit.threads.link(Thread(THREAD, "bob", "c_2"), NOON + MINUTE)
            unit.threads.link(Thread(Place("mail", THREAD.key), "ann", "c_3"), NOON)
        with store.write() as unit:
            assert unit.threads.conversation_of(THREAD, "ann") == "c_1"
            assert unit.threads.conversation_of(THREAD, "zoe") is None
            assert unit.threads.of_place("slack", THREAD.key) == [Thread(THREAD, "ann", "c_1"), Thread(THREAD, "bob", "c_2")]
            unit.threads.link(Thread(THREAD, "ann", "c_4"), NOON + 2 * MINUTE)
        with store.read() as unit:
            assert unit.threads.conversation_of(THREAD, "ann") == "c_4"
            assert unit.threads.of_conversation("c_1") == []
            assert unit.threads.of_conversation("c_2") == [Thread(THREAD, "bob", "c_2")]

    def test_a_conversation_may_be_in_several_places(self, store: Store) -> None:
        places = [THREAD, Place("slack", "T1/D9/1.1")]
        with store.write() as unit:
            for number, place in enumerate(places):
                unit.threads.link(Thread(place, "ann", "c_1"), NOON + number * MINUTE)
        with store.read() as unit:
            assert [thread.place for thread in unit.threads.of_conversation("c_1")] == places


class TestPosts:
    def test_a_post_is_remembered_once_and_found_both_ways(self, store: Store) -> None:
        posted = Posted("slack", "approval/a_1", "T1/D9/", "18.3", NOON)
        with store.write() as unit:
            unit.posts.note(posted)
            unit.posts.note(posted)
            unit.posts.note(Posted("slack", "approval/a_1", "T1/D8/", "18.3", NOON + MINUTE))
        with store.read() as unit:
            assert [one.place for one in unit.posts.about("slack", "approval/a_1")] == ["T1/D9/", "T1/D8/"]
            assert unit.posts.of_post("slack", "T1/D9/", "18.3") == posted
            assert unit.posts.of_post("slack", "T1/D9/", "18.4") is None
            assert unit.posts.about("mail", "approval/a_1") == []


class TestTheOutboxOfThreads:
    def test_of_a_thread_only_what_was_put_first_is_due(self, store: Store) -> None:
        with store.write() as unit:
            for key, thread in (("1", "slack:a"), ("2", "slack:a"), ("3", "slack:b")):
                unit.outbox.put(OutboxEntry(key, "channel.deliver", {"thread": thread}, NOON, NOON))
            assert [entry.key for entry in unit.outbox.due(NOON, 10)] == ["1", "3"]
            second = unit.outbox.load("2")
            assert second is not None
            ahead = unit.outbox.ahead_of(second)
            assert ahead is not None
            assert ahead.key == "1"


def attachment(name: str, key: str, at: datetime = NOON) -> Attachment:
    return Attachment(name, "c_1", "ann", key, f"{name}.png", "image", "image/png", 3, "d" * 64, at)


class TestAttachments:
    def test_the_same_key_in_a_conversation_is_the_same_file(self, store: Store) -> None:
        with store.write() as unit:
            first = unit.attachments.add(attachment("f_1", "k1"), b"abc")
            assert unit.attachments.add(attachment("f_2", "k1"), b"xyz") == first
            unit.attachments.add(attachment("f_3", "k3", NOON + MINUTE), b"def")
        with store.read() as unit:
            assert [one.id for one in unit.attachments.of_conversation("c_1")] == ["f_1", "f_3"]
            assert unit.attachments.content("f_1") == b"abc"
            assert unit.attachments.load("f_2") is None
            assert unit.attachments.content("f_2") is None
            assert unit.attachments.of_person_since("ann", NOON) == (2, 6)
            assert unit.attachments.of_person_since("ann", NOON + 2 * MINUTE) == (0, 0)

    def test_files_go_to_the_first_ticket_of_their_conversation_and_later_ones_to_the_next(self, store: Store) -> None:
        with store.write() as unit:
            for number in (1, 2):
                unit.attachments.add(attachment(f"f_{number}", f"k{number}", NOON + number * MINUTE), b"abc")
            assert [(one.id, one.ticket) for one in unit.attachments.give("c_1", "T-1")] == [("f_1", "T-1"), ("f_2", "T-1")]
            assert unit.attachments.give("c_1", "T-1") == unit.attachments.give("c_2", "T-1") == []
            unit.attachments.add(attachment("f_3", "k3", NOON + 3 * MINUTE), b"abc")
            assert [one.id for one in unit.attachments.give("c_1", "T-2")] == ["f_3"]
        with store.read() as unit:
            assert [one.id for one in unit.attachments.of_ticket("T-1")] == ["f_1", "f_2"]
            assert [one.id for one in unit.attachments.of_ticket("T-2")] == ["f_3"]
            assert unit.attachments.of_ticket("T-3") == []

    def test_a_removed_file_is_gone(self, store: Store) -> None:
        with store.write() as unit:
            unit.attachments.add(attachment("f_1", "k1"), b"abc")
            assert unit.attachments.remove("f_1")
            assert not unit.attachments.remove("f_1")
            assert unit.attachments.load("f_1") is None


class TestFeedback:
    def test_the_latest_word_about_an_answer_counts(self, store: Store) -> None:
        first = Feedback("c_1", "m1", "ann", False, "outdated", "The menu has changed.", ("vpn-windows",), NOON)
        last = Feedback("c_1", "m1", "ann", True, "", "", ("vpn-windows",), NOON + MINUTE)
        with store.write() as unit:
            unit.feedback.record(first)
            assert unit.feedback.of_answer("c_1", "m1") == first
            unit.feedback.record(last)
        with store.read() as unit:
            assert unit.feedback.of_answer("c_1", "m1") == last
            assert unit.feedback.of_answer("c_1", "m2") is None
            assert unit.feedback.since(NOON) == [last]
            assert unit.feedback.since(NOON + 2 * MINUTE) == []
