"""The guide's page of tools says what the registry and the shipped policy say."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.agent.tools.access import DAYS
from assistant.agent.tools.registry import TOOLS
from assistant.agent.tools.tool import Tool
from assistant.domain.action import Action, Effect, Plan, Status
from assistant.governance.policy_file import load_policy

PAGE = (Path(__file__).parents[3] / "docs" / "guide" / "tools.md").read_text(encoding="utf-8")
POLICY = load_policy()
SECTIONS = dict(re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
ASKED_FOR = {name: tool for name, tool in TOOLS.items() if tool.offered}
NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)


def said(tool: str, fact: str) -> str:
    """Return what a tool's section says of one fact."""
    found = re.search(rf"^- \*\*{fact}\*\*: (.+)$", SECTIONS[tool], re.MULTILINE)
    assert found, f"{tool} says nothing of: {fact}"
    return found[1]


def undone_by(tool: Tool) -> str:
    """Return by which tool an action that changed something is taken back, "" for none."""
    arguments = {"ticket": "T-1", "group": "g", "category": "c", "queue": "q", "days": "1", "message": "m"}
    result = {"changed": True, "ticket": "T-1", "at": NOW.isoformat(), "before": {"category": "c", "queue": "q"}}
    plan = Plan("", (), "", "")
    action = Action("a", tool.name, "p", "p", "c", Status.DONE, arguments, plan, NOW, NOW, NOW, result=result)
    undo = tool.undo(action) if tool.undo is not None else None
    return undo.tool if undo is not None else ""


def test_every_tool_that_can_be_asked_for_has_a_section_and_no_other_has_one() -> None:
    assert set(SECTIONS) == set(ASKED_FOR)


def test_the_tools_that_only_take_back_are_named_together() -> None:
    last = PAGE.split("## Tools that only take something back", 1)[1]
    assert set(re.findall(r"`(\w+)`", last)) == set(TOOLS) - set(ASKED_FOR)


@pytest.mark.parametrize("tool", ASKED_FOR)
def test_tier_limit_and_chain_are_those_of_the_policy(tool: str) -> None:
    rule = POLICY.tools[tool]
    chain = f", chain `{rule.chain}`" if rule.chain else ""
    assert said(tool, "Tier") == f"`{rule.tier}`, at most {rule.per_day} in 24 hours{chain}"


@pytest.mark.parametrize("tool", ASKED_FOR)
def test_the_arguments_are_those_of_the_schema(tool: str) -> None:
    text = said(tool, "Arguments")
    assert re.findall(r"`(\w+)`", text) == [slot.name for slot in ASKED_FOR[tool].slots]
    assert (text == "none") == (not ASKED_FOR[tool].slots)


@pytest.mark.parametrize("tool", ASKED_FOR)
def test_the_way_back_is_the_one_that_the_tool_declares(tool: str) -> None:
    text, way = said(tool, "Undone by"), undone_by(ASKED_FOR[tool])
    if way:
        assert text.startswith(f"`{way}`")
    else:
        assert text.startswith("nothing to undo" if ASKED_FOR[tool].effect is Effect.READ else "nothing. ")


@pytest.mark.parametrize("tool", ASKED_FOR)
def test_each_section_says_what_it_needs_and_how_it_fails(tool: str) -> None:
    assert said(tool, "Needs")
    assert said(tool, "Fails")


def test_the_numbers_before_the_sections_are_those_of_the_policy() -> None:
    assert f"at most {POLICY.writes_per_day} changes in 24 hours" in PAGE
    amounts = [category.above for category in POLICY.people_only if category.above is not None]
    assert [f"amounts above {amount:g}" in PAGE for amount in amounts] == [True]
    assert f"one of {', '.join(DAYS)}" in said("grant_access", "Arguments")
