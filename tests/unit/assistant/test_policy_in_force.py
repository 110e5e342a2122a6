"""The policy in force is the file with the accepted thresholds: tried, versioned, kept, and never beyond what the file allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.adapters.memory.store import MemoryStore
from assistant.domain.audit import AuditLine
from assistant.domain.measures import Rate
from assistant.domain.tuning import Band as Numbers
from assistant.domain.tuning import Expected, Proposal, TuningDecision
from assistant.governance.in_force import InForce, in_force
from assistant.governance.policy import Disposition, Policy, PolicyError
from assistant.governance.policy_file import PACKAGED, load_policy, parse_policy, read_policy
from assistant.governance.replay import Comparison, KeptPolicies, replay
from assistant.governance.retuning import CannotTune, accept, undo
from assistant.ports.tuning import AlreadyDecided

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
EXPECTED = Expected(Rate(45, 100), Rate(8, 60))
FILE = load_policy()


def proposal(auto: float, current: float = 0.30, where: str = "steps.answer") -> Proposal:
    return Proposal(where, Numbers(current, 0.15), Numbers(auto, 0.15), EXPECTED, EXPECTED, "fewer of them are wrong")


def changed(old: str, new: str) -> Policy:
    """Return the packaged policy with the first of these words replaced."""
    text = PACKAGED.read_text(encoding="utf-8")
    assert old in text
    return parse_policy(text.replace(old, new, 1), "changed.toml")


class Bench:
    """A store and the policies over it, as one process has them."""

    def __init__(self, home: Path, file: Policy = FILE, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore(0.7)
        self.kept = KeptPolicies(home / "policies")
        self.policies = InForce(file, self.kept.keep)

    def accept(self, wanted: Proposal, at: datetime = NOON) -> TuningDecision:
        with self.store.write() as unit:
            return accept(unit, self.policies, wanted, "omar", at)

    def undo(self, decision: str, at: datetime = NOON) -> TuningDecision:
        with self.store.write() as unit:
            return undo(unit, self.policies, decision, "olga", at)

    @property
    def policy(self) -> Policy:
        with self.store.read() as unit:
            return self.policies.of(unit)


def test_without_decisions_the_file_is_in_force(tmp_path: Path) -> None:
    assert Bench(tmp_path).policy is FILE


def test_an_accepted_threshold_is_in_force_under_a_version_of_its_own(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    decision = bench.accept(proposal(0.45))
    assert bench.policy.version == decision.policy != FILE.version
    assert bench.policy.decide("answer", 0.40) is Disposition.REVIEW
    assert FILE.decide("answer", 0.40) is Disposition.AUTO
    assert bench.policy.tools == FILE.tools
    assert bench.policy.writes_per_day == FILE.writes_per_day


def test_every_process_over_the_same_tables_goes_by_it_at_once(tmp_path: Path) -> None:
    one = Bench(tmp_path / "one")
    other = Bench(tmp_path / "other", store=one.store)
    decision = one.accept(proposal(0.45))
    assert other.policy.version == one.policy.version == decision.policy
    one.undo(decision.id)
    assert other.policy is FILE


def test_what_was_decided_under_it_can_be_replayed_from_its_kept_text(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    decision = bench.accept(proposal(0.45))
    facts = {"step": "answer", "policy": decision.policy, "verdict": "review", "rule": "steps.answer"}
    line = AuditLine(1, "", facts | {"facts": {"step": "answer", "confidence": 0.40}})
    assert replay(line, bench.kept).comparison is Comparison.SAME
    assert bench.kept.policy(decision.policy).accepted[0].decision == decision.id


def test_undone_the_one_before_stands_again_and_then_the_file(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    first = bench.accept(proposal(0.45))
    second = bench.accept(proposal(0.55, current=0.45), NOON + timedelta(days=7))
    assert bench.policy.bands["answer"].auto == 0.55
    with pytest.raises(CannotTune, match="only the last"):
        bench.undo(first.id)
    bench.undo(second.id)
    assert bench.policy.bands["answer"].auto == 0.45
    bench.undo(first.id)
    assert bench.policy is FILE
    with pytest.raises(CannotTune, match="only once"):
        bench.undo(first.id)


def test_both_clicks_stand_in_the_audit_with_the_version_in_force_from_then_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    decision = bench.accept(proposal(0.45))
    bench.undo(decision.id)
    with bench.store.read() as unit:
        accepted, undone = (line.facts for line in unit.audit.lines())
    assert (accepted["step"], accepted["decision"], accepted["actor"], accepted["policy"]) == ("tune", "accepted", "omar", decision.policy)
    assert accepted["detail"]["after"] == {"auto": 0.45, "review": 0.15}
    assert (undone["decision"], undone["actor"], undone["policy"]) == ("undone", "olga", FILE.version)


@pytest.mark.parametrize("auto", [0.19, 0.71, 1.0])
def test_a_threshold_outside_the_range_of_the_file_is_refused(tmp_path: Path, auto: float) -> None:
    bench = Bench(tmp_path)
    with pytest.raises((PolicyError, CannotTune)):
        bench.accept(proposal(auto))
    assert bench.policy is FILE


def test_a_step_without_a_range_is_not_tuned(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    with pytest.raises((PolicyError, CannotTune)):
        bench.accept(Proposal("steps.attach", Numbers(0.78, 0.78), Numbers(0.5, 0.5), EXPECTED, EXPECTED, "no"))


def test_what_was_proposed_for_another_threshold_is_not_accepted(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.accept(proposal(0.45))
    with pytest.raises(CannotTune, match="look at the proposals again"):
        bench.accept(proposal(0.50))


def test_of_two_who_accept_at_once_one_is_told(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    decision = bench.accept(proposal(0.45))
    with bench.store.write() as unit, pytest.raises(AlreadyDecided):
        unit.tuning.add(replace(decision, id="t_other"))


def test_when_the_file_says_something_else_of_the_band_the_threshold_applies_no_longer(tmp_path: Path) -> None:
    before = Bench(tmp_path)
    decision = before.accept(proposal(0.45))
    edited = changed("auto = 0.30\nreview = 0.15", "auto = 0.35\nreview = 0.15")
    after = Bench(tmp_path, edited, before.store)
    assert after.policy is edited
    with after.store.read() as unit:
        assert in_force(unit.tuning.all(), edited) == []
        assert in_force(unit.tuning.all(), FILE) == [decision]


def test_when_the_file_changes_elsewhere_the_threshold_stays(tmp_path: Path) -> None:
    before = Bench(tmp_path)
    before.accept(proposal(0.45))
    edited = changed("writes_per_day = 15", "writes_per_day = 10")
    after = Bench(tmp_path, edited, before.store)
    assert after.policy.bands["answer"].auto == 0.45
    assert after.policy.writes_per_day == 10
    assert after.policy.version not in (edited.version, before.policy.version)


def test_a_range_that_was_narrowed_ends_what_lies_outside(tmp_path: Path) -> None:
    before = Bench(tmp_path)
    before.accept(proposal(0.65))
    narrowed = changed("from = 0.20\nto = 0.70", "from = 0.20\nto = 0.60")
    assert Bench(tmp_path, narrowed, before.store).policy is narrowed


def test_a_policy_that_cannot_be_kept_is_not_accepted_and_the_file_stands(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.kept.folder.write_text("in the way")
    with pytest.raises(OSError, match=r".+"):
        bench.accept(proposal(0.45))
    assert bench.policy is FILE
    with bench.store.read() as unit:
        assert unit.tuning.all() == []


ACCEPTED = '\n[[accepted]]\nstep = "answer"\nauto = 0.45\nreview = 0.15\ninstead_of = [0.3, 0.15]\ndecision = "t_1"\n'


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("auto = 0.45", "auto = 0.95", "not within"),
        ("[0.3, 0.15]", "[0.4, 0.15]", "in place of"),
        ('"answer"', '"attach"', "not within"),
        ("review = 0.15", "review = 0.5", "not within"),
        ("auto = 0.45", 'auto = "0.45"', "has to be a number"),
        ("decision", "because", "unknown"),
    ],
)
def test_an_accepted_threshold_that_does_not_fit_the_file_makes_it_unusable(old: str, new: str, why: str) -> None:
    text = PACKAGED.read_text(encoding="utf-8")
    assert read_policy(text + ACCEPTED, "whole.toml").bands["answer"].auto == 0.45
    with pytest.raises(PolicyError, match=why):
        read_policy(text + ACCEPTED.replace(old, new), "broken.toml")


@pytest.mark.parametrize(
    ("old", "new"),
    [("[tuning.answer]", "[tuning.attach]"), ("from = 0.20", "from = 0.90"), ("wrong = 0.20", "wrong = 1.5"), ("from = 0.20", "lowest = 0.20")],
)
def test_a_range_that_makes_no_sense_is_refused(old: str, new: str) -> None:
    with pytest.raises(PolicyError):
        changed(old, new)
