"""Experiments in the console: the verdict, the weeks, the rows behind the numbers, and who sees them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from assistant.desk.experiments import look_at_all, opened
from assistant.domain.experiment import SELECTION, WEEK, WEEKS_BEFORE
from assistant.privacy import erase
from tests.support.service import LocalService, copy_demo, served_here
from tests.support.topics import add_gaps, ask_for_weeks
from tests.support.world import opened_world

AUTHOR, AGENT, EMPLOYEE = "elin.berg", "sam.oduya", "maria.santos"
SINCE = 5
NOW = datetime.now(UTC)
PUBLISHED = NOW - SINCE * WEEK - timedelta(days=2)
START = PUBLISHED - SELECTION - WEEKS_BEFORE * WEEK
PERSON = "person.10"
"""One of those who asked."""


def helped(topic: int, week: int) -> float:
    return 0.9 if topic == 0 and week >= WEEKS_BEFORE + 2 else 0.4


@pytest.fixture(scope="module")
def service(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """The demo company's service with an article that was published five weeks ago and helped."""
    home = copy_demo(tmp_path_factory.mktemp("experiments") / "home", model_home)
    with opened_world(home) as world:
        store = world.assistant.store
        add_gaps(store, 6, START)
        ask_for_weeks(store, 6, START, WEEKS_BEFORE + 2 + SINCE, helped, each=6)
        with store.write() as unit:
            opened(unit, "g_0", "vpn-windows", 1, PUBLISHED)
            opened(unit, "g_1", "no-such-article", 1, NOW - timedelta(days=1))
        assert look_at_all(store, NOW, timedelta(hours=24), lambda _: "") == 1
        erase(world.assistant, PERSON)
    with served_here(home) as found:
        yield found


def client(service: LocalService, person: str) -> httpx.Client:
    made = service.client(Accept="text/html")
    made.cookies.set("firstline_session", service.token(person))
    return made


def get(service: LocalService, path: str, person: str = AUTHOR, status: int = 200) -> str:
    with client(service, person) as browser:
        answer = browser.get(path)
    assert answer.status_code == status, answer.text[:400]
    return answer.text


def number(service: LocalService) -> str:
    with service.assistant.store.read() as unit:
        return next(one.id for one in unit.experiments.all() if one.gap == "g_0")


def test_the_list_says_what_each_article_changed(service: LocalService) -> None:
    page = get(service, "/console/experiments")
    assert "topic number 0" in page
    assert "More questions are confirmed as resolved than without the article" in page
    assert "the first week after publishing is not over" in page
    assert "An article that is gone, or that you may not read" in page
    assert "6.0 before, 6.0 since" in page


def test_one_experiment_shows_its_weeks_its_looks_and_its_method(service: LocalService) -> None:
    page = get(service, f"/console/experiments/{number(service)}")
    assert "Confirmed as resolved, week by week" in page
    assert "33 % of 72" in page  # two of six in each of twelve weeks
    assert "83 % of 30" in page
    assert "corrected for looking every week" in page
    assert "what changed for everybody cancels" in page
    assert "<svg" in page


def test_every_number_leads_to_its_conversations(service: LocalService) -> None:
    place = f"/console/experiments/{number(service)}/rows"
    after = get(service, f"{place}?side=after", AGENT)
    assert "/console/conversations/c_0_14_0" in after
    assert "c_0_3_0" not in after
    before = get(service, f"{place}?side=before", AGENT)
    assert "/console/conversations/c_0_3_0" in before
    assert "?side=before&amp;page=2" in before or "?side=before&page=2" in before


def test_an_author_sees_which_they_are_and_does_not_open_them(service: LocalService) -> None:
    page = get(service, f"/console/experiments/{number(service)}/rows", AUTHOR)
    assert "c_0_14_0" in page
    assert "/console/conversations/c_0_14_0" not in page


def test_the_rows_of_a_person_go_with_the_person(service: LocalService) -> None:
    with service.assistant.store.read() as unit:
        rows = unit.experiments.rows(number(service))
    theirs = {
        f"c_0_{week}_{place}" for week in range(WEEKS_BEFORE + 2 + SINCE) for place in range(6) if f"person.{(week * 7 + place) % 97}" == PERSON
    }
    assert theirs
    assert not theirs & {row.conversation for row in rows}


@pytest.mark.parametrize("path", ["/console/experiments", "/console/experiments/x_none", "/console/experiments/x_none/rows"])
def test_nobody_else_sees_them(service: LocalService, path: str) -> None:
    assert "topic number" not in get(service, path, EMPLOYEE, 403)


def test_what_is_not_there_is_said_to_be_not_there(service: LocalService) -> None:
    get(service, "/console/experiments/x_none", status=404)
    get(service, f"/console/experiments/{number(service)}/rows?side=both", status=422)
