"""The weekly review of the demo company: made once, frozen, made again beside, made afterwards, told once, and kept when people are erased."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import text

from assistant.desk.review.deciding import NotDecided, Wish, change, decide
from assistant.domain.conversation import Outcome
from assistant.domain.handoff import Handoff, HandoffReason
from assistant.domain.review import Frozen, Kind, Status
from assistant.domain.week import Week
from assistant.ports.reviews import DecisionChanged
from assistant.privacy import erase, retain
from assistant.workflows.reviewing import MAKE, POST, NoSuchReview, Schedule
from kb.model import FailureClass, UnresolvedIntent
from tests.support.reviewed import GAP, MADE, Ended, named_review, settle
from tests.support.world import World, opened_world

NOW = datetime(2035, 11, 26, 9, 15, tzinfo=UTC)
"""A Monday, in the week 48, long after the articles of the demo were taken in."""
IN_WEEK = datetime(2035, 11, 21, 10, tzinfo=UTC)
WEEK_BEFORE = IN_WEEK - timedelta(weeks=1)
LAST = Week.parse("2035-W47")
CONFIRMED, UNRESOLVED, FILED = Outcome.RESOLVED_CONFIRMED, Outcome.UNRESOLVED, Outcome.TICKET_FILED
ARTICLE, OTHER = "vpn-install-linux", "vpn-install-windows"


def filled(world: World) -> None:
    settle(world.assistant.store, WEEK_BEFORE, Ended(CONFIRMED, 60), Ended(UNRESOLVED, 20))
    settle(world.assistant.store, IN_WEEK, Ended(CONFIRMED, 30), Ended(UNRESOLVED, 50, "printing"), Ended(FILED, 10, channel="slack"))
    settle(
        world.assistant.store, IN_WEEK, Ended(CONFIRMED, 40, article=OTHER, right=True), Ended(UNRESOLVED, 20, article=ARTICLE, right=False), name="j"
    )


def reviewed(world: World, week: Week = LAST, again: str = "") -> Frozen:
    return world.assistant.reviewer.review(week, "operator", again)[0]


def stored(world: World, week: Week = LAST) -> Frozen | None:
    with world.assistant.store.read() as unit:
        return unit.reviews.latest(str(week))


@pytest.fixture
def world(world: World) -> World:
    """The demo company on that Monday."""
    world.clock.set(NOW)
    return world


class TestMaking:
    def test_the_numbers_are_those_of_the_ledger_with_denominators_and_intervals(self, world: World) -> None:
        filled(world)
        review = reviewed(world).review
        with world.assistant.store.read() as unit:
            cell = unit.outcomes.cells(LAST.monday, LAST.later().monday)[0]
        figures = {one.name: one for one in review.figures}
        assert figures["demand"].value == cell.demand == 150
        assert (figures["confirmed_resolution"].hits, figures["confirmed_resolution"].total) == (70, 150)
        assert sum(sum(one.counts) for one in review.inputs.cells) == 150
        assert [one.keys[0] for one in review.inputs.weeks][-2:] == ["2035-W46", "2035-W47"]
        assert [sum(one.counts) for one in review.inputs.weeks][-2:] == [80, 150]
        assert dict(review.inputs.versions)["policy"] == world.assistant.policy.version

    def test_a_clear_fall_and_an_article_that_misleads_are_among_the_three_things(self, world: World) -> None:
        filled(world)
        found = reviewed(world)
        assert found.review.first[0] == f"harmful:{ARTICLE}"
        assert "measure:confirmed_resolution" in found.review.first
        harmful = found.review.finding(f"harmful:{ARTICLE}")
        assert harmful is not None
        assert "100 % of 20, 84-100 %" in harmful.text

    def test_what_could_not_be_resolved_is_gathered_and_its_gap_comes_with_what_to_do(self, world: World) -> None:
        questions = [
            "How do I book a desk at the Gothenburg office?",
            "Booking a desk in Gothenburg",
            "I need a desk at the Gothenburg office tomorrow, how do I book it?",
            "Can I book a desk for a week in the Gothenburg office?",
            "Where do I book desks in Gothenburg?",
            "book a desk gothenburg office",
        ]
        with world.assistant.store.write() as unit:
            for number, question in enumerate(questions):
                vector = world.assistant.knowledge.embed(question)
                at = IN_WEEK + timedelta(minutes=number)
                unit.intents.record(
                    UnresolvedIntent(
                        f"i_{number}", question, FailureClass.NO_ARTICLE, (), "office", "", f"c_{number}", f"p{number}", at, vector=vector
                    )
                )
        found = reviewed(world)
        gaps = [one for one in found.review.findings if one.kind is Kind.GAP]
        assert len(gaps) == found.review.inputs.gaps == 1
        assert "asked 6 times by 6 people" in found.said(gaps[0].text, gaps[0])
        assert gaps[0].id in found.review.first
        assert "desk" in found.called(gaps[0].about).lower()
        assert "gothenburg" not in found.body.lower()

    def test_who_waits_for_a_person_comes_first(self, world: World) -> None:
        with world.assistant.store.write() as unit:
            unit.handoffs.record(Handoff("c_1", 1, HandoffReason.REQUESTED, IN_WEEK))
            unit.handoffs.record(Handoff("c_2", 1, HandoffReason.REQUESTED, NOW))
        review = reviewed(world).review
        assert review.first[0] == "waiting:requested"
        waiting = review.finding("waiting:requested")
        assert waiting is not None
        assert waiting.figures[0].value == 1, "who came after the week is the next one's"

    def test_the_week_is_frozen_and_later_changes_do_not_reach_it(self, world: World) -> None:
        filled(world)
        first = reviewed(world)
        settle(world.assistant.store, IN_WEEK + timedelta(hours=1), Ended(CONFIRMED, 100))
        again, fresh = world.assistant.reviewer.review(LAST)
        assert not fresh
        assert again == first == stored(world)
        assert first.faults() == []

    def test_made_again_it_stands_beside_the_first_with_the_reason(self, world: World) -> None:
        filled(world)
        first = reviewed(world)
        settle(world.assistant.store, IN_WEEK + timedelta(hours=1), Ended(CONFIRMED, 100))
        second = reviewed(world, again="a channel was counted late")
        assert (second.version, second.review.figures[0].value) == (2, 250)
        assert second.called(second.review.reason) == "a channel was counted late"
        with world.assistant.store.read() as unit:
            assert unit.reviews.load(str(LAST), 1) == first
        assert stored(world) == second

    @pytest.mark.parametrize("week", ["2035-W48", "2035-W49", "2041-W01"])
    def test_a_week_that_is_not_over_has_no_review(self, world: World, week: str) -> None:
        with pytest.raises(NoSuchReview, match="over"):
            reviewed(world, Week.parse(week))
        assert stored(world, Week.parse(week)) is None

    def test_an_empty_week_is_reviewed_and_says_so(self, world: World) -> None:
        review = reviewed(world, Week.parse("2035-W40")).review
        assert review.figures[0].value == 0
        assert all(one.text == "none to count" for one in review.figures[1:])
        assert [one.kind for one in review.findings if one.todo and one.kind is Kind.MEASURE] == []

    def test_a_week_with_one_person_names_neither_them_nor_what_they_asked(self, world: World) -> None:
        talk = world.talk("maria.santos")
        talk.say("Where is the purple stapler of the marketing team kept?")
        world.clock.set(NOW + timedelta(weeks=1))
        found = reviewed(world, Week.parse("2035-W48"))
        whole = found.body + "".join(name.text for name in found.names.values())
        for word in ("maria", "santos", "stapler", "purple"):
            assert word not in whole.lower()

    def test_two_that_make_it_at_once_make_one(self, world: World) -> None:
        filled(world)
        made: list[tuple[Frozen, bool]] = []
        barrier = Barrier(3)

        def make() -> None:
            barrier.wait(10)
            made.append(world.assistant.reviewer.review(LAST))

        threads = [Thread(target=make) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len({found.hash for found, _ in made}) == 1
        assert [fresh for _, fresh in made].count(True) == 1
        with world.assistant.store.read() as unit:
            assert len(unit.reviews.heads()) == 1
            assert [line.facts["step"] for line in unit.audit.lines(mentioning="frozen")] == ["review"]

    def test_the_audit_holds_the_hash(self, world: World) -> None:
        found = reviewed(world)
        with world.assistant.store.read() as unit:
            [line] = unit.audit.lines(mentioning=found.hash)
        assert (line.facts["step"], line.facts["decision"], line.facts["actor"]) == ("review", "frozen", "operator")
        assert world.audit_faults() == []


class TestWhatTheDoctorSays:
    def said(self, world: World) -> tuple[str, str]:
        from assistant.doctor import _review

        found = _review(world.assistant)
        return found.state, found.says

    def test_the_last_review_is_named_with_what_is_missing_or_wrong(self, world: World) -> None:
        assert self.said(world)[0] == "ok"
        reviewed(world, LAST.later(-1))
        assert self.said(world) == ("note", "the last one is of 2035-W46, that of 2035-W47 is not made yet")
        reviewed(world)
        assert self.said(world) == ("ok", "the last one is of 2035-W47")
        with world.assistant.store.engine.begin() as connection:
            connection.execute(text("UPDATE reviews SET hash = 'other'"))
        assert self.said(world) == ("bad", "the review of 2035-W47 is not as it was frozen")


class TestDecisions:
    @pytest.fixture
    def review(self, world: World) -> Frozen:
        filled(world)
        return reviewed(world)

    def test_what_was_decided_is_checked_in_the_next_review_by_the_number_of_its_finding(self, world: World, review: Frozen) -> None:
        harmful = f"harmful:{ARTICLE}"
        with world.assistant.store.write() as unit:
            decide(unit, review, harmful, Wish("Correct it.", "elin.berg", date(2035, 11, 30)), "elin.berg", NOW)
            done = decide(unit, review, "", Wish("Tell the desk."), "elin.berg", NOW + timedelta(minutes=1))
            change(unit, done.id, 1, Wish(status=Status.DONE), "elin.berg", NOW)
        later = datetime(2035, 11, 28, 10, tzinfo=UTC)
        settle(world.assistant.store, later, Ended(CONFIRMED, 60, article=ARTICLE, right=True), Ended(CONFIRMED, 40, article=OTHER, right=True))
        world.clock.set(NOW + timedelta(weeks=1))
        found = reviewed(world, LAST.later())
        first, second = found.review.checks
        assert (found.called(first.what), first.status, found.called(first.owner)) == ("Correct it.", "open, 3 days late", "elin.berg")
        assert first.before is not None and first.now is not None
        assert (first.before.text, first.now.text) == ("100 % of 20, 84-100 %", "25 % of 80, 17-35 %")
        assert first.verdict.startswith("75.0 points less than the week before")
        assert (second.status, second.verdict) == ("done", "it answers no finding, so nothing is measured")

    def test_a_decision_does_not_change_the_frozen_review_and_is_in_the_audit(self, world: World, review: Frozen) -> None:
        with world.assistant.store.write() as unit:
            made = decide(unit, review, "", Wish("Look at it.", "elin.berg"), "elin.berg", NOW)
            change(unit, made.id, 1, Wish(status=Status.DROPPED), "sam.oduya", NOW)
        assert stored(world) == review
        with world.assistant.store.read() as unit:
            lines = unit.audit.lines(mentioning=made.id)
        assert [(line.facts["actor"], line.facts["decision"]) for line in lines] == [("elin.berg", "decided"), ("sam.oduya", "dropped")]
        assert "Look at it" not in "".join(str(line) for line in lines)

    def test_of_two_who_change_it_at_once_the_second_is_told(self, world: World, review: Frozen) -> None:
        with world.assistant.store.write() as unit:
            made = decide(unit, review, "", Wish("Look at it."), "elin.berg", NOW)
        with world.assistant.store.write() as unit:
            assert change(unit, made.id, 1, Wish(status=Status.DONE), "elin.berg", NOW).version == 2
        with pytest.raises(DecisionChanged), world.assistant.store.write() as unit:
            change(unit, made.id, 1, Wish(status=Status.DROPPED), "sam.oduya", NOW)

    def test_the_same_again_changes_nothing_and_leaves_no_trace(self, world: World, review: Frozen) -> None:
        with world.assistant.store.write() as unit:
            made = decide(unit, review, "", Wish("Look at it."), "elin.berg", NOW)
            assert change(unit, made.id, 1, Wish("Look at it.", status=Status.OPEN), "elin.berg", NOW) == made
            assert len(unit.audit.lines(mentioning=made.id)) == 1

    @pytest.mark.parametrize(("finding", "what"), [("gap:unknown", "Do it."), ("", "   "), ("", "x" * 501), ("", "\0")])
    def test_what_says_nothing_or_too_much_or_answers_nothing_is_refused(self, world: World, review: Frozen, finding: str, what: str) -> None:
        with pytest.raises(NotDecided), world.assistant.store.write() as unit:
            decide(unit, review, finding, Wish(what), "elin.berg", NOW)

    def test_a_secret_in_a_decision_is_not_stored(self, world: World, review: Frozen) -> None:
        with world.assistant.store.write() as unit:
            made = decide(unit, review, "", Wish("Use the password: Hunter22-blue!"), "elin.berg", NOW)
        assert "Hunter22" not in made.what


class TestTheSchedule:
    @pytest.mark.parametrize(
        ("week", "day", "hour", "due"),
        [
            ("2026-W47", "monday", 7, datetime(2026, 11, 23, 6, tzinfo=UTC)),
            ("2026-W43", "monday", 7, datetime(2026, 10, 26, 6, tzinfo=UTC)),
            ("2026-W42", "monday", 7, datetime(2026, 10, 19, 5, tzinfo=UTC)),
            ("2026-W12", "sunday", 2, datetime(2026, 3, 29, 1, tzinfo=UTC)),
            ("2026-W12", "sunday", 3, datetime(2026, 3, 29, 1, tzinfo=UTC)),
            ("2026-W53", "friday", 0, datetime(2027, 1, 7, 23, tzinfo=UTC)),
        ],
    )
    def test_it_is_due_at_the_organisations_hour_also_when_clocks_change(self, week: str, day: str, hour: int, due: datetime) -> None:
        assert Schedule(day, hour).due(Week.parse(week), "Europe/Stockholm").astimezone(UTC) == due

    def entries(self, world: World) -> list[tuple[str, str]]:
        with world.assistant.store.read() as unit:
            return sorted((one.key, one.state) for one in unit.outbox.waiting() if one.kind == MAKE)

    def test_at_the_first_start_the_last_week_is_made_if_something_was_asked(self, world: World) -> None:
        filled(world)
        assert world.assistant.reviewer.follow_schedule() == [LAST, LAST.later()]
        world.assistant.carrier.drain()
        assert stored(world) is not None
        assert self.entries(world) == [("review.make:2035-W48", "waiting")]

    def test_a_fresh_installation_begins_with_its_first_week(self, world: World) -> None:
        assert world.assistant.reviewer.follow_schedule() == [LAST.later()]

    def test_weeks_that_were_missed_are_made_once_at_the_next_start_and_not_more_than_eight(self, world: World) -> None:
        filled(world)
        reviewed(world)
        world.clock.set(NOW + timedelta(weeks=3))
        for _ in range(2):
            weeks = world.assistant.reviewer.follow_schedule()
            world.assistant.carrier.drain()
        assert weeks == [LAST.later(4)]
        with world.assistant.store.read() as unit:
            assert [head.week for head in unit.reviews.heads()] == ["2035-W50", "2035-W49", "2035-W48", "2035-W47"]
        world.clock.set(NOW + timedelta(weeks=30))
        assert len(world.assistant.reviewer.follow_schedule()) == 9

    def test_each_review_puts_the_next_one_and_nobody_has_to_start_anew(self, world: World) -> None:
        filled(world)
        world.assistant.reviewer.follow_schedule()
        for weeks in range(3):
            world.clock.set(NOW + timedelta(weeks=weeks))
            world.assistant.carrier.drain()
        with world.assistant.store.read() as unit:
            assert [head.week for head in unit.reviews.heads()] == ["2035-W49", "2035-W48", "2035-W47"]

    def test_another_hour_in_the_settings_moves_the_errand_that_waits(self, world: World) -> None:
        reviewer = world.assistant.reviewer
        reviewer.follow_schedule()
        replace(reviewer, schedule=Schedule("wednesday", 15)).follow_schedule()
        with world.assistant.store.read() as unit:
            entry = unit.outbox.load("review.make:2035-W48")
        assert entry is not None
        assert entry.due_at == datetime(2035, 12, 5, 14, tzinfo=UTC)

    def test_a_review_that_cannot_be_made_now_is_tried_again_and_the_next_week_is_not_lost(self, world: World) -> None:
        filled(world)
        reviewer, carrier = world.assistant.reviewer, world.assistant.carrier
        reviewer.follow_schedule()
        errand = carrier.errands.kinds[MAKE]
        broken = replace(errand, reviewer=replace(reviewer, articles=lambda: 1 / 0))  # type: ignore[type-var]
        object.__setattr__(carrier.errands, "kinds", {**carrier.errands.kinds, MAKE: broken})
        carrier.drain()
        assert stored(world) is None
        assert self.entries(world) == [("review.make:2035-W47", "waiting"), ("review.make:2035-W48", "waiting")]
        object.__setattr__(carrier.errands, "kinds", {**carrier.errands.kinds, MAKE: errand})
        world.clock.advance(timedelta(minutes=10))
        carrier.drain()
        assert stored(world) is not None


class TestTelling:
    @pytest.fixture
    def telling(self, demo_home: Path) -> Iterator[World]:
        with opened_world(demo_home, NOW, review_mail_groups=["kb-authors"], review_slack_channel="C1") as opened:
            yield opened

    def mails(self, world: World) -> list[str]:
        return sorted(path.read_text() for path in (world.home / "mail").glob("*"))

    def test_members_of_the_group_get_the_three_things_once_and_only_after_it_is_frozen(self, telling: World) -> None:
        filled(telling)
        authors = [one for one in telling.assistant.directory.people() if "kb-authors" in one.groups]
        telling.assistant.reviewer.follow_schedule()
        assert self.mails(telling) == []
        for _ in range(3):
            telling.assistant.carrier.drain()
        sent = self.mails(telling)
        assert len(sent) == len(authors) > 0
        assert all("Week 47: what to do first" in mail and "/console/reviews/2035-W47" in mail for mail in sent)
        reviewed(telling, again="once more")
        telling.assistant.carrier.drain()
        assert len(self.mails(telling)) == len(authors)

    def test_a_post_waits_for_a_process_that_serves_slack(self, telling: World) -> None:
        filled(telling)
        telling.assistant.reviewer.follow_schedule()
        telling.assistant.carrier.drain()
        with telling.assistant.store.read() as unit:
            entry = unit.outbox.load(f"{POST}:2035-W47")
        assert entry is not None
        assert (entry.state, entry.result["why"]) == ("waiting", "Slack is not served here")

    def test_an_old_week_that_is_made_afterwards_is_told_to_nobody(self, telling: World) -> None:
        filled(telling)
        reviewed(telling, LAST.later(-1))
        telling.assistant.carrier.drain()
        assert self.mails(telling) == []

    def test_nobody_reads_in_a_mail_about_an_article_that_they_may_not_read(self, telling: World) -> None:
        settle(telling.assistant.store, WEEK_BEFORE, Ended(CONFIRMED, 40, article=OTHER, right=True))
        closed = next(
            one for one in telling.assistant.knowledge_base.store.articles() if one.audience.groups and "kb-authors" not in one.audience.groups
        )
        settle(telling.assistant.store, IN_WEEK, Ended(UNRESOLVED, 20, article=closed.id, right=False))
        telling.assistant.reviewer.follow_schedule()
        telling.assistant.carrier.drain()
        found = stored(telling)
        assert found is not None
        assert f"harmful:{closed.id}" in found.review.first
        assert all(closed.title not in mail for mail in self.mails(telling))


class TestPrivacy:
    def test_an_erased_person_is_gone_from_the_names_and_the_review_is_still_genuine(self, world: World) -> None:
        filled(world)
        review = reviewed(world)
        with world.assistant.store.write() as unit:
            made = decide(unit, review, "", Wish("Ask Elin Berg about it.", "elin.berg"), "elin.berg", NOW)
        world.clock.set(NOW + timedelta(weeks=1))
        second = reviewed(world, LAST.later())
        assert "Elin Berg" in "".join(name.text for name in second.names.values())
        erase(world.assistant, "elin.berg")
        for week in (LAST, LAST.later()):
            found = stored(world, week)
            assert found is not None
            assert found.faults() == []
            assert "elin" not in (found.body + "".join(name.text for name in found.names.values())).lower()
        with world.assistant.store.read() as unit:
            left = unit.reviews.decision(made.id)
        assert left is not None
        assert "elin" not in f"{left.what} {left.owner} {left.made_by} {left.changed_by}".lower()
        assert all(name.salt == "" for name in (stored(world, LAST.later()) or second).names.values() if "erased person" in name.text)

    def test_names_made_of_what_people_asked_go_when_their_questions_go(self, world: World) -> None:
        world.clock.set(MADE + timedelta(days=300))
        with world.assistant.store.write() as unit:
            unit.reviews.freeze(named_review())
        retain(world.assistant)
        kept = stored(world, Week.parse("2026-W47"))
        assert kept is not None
        assert GAP in [name.text for name in kept.names.values()]
        world.clock.set(MADE + timedelta(days=400))
        retain(world.assistant)
        found = stored(world, Week.parse("2026-W47"))
        assert found is not None
        assert GAP not in [name.text for name in found.names.values()]
        assert "Maria Santos" in [name.text for name in found.names.values()]
        assert found.faults() == []
