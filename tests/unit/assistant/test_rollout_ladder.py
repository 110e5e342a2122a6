"""The rollout ladder: which rung is in force, what moves a category, and which rules contradict themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.adapters.memory.store import MemoryStore
from assistant.domain.measures import Rate
from assistant.domain.rollout import Evidence, Rules, Rung, propose
from assistant.governance.in_force import InForce
from assistant.governance.laddering import CannotMove, move, undo
from assistant.governance.policy import Policy, PolicyError
from assistant.governance.policy_file import PACKAGED, load_policy, parse_policy, read_policy
from assistant.governance.replay import KeptPolicies
from assistant.governance.rollout_rules import read_rules, rung_of

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
RULES = Rules(least=50, promote=0.80, demote=0.60)


def evidence(rung: Rung, hits: int = 0, total: int = 0, undone: int = 0, predicted: Rate | None = None) -> Evidence:
    return Evidence("vpn", rung, NOON, Rate(hits, total), 3, undone, predicted)


@pytest.mark.parametrize(
    ("known", "to"),
    [
        (evidence(Rung.SUGGEST, 95, 100), Rung.CONFIRM),
        (evidence(Rung.CONFIRM, 95, 100), Rung.AUTOMATIC),
        (evidence(Rung.AUTOMATIC, 95, 100), None),
        (evidence(Rung.CONFIRM, 40, 40), None),
        (evidence(Rung.CONFIRM, 84, 100), None),
        (evidence(Rung.AUTOMATIC, 40, 100), Rung.CONFIRM),
        (evidence(Rung.AUTOMATIC, 54, 100), None),
        (evidence(Rung.AUTOMATIC, 5, 40), None),
        (evidence(Rung.SUGGEST, 20, 100), Rung.TRIAGE),
        (evidence(Rung.AUTOMATIC, 99, 100, undone=1), Rung.CONFIRM),
        (evidence(Rung.TRIAGE, undone=2), None),
        (evidence(Rung.TRIAGE), None),
        (evidence(Rung.TRIAGE, predicted=Rate(58, 60)), Rung.SUGGEST),
        (evidence(Rung.TRIAGE, predicted=Rate(50, 60)), None),
        (evidence(Rung.TRIAGE, 100, 100, predicted=None), None),
    ],
)
def test_a_category_moves_one_rung_when_the_sure_side_of_its_interval_says_so(known: Evidence, to: Rung | None) -> None:
    found = propose(known, RULES)
    assert found.to is to
    assert found.text


def test_the_policy_file_caps_a_category_and_takes_down_what_is_above() -> None:
    capped = Rules(highest={"vpn": Rung.SUGGEST})
    assert propose(evidence(Rung.SUGGEST, 99, 100), capped).to is None
    assert propose(evidence(Rung.AUTOMATIC, 99, 100), capped).to is Rung.SUGGEST


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"promote": 0.6, "demote": 0.7}, "up and down in turn"),
        ({"promote": 0.6, "demote": 0.6}, "up and down in turn"),
        ({"begins": "full"}, "has to be one of: triage only, suggest, confirm, automatic"),
        ({"highest": {"vpn": "sometimes"}}, "rollout.highest.vpn"),
        ({"highest": {" ": "suggest"}}, "without a name"),
        ({"highest": ["vpn"]}, "table of categories"),
        ({"decided_by": "machine"}, "operator or rule"),
        ({"weeks": 0}, "1 to 26"),
        ({"weeks": 2.5}, "whole number"),
        ({"least": 3}, "decide nothing"),
        ({"promote": 80}, "between 0 and 1"),
        ({"promote": True}, "has to be a number"),
        ({"promotes": 0.9}, "unknown: promotes"),
    ],
)
def test_rules_that_contradict_themselves_are_refused_with_a_sentence(row: dict[str, Any], why: str) -> None:
    with pytest.raises((ValueError, TypeError), match=why):
        read_rules(row)


def test_a_policy_file_with_contradicting_rules_is_not_loaded() -> None:
    text = PACKAGED.read_text(encoding="utf-8")
    with pytest.raises(PolicyError, match="up and down in turn"):
        parse_policy(f"{text}\n[rollout]\npromote = 0.5\ndemote = 0.9\n", "bad.toml")


def test_without_a_table_everything_is_automatic_as_before() -> None:
    assert rung_of(load_policy(), "vpn") is Rung.AUTOMATIC


class Bench:
    def __init__(self, home: Path, table: str = "") -> None:
        self.store = MemoryStore(0.7)
        file = read_policy(PACKAGED.read_text(encoding="utf-8") + table, "file")
        self.kept = KeptPolicies(home / "policies")
        self.policies = InForce(file, self.kept.keep)

    def move(self, category: str, to: Rung, why: str = "because") -> str:
        with self.store.write() as unit:
            return move(unit, self.policies, category, to, "olga", why, NOON).id

    @property
    def policy(self) -> Policy:
        with self.store.read() as unit:
            return self.policies.of(unit)


def test_a_decided_rung_is_in_the_policy_in_force_under_a_version_of_its_own_that_can_be_read_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    before = bench.policy.version
    bench.move('e-mail "old" Ärger', Rung.SUGGEST)
    after = bench.policy
    assert rung_of(after, 'e-mail "old" Ärger') is Rung.SUGGEST and rung_of(after, "vpn") is Rung.AUTOMATIC
    assert after.version != before
    assert rung_of(bench.kept.policy(after.version), 'e-mail "old" Ärger') is Rung.SUGGEST
    with bench.store.read() as unit:
        line = list(unit.audit.lines())[-1].facts
    assert (line["step"], line["decision"], line["policy"]) == ("rollout", "moved", after.version)


def test_undoing_brings_back_what_was_decided_before_and_only_the_last_can_be_undone(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    first, second = bench.move("vpn", Rung.TRIAGE), bench.move("vpn", Rung.SUGGEST)
    with bench.store.write() as unit, pytest.raises(CannotMove, match="in force"):
        undo(unit, bench.policies, first, "olga", NOON)
    with bench.store.write() as unit:
        undo(unit, bench.policies, second, "olga", NOON)
    assert rung_of(bench.policy, "vpn") is Rung.TRIAGE
    with bench.store.write() as unit, pytest.raises(CannotMove):
        undo(unit, bench.policies, second, "olga", NOON)


def test_a_move_without_reason_to_the_same_rung_or_above_the_limit_is_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path, '\n[rollout]\nbegins = "suggest"\nhighest = { payroll = "suggest" }\n')
    assert rung_of(bench.policy, "anything") is Rung.SUGGEST
    for category, to, why, says in (
        ("vpn", Rung.CONFIRM, " ", "say why"),
        ("vpn", Rung.SUGGEST, "because", "already"),
        ("payroll", Rung.CONFIRM, "because", "no higher than suggest"),
        ("", Rung.CONFIRM, "because", "a name"),
        ("v\npn", Rung.CONFIRM, "because", "a name"),
    ):
        with pytest.raises(CannotMove, match=says):
            bench.move(category, to, why)
    bench.move("vpn", Rung.AUTOMATIC)
    assert rung_of(bench.policy, "vpn") is Rung.AUTOMATIC


def test_a_policy_that_cannot_be_kept_refuses_the_move_and_leaves_everything_as_it_was(tmp_path: Path) -> None:
    bench = Bench(tmp_path)

    def fails(_policy: Policy) -> None:
        raise OSError("disk full")

    bench.policies = InForce(bench.policies.file, fails)
    with pytest.raises(CannotMove, match="disk full"):
        bench.move("vpn", Rung.TRIAGE)
    assert rung_of(bench.policy, "vpn") is Rung.AUTOMATIC
