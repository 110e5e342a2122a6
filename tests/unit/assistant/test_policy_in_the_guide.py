"""The guide's page of the policy says what the code reads, and its example can be added to the shipped file."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from assistant.domain.action import Label, Tier
from assistant.governance.policy import Chain, Facts, PeopleOnly, ToolRule, Verdict
from assistant.governance.policy_file import PACKAGED, read_policy

PAGE = (Path(__file__).parents[3] / "docs" / "guide" / "policy.md").read_text(encoding="utf-8")


def first_cells(head: str) -> set[str]:
    """Return the names in the first column of the table that begins with this head."""
    table = PAGE.split(f"| {head}", 1)[1].split("\n\n", 1)[0]
    return {name for row in table.splitlines()[2:] for name in re.findall(r"`([^`]+)`", row.split("|")[1])}


def section(name: str) -> str:
    """Return a section of the page."""
    return PAGE.split(f"\n## {name}\n", 1)[1].split("\n## ", 1)[0]


def names(kind: type) -> set[str]:
    """Return the fields of a part of the policy, a band by its two numbers."""
    found = {one.name for one in fields(kind)}
    return found - {"band"} | ({"auto", "review"} if "band" in found else set())


def test_every_key_of_a_tool_is_in_the_table_and_no_other() -> None:
    assert first_cells("key | meaning |") == names(ToolRule)
    row = next(line for line in PAGE.splitlines() if line.startswith("| `tier`"))
    assert set(re.findall(r"`(\w+)`", row)) - {"tier"} == {tier.value for tier in Tier}


def test_every_condition_for_people_is_in_the_table_and_no_other() -> None:
    assert first_cells("key | covers |") == names(PeopleOnly) - {"name"}


def test_every_fact_and_every_verdict_is_in_its_table_and_no_other() -> None:
    assert first_cells("fact | meaning |") == names(Facts)
    assert first_cells("verdict | what happens |") == {verdict.value for verdict in Verdict}
    row = next(line for line in PAGE.splitlines() if line.startswith("| `label`"))
    assert set(re.findall(r"`(\w+)`", row)) - {"label"} == {label.value for label in Label}


def test_the_keys_of_a_chain_are_named() -> None:
    assert names(Chain) <= set(re.findall(r"`(\w+)`", section("Chains")))


def test_the_steps_are_those_of_the_shipped_file() -> None:
    assert first_cells("step | from `auto` up") == set(read_policy(PACKAGED.read_text(encoding="utf-8"), "shipped").bands)


def test_the_example_can_be_added_to_the_shipped_file_and_comes_out() -> None:
    example = PAGE.split("```toml\n", 1)[1].split("```", 1)[0]
    policy = read_policy(PACKAGED.read_text(encoding="utf-8") + "\n" + example, "the example of the guide")
    assert policy.chains["finance"].stages[1].quorum == 2
    assert policy.examples[-1].rule == "people only: payments"
    assert "payments" in {one.name for one in policy.people_only}
