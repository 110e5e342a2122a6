"""Decisions made again from the record, with the policy that was in force."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.action import Label
from assistant.domain.audit import AuditEntry, AuditLine
from assistant.governance.policy import Facts, Policy, PolicyError
from assistant.governance.policy_file import PACKAGED, load_policy
from assistant.governance.replay import Comparison, KeptPolicies, replay

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
POLICY = load_policy()
ANSWER = AuditEntry(
    NOON, "ana", "answer", "auto", policy=POLICY.version, rule="steps.answer", facts={"step": "answer", "confidence": 0.31}, verdict="auto"
)


@pytest.fixture
def kept(tmp_path: Path) -> KeptPolicies:
    """The packaged policy, kept as a start does it."""
    policies = KeptPolicies(tmp_path / "policies")
    policies.keep(POLICY)
    return policies


def line(entry: AuditEntry, **changes: Any) -> AuditLine:
    return AuditLine(5, "f" * 64, json.loads(entry.canonical()) | changes)


def judged(facts: Facts, policy: Policy = POLICY) -> AuditEntry:
    said = policy.judge(facts)
    return AuditEntry(NOON, "ana", "act", "x", policy=said.version, rule=said.rule, verdict=said.verdict.value, facts=facts.record(), tool=facts.tool)


def test_the_same_facts_and_policy_decide_the_same(kept: KeptPolicies) -> None:
    assert replay(line(ANSWER), kept).comparison is Comparison.SAME
    assert replay(line(judged(Facts("grant_access", pressed=True, group="ledgerline-users", days=30))), kept).comparison is Comparison.SAME


FACTS = st.builds(
    Facts,
    tool=st.sampled_from([*POLICY.tools, "no_such_tool"]),
    confidence=st.floats(-0.5, 1.5),
    own=st.booleans(),
    label=st.sampled_from(Label),
    group=st.sampled_from(["", "ledgerline-users", "Domain Admins", "hr-files"]),
    days=st.integers(0, 400),
    amount=st.floats(0, 1_000),
    touches=st.integers(0, 3),
    reversible=st.booleans(),
    pressed=st.booleans(),
    second_factor=st.booleans(),
    approved=st.booleans(),
    today=st.integers(0, 20),
    writes_today=st.integers(0, 20),
)


@given(FACTS)
def test_every_decision_about_an_action_comes_out_the_same_after_the_record(tmp_path_factory: pytest.TempPathFactory, facts: Facts) -> None:
    policies = KeptPolicies(tmp_path_factory.getbasetemp() / "policies")
    policies.keep(POLICY)
    assert replay(line(judged(facts)), policies).comparison is Comparison.SAME


def test_another_verdict_in_the_record_is_said_with_both(kept: KeptPolicies) -> None:
    found = replay(line(replace(ANSWER, verdict="escalate")), kept)
    assert (found.comparison, found.recorded, found.again) == (Comparison.DIFFERENT, "escalate by “steps.answer”", "auto by “steps.answer”")
    act = judged(Facts("unlock_account", pressed=True, today=3))
    assert replay(line(act, verdict="allow"), kept).comparison is Comparison.DIFFERENT
    assert replay(line(act, rule="tools.unlock_account"), kept).comparison is Comparison.DIFFERENT


def test_the_policy_of_then_decides_not_that_of_now(tmp_path: Path, kept: KeptPolicies) -> None:
    stricter = tmp_path / "stricter.toml"
    stricter.write_text(PACKAGED.read_text().replace("auto = 0.30", "auto = 0.90", 1))
    now = load_policy(stricter)
    kept.keep(now)
    assert now.version != POLICY.version
    assert replay(line(ANSWER), kept).comparison is Comparison.SAME
    assert replay(line(replace(ANSWER, policy=now.version)), kept).comparison is Comparison.DIFFERENT


def test_a_policy_that_is_gone_or_changed_decides_nothing(kept: KeptPolicies) -> None:
    path = kept.folder / f"{POLICY.version}.toml"
    path.write_text(path.read_text().replace("auto = 0.30", "auto = 0.90", 1))
    changed = replay(line(ANSWER), kept)
    assert (changed.comparison, "was changed" in changed.why) == (Comparison.IMPOSSIBLE, True)
    path.write_text("[steps")
    assert replay(line(ANSWER), kept).comparison is Comparison.IMPOSSIBLE
    path.unlink()
    assert "is not kept here" in replay(line(ANSWER), kept).why


@pytest.mark.parametrize("version", ["../outside", "", "0123", "0123456789AB", "0123456789ab/x"])
def test_a_version_is_never_taken_for_a_path(kept: KeptPolicies, version: str) -> None:
    (kept.folder.parent / "outside.toml").write_text(POLICY.text)
    with pytest.raises(PolicyError, match="is not kept here"):
        kept.policy(version)


@pytest.mark.parametrize(
    "facts", [{"tool": "unlock_account", "colour": "red"}, {"tool": "unlock_account", "label": "whim"}, {"step": "answer"}, {"confidence": 1}, ["x"]]
)
def test_facts_that_are_none_are_said(kept: KeptPolicies, facts: Any) -> None:
    assert replay(line(ANSWER, facts=facts), kept).comparison is Comparison.IMPOSSIBLE


def test_a_step_that_no_policy_decides_is_no_failure(kept: KeptPolicies) -> None:
    assert replay(line(AuditEntry(NOON, "ana", "understand", "question")), kept).comparison is Comparison.NOT_DECIDED
    assert replay(line(AuditEntry(NOON, "firstline", "resolve", "silence", policy=POLICY.version)), kept).comparison is Comparison.NOT_DECIDED


def test_a_record_of_an_early_version_says_what_it_lacks(kept: KeptPolicies) -> None:
    early = line(ANSWER)
    for name in ("facts", "verdict", "rule"):
        del early.facts[name]
    found = replay(early, kept)
    assert (found.comparison, found.why) == (Comparison.IMPOSSIBLE, "the record does not hold what the policy decided by")


def test_a_policy_is_kept_once_and_as_it_is(kept: KeptPolicies) -> None:
    path = kept.folder / f"{POLICY.version}.toml"
    before = path.stat().st_mtime_ns
    kept.keep(POLICY)
    assert path.stat().st_mtime_ns == before
    assert [entry.name for entry in kept.folder.iterdir()] == [path.name]
    assert kept.policy(POLICY.version).version == POLICY.version
