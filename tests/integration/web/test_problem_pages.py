"""The page of a problem: when its tickets were opened, and where the people are who wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.domain.configuration import DEFAULT_QUEUE
from assistant.domain.problem import FAULT, How, Link, Problem, ProblemState, Trace
from assistant.domain.ticket import TicketBody, TicketDraft
from tests.support.service import LocalService, copy_demo, served_here

AGENT, ASKED, MOVED = "sam.oduya", "maria.santos", "jonas.weber"
OPENED = datetime(2026, 11, 20, 8, 5, tzinfo=UTC)
LINKED = OPENED + timedelta(hours=5)


@pytest.fixture
def service(model_home: Path, tmp_path: Path) -> Iterator[LocalService]:
    with served_here(copy_demo(tmp_path / "home", model_home)) as found:
        yield found


def problem_of(service: LocalService) -> tuple[str, dict[str, str]]:
    """Store a problem of two tickets that were linked hours later; only what the second is about was read. Return its id, and theirs by person."""
    with service.assistant.store.write() as unit:
        made = unit.problems.add(Problem("", ProblemState.OPEN, "ERP: 503", "ERP", "erp", ("503",), (), 0.9, OPENED, LINKED, LINKED))
        tickets = {}
        for number, person in enumerate((MOVED, ASKED)):
            draft = TicketDraft(f"k{number}", person, "ERP 503", DEFAULT_QUEUE, "erp", TicketBody("x"))
            ticket = unit.tickets.create(draft, OPENED - timedelta(minutes=number))
            unit.problems.link(Link(made.id, ticket.id, person, LINKED, How.CHAT))
            tickets[person] = ticket.id
        unit.problems.trace(Trace(tickets[MOVED], MOVED, OPENED, "ERP", "erp", (), "Where he was", FAULT, ()))
    return made.id, tickets


def rows(page: str) -> list[tuple[str, str, str]]:
    """Return the ticket, the site and the moment under "Came" of each row, in their order."""
    found = re.findall(r'href="/console/tickets/([^"]+)".*?data-label="Site">([^<]*)<.*?data-label="Came"><time datetime="([^"]+)"', page, re.DOTALL)
    return [(ticket, site, came) for ticket, site, came in found]


def test_a_ticket_came_when_it_was_opened_and_its_site_is_where_its_person_was_or_is(service: LocalService) -> None:
    problem, tickets = problem_of(service)
    known = service.assistant.directory.person(ASKED)
    assert known is not None and known.location
    with service.client(Accept="text/html") as browser:
        browser.cookies.set("firstline_session", service.token(AGENT))
        page = browser.get(f"/console/problems/{problem}").text
    earlier = (OPENED - timedelta(minutes=1)).isoformat()
    assert rows(page) == [(tickets[ASKED], known.location, earlier), (tickets[MOVED], "Where he was", OPENED.isoformat())]
    assert f"{known.location} (1)" in page, "the facts count the same sites"
