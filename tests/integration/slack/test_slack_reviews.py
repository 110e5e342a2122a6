"""The weekly review's three things in a channel of Slack: once, after it is frozen, also when Slack answered nothing the first time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.domain.conversation import Outcome
from assistant.entrypoints.slack.announcing import announcement_said
from assistant.ports.channels import Announcement
from evals.slack.workspace import Fault
from tests.support.reviewed import Ended, settle
from tests.support.service import copy_demo
from tests.support.slack import Office, office, until

CHANNEL = "C0REVIEWS"


@pytest.fixture
def reviewed_office(model_home: Path, tmp_path: Path) -> Iterator[Office]:
    """The demo company with a channel for reviews, and an article that misled people in the last week."""
    with office(copy_demo(tmp_path / "home", model_home), "http", review_slack_channel=CHANNEL) as served:
        served.channel("it-reviews", CHANNEL)
        assistant = served.service.assistant
        inside = datetime.combine(assistant.reviewer.last_week().monday, datetime.min.time(), UTC) + timedelta(days=2, hours=10)
        settle(assistant.store, inside - timedelta(weeks=1), Ended(Outcome.RESOLVED_CONFIRMED, 80), Ended(Outcome.UNRESOLVED, 20))
        settle(assistant.store, inside, Ended(Outcome.RESOLVED_CONFIRMED, 30), Ended(Outcome.UNRESOLVED, 60))
        yield served


def posts(office: Office) -> list[dict[str, object]]:
    return [message for message in office.workspace.by_bot(CHANNEL) if message.get("metadata")]


@pytest.mark.parametrize("fault", [None, Fault("chat.postMessage", 1, lost=True)], ids=["as it should", "the answer is lost"])
def test_a_review_is_posted_once_with_its_three_things(reviewed_office: Office, fault: Fault | None) -> None:
    served, assistant = reviewed_office, reviewed_office.service.assistant
    if fault is not None:
        served.workspace.faults = [fault]
    week = assistant.reviewer.last_week()
    assistant.reviewer.hasten(week)
    until(lambda: state_of(served, f"review.post:{week}") == "done")
    [post] = posts(served)
    text = str(post["blocks"])
    assert f"Weekly review {week}" in text
    assert "Find out why fewer people said that it was solved" in text
    assert f"/console/reviews/{week}" in text
    assert served.workspace.violations == []


def state_of(served: Office, key: str) -> str:
    with served.service.assistant.store.read() as unit:
        entry = unit.outbox.load(key)
    return entry.state if entry is not None else ""


def test_what_others_wrote_is_no_mark_mentions_nobody_and_fits() -> None:
    lines = tuple((f"*{number}* <!channel> @here & <https://evil.example|x> " + "y" * 5_000, "https://help.x.example/a|b") for number in range(3))
    said = announcement_said(Announcement("Week <!here> *47*" + "z" * 4_000, lines, ("x" * 4_000, "https://help.x.example")))
    for block in said.blocks:
        words = str(block.get("text", {}).get("text", "") or block.get("elements"))
        assert len(words) <= 3_000
        assert "<!" not in words
        assert "@here" not in words
        assert "<https://evil" not in words
    assert "<https://help.x.example/a%7Cb|Open>" in str(said.blocks)
    assert len(said.text) <= 3_100
