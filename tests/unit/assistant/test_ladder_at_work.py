"""The ladder at work: what counts as evidence, what is done by rule, and what the weekly review says of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.memory.store import MemoryStore
from assistant.desk.laddering import moving
from assistant.desk.review.found import Found
from assistant.desk.review.making import Period
from assistant.domain.action import Action, Plan, Status
from assistant.domain.conversation import Conversation, Episode, Outcome, State
from assistant.domain.measured import PREDICTION, freeze
from assistant.domain.outcome import Judged
from assistant.domain.prediction import Predicted, Prediction
from assistant.domain.review import Severity
from assistant.domain.rollout import Proposed, Rung
from assistant.domain.ticket import ASSISTANT
from assistant.domain.week import Week
from assistant.governance.in_force import InForce
from assistant.governance.laddering import CannotMove
from assistant.governance.policy_file import PACKAGED, read_policy
from assistant.workflows.rolling import EVERY, LOOK, Ladder, LookAtLadder, next_look
from assistant.workflows.rollout_section import RolloutSection

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Bench:
    def __init__(self, table: str = "") -> None:
        file = read_policy(f"{PACKAGED.read_text(encoding='utf-8')}\n[rollout]\n{table}", "file")
        self.store = MemoryStore(0.7)
        self.clock = FixedClock(NOON)
        self.ladder = Ladder(self.store, self.clock, InForce(file, lambda _policy: None), lambda tool: "vpn" if tool == "reset_token" else "")
        self.numbers: Iterator[int] = iter(range(10_000))

    def judge(self, category: str, right: bool | None, count: int, at: datetime = NOON - DAY, decision: str = "steps.answer:auto") -> None:
        with self.store.write() as unit:
            for _ in range(count):
                name = f"c_{next(self.numbers)}"
                episode = Episode(1, at, at, Outcome.RESOLVED_CONFIRMED)
                unit.conversations.begin(Conversation(name, "maria", "web", State.RESOLVED, State.OPEN, at, at, 0, episode, {"category": category}))
                unit.outcomes.judge(Judged(name, 1, "m", at, "answer", 0.8, decision, ("a",), right))

    def undone(self, by: str, at: datetime = NOON - DAY) -> None:
        plan = Plan("t", (), "b", "u")
        done = Action(f"a_{next(self.numbers)}", "reset_token", "maria", "maria", "c", Status.REVERTED, {}, plan, at, at, at + DAY)
        back = replace(done, id=f"a_{next(self.numbers)}", actor=by, status=Status.DONE, reverts=done.id)
        with self.store.write() as unit:
            unit.actions.add(done)
            unit.actions.add(back)

    def of(self, category: str = "vpn") -> Proposed:
        with self.store.read() as unit:
            return next(one for one in self.ladder.proposals(unit) if one.evidence.category == category)

    def section(self, week: Week) -> Found:
        found = Found()
        with self.store.read() as unit:
            RolloutSection(self.ladder.policies.of, self.ladder.category_of_tool)(unit, Period(week, "UTC", NOON), (), found)
        return found


def test_verdicts_count_by_the_category_of_their_episode_and_silence_is_none() -> None:
    bench = Bench()
    bench.judge("vpn", True, 30)
    bench.judge("vpn", False, 10)
    bench.judge("vpn", None, 5)
    bench.judge("mfa", True, 7)
    bench.judge("vpn", True, 50, NOON - timedelta(weeks=9))
    evidence = bench.of().evidence
    assert (evidence.right.hits, evidence.right.total, evidence.silent) == (30, 40, 5)
    assert bench.of("mfa").evidence.right.total == 7


def test_what_was_judged_on_another_rung_does_not_count() -> None:
    bench = Bench('begins = "confirm"')
    bench.judge("vpn", True, 100)
    assert bench.of().to is Rung.AUTOMATIC
    bench.ladder.accept("vpn", Rung.AUTOMATIC, "olga")
    assert bench.of().evidence.right.total == 0
    with pytest.raises(CannotMove, match="not proposed any more"):
        bench.ladder.accept("vpn", Rung.AUTOMATIC, "olga")


def test_an_action_that_the_desk_took_back_takes_the_category_down_and_a_change_of_mind_does_not() -> None:
    bench = Bench()
    bench.undone("maria")
    bench.undone(ASSISTANT)
    bench.judge("vpn", True, 1)
    assert bench.of().to is None
    bench.undone("sam")
    assert (bench.of().to, bench.of().rule) == (Rung.CONFIRM, "rollout.demote: undone")
    bench.ladder.accept("vpn", Rung.CONFIRM, "olga")
    assert bench.of().evidence.undone == 0


def test_only_a_prediction_moves_what_nobody_is_shown() -> None:
    bench = Bench('begins = "triage only"\nleast = 20')
    bench.judge("vpn", True, 1)
    assert bench.of().to is None
    one = Predicted(category="vpn", tickets=90, tried=40, answered=30, right=29.4, mean=0.7, deviation=0.05, low=0.5, high=0.9)
    whole = one.model_copy(update={"category": ""})
    made = Prediction(source="x", since="", until="", tickets=90, tried=40, seed=0, policy="p", calibration="c", whole=whole, categories=(one,))
    with bench.store.write() as unit:
        unit.rollout.keep(freeze(PREDICTION, "p", made, "operator", NOON))
    assert bench.of().to is Rung.SUGGEST and "29" not in bench.of().text


def test_by_rule_a_category_moves_once_and_the_record_holds_its_counts() -> None:
    bench = Bench('decided_by = "rule"\nbegins = "suggest"')
    bench.judge("vpn", True, 100)
    [done] = bench.ladder.by_rule()
    assert (done.rung, done.by, done.evidence["right"], done.evidence["judged"]) == (Rung.CONFIRM, "rollout.promote", 100, 100)
    assert bench.ladder.by_rule() == []
    with bench.store.read() as unit:
        assert bench.ladder.rung(unit, "vpn") is Rung.CONFIRM


def test_where_operators_decide_nothing_moves_by_itself() -> None:
    bench = Bench('begins = "suggest"')
    bench.judge("vpn", True, 100)
    assert bench.ladder.by_rule() == []
    with bench.store.read() as unit:
        assert [one.to for one in moving(bench.ladder.proposals(unit))] == [Rung.CONFIRM]


def test_each_look_puts_the_next_one_and_starting_twice_puts_one() -> None:
    bench = Bench()
    errand = LookAtLadder(bench.ladder)
    bench.ladder.follow()
    bench.ladder.follow()
    with bench.store.write() as unit:
        [first] = [one for one in unit.outbox.waiting() if one.kind == LOOK]
        assert first == next_look(NOON) and first.due_at == NOON + EVERY
        assert errand.begin(unit, first, NOON + EVERY) is None
        assert [one.key for one in unit.outbox.waiting()] == [first.key, next_look(NOON + EVERY).key]


def test_the_review_proposes_with_evidence_and_names_what_was_decided_in_its_week() -> None:
    bench = Bench('begins = "suggest"')
    bench.judge("vpn", True, 100)
    bench.judge("mfa", False, 80)
    found = bench.section(Week.of(NOON, "UTC"))
    assert [(one.subject, one.severity) for one in found.findings] == [("mfa", Severity.NOW), ("vpn", Severity.WEEK)]
    assert "100 % of 100" in found.findings[1].figures[0].text and found.findings[1].todo.startswith("Move vpn to confirm")
    bench.ladder.accept("vpn", Rung.CONFIRM, "olga")
    bench.ladder.accept("mfa", Rung.TRIAGE, "olga")
    after = [one.text for one in bench.section(Week.of(NOON, "UTC")).findings]
    assert "Vpn was moved from suggest to confirm on 2026-11-25." in after
    assert any(text.startswith("By its rules no category moves") for text in after)
    assert bench.section(Week.of(NOON, "UTC").later(-1)).gauges == {}


def test_a_ladder_where_all_is_automatic_and_quiet_says_nothing(tmp_path: Path) -> None:
    del tmp_path
    bench = Bench()
    bench.judge("vpn", True, 3)
    assert bench.section(Week.of(NOON, "UTC")).findings == []
