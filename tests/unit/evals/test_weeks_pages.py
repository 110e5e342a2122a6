"""How pages of the console are found and their times are summed up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest

from evals.weeks.pages import Address, Reader, Timed, discover, kind_of, links, page_of, pages_of_the_console
from evals.weeks.scale import CommandFailed, run, weeks_before

PAGES = {
    "/console/week": re.compile(r"^/console/week$"),
    "/console/tickets": re.compile(r"^/console/tickets$"),
    "/console/tickets/{ticket_id}": re.compile(r"^/console/tickets/(?P<ticket_id>[^/]+)$"),
    "/console/tickets/all": re.compile(r"^/console/tickets/all$"),
    "/console/secret": re.compile(r"^/console/secret$"),
}


@dataclass
class Answer:
    status_code: int
    text: str = ""

    kind: str = "text/html; charset=utf-8"

    @property
    def headers(self) -> dict[str, str]:
        return {"content-type": self.kind}


class Console:
    """A client that answers from a table, and counts."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers, self.asked = answers, list[str]()

    def get(self, path: str) -> Any:
        self.asked.append(path)
        return self.answers.get(path, Answer(404))


def anchors(*targets: str) -> str:
    return "".join(f'<a href="{one}">x</a>' for one in targets)


def test_links_of_the_console_are_found_without_anchors_and_without_other_places() -> None:
    page = anchors("/console/week#top", "?page=2", "/articles", "https://x.example/console/week", "/console/sign-out", "/console/week")
    assert links(page + '<div hx-get="/console/gaps/part"></div>', "/console/tickets") == [
        "/console/week",
        "/console/tickets?page=2",
        "/console/gaps/part",
    ]


def test_an_address_belongs_to_the_most_exact_page_and_its_filters_are_part_of_its_kind() -> None:
    assert page_of("/console/tickets/all?x=1", PAGES) == "/console/tickets/all"
    assert page_of("/console/tickets/T-1", PAGES) == "/console/tickets/{ticket_id}"
    assert page_of("/console/nowhere/at/all", PAGES) == ""
    assert kind_of("/console/tickets?queue=a&page=2", PAGES) == ("/console/tickets", ("page", "queue"))


def test_pages_are_found_by_following_links_and_a_long_list_is_followed_a_few_times_only() -> None:
    tickets = [f"/console/tickets/T-{number}" for number in range(500)]
    answers = {
        "/console/week": Answer(200, anchors("/console/tickets")),
        "/console/tickets": Answer(200, anchors(*tickets, "?queue=network", "?queue=email", "?queue=other")),
        "/console/tickets/all": Answer(500),
        "/console/secret": Answer(403),
        **{one: Answer(200) for one in tickets},
        **{f"/console/tickets?queue={queue}": Answer(200) for queue in ("network", "email", "other")},
    }
    console = Console(answers)
    addresses, unreached, failed = discover([Reader(console, "sam")], PAGES)  # type: ignore[arg-type]
    assert [one.path for one in addresses] == [
        "/console/tickets",
        "/console/tickets?queue=network",
        "/console/tickets?queue=email",
        "/console/tickets/T-0",
        "/console/tickets/T-1",
        "/console/week",
    ]
    assert unreached == ["/console/secret", "/console/tickets/all"]
    assert failed == {"/console/tickets/all": 500}
    assert len(console.asked) < 15


def test_a_page_is_read_by_somebody_who_may() -> None:
    closed, open_ = Console({}), Console({"/console/secret": Answer(200)})
    addresses, _, _ = discover([Reader(closed, "sam"), Reader(open_, "elin")], PAGES)  # type: ignore[arg-type]
    assert addresses == [Address("/console/secret", "/console/secret", "elin")]


def test_the_figure_of_a_page_is_that_of_its_slowest_address_and_the_median_of_the_rounds() -> None:
    fast, slow = Address("/console/tickets", "/console/tickets", "sam"), Address("/console/tickets?queue=a", "/console/tickets", "sam")
    timed = Timed([{fast: [0.01] * 10, slow: [0.1] * 10}, {fast: [0.01] * 10, slow: [0.3] * 10}, {fast: [0.01] * 10, slow: [0.2] * 10}])
    assert timed.p95_by_page(0) == {"/console/tickets": pytest.approx(100)}
    assert timed.medians() == {"/console/tickets": pytest.approx(200)}


def test_files_to_take_away_are_no_pages_and_growth_is_told_by_the_processor_above_what_can_be_told() -> None:
    page, file = Address("/console/week", "/console/week", "sam"), Address("/console/week.csv", "/console/week.csv", "sam", export=True)
    small = Timed([{page: [0.01], file: [0.01]}], {page: 1.0, file: 1.0})
    large = Timed([{page: [0.09], file: [9.0]}], {page: 80.0, file: 900.0})
    assert large.p95_by_page(0) == {"/console/week": pytest.approx(90)}
    assert large.medians(exports=True) == {"/console/week.csv": pytest.approx(9_000)}
    assert large.grown(small) == {"/console/week": pytest.approx(10)}


def test_the_application_has_the_pages_that_everybody_begins_with() -> None:
    assert {"/console/week", "/console/ledger", "/console/tickets"} <= pages_of_the_console().keys()


def test_the_weeks_that_are_over_are_the_ones_before_this_one_also_at_new_year() -> None:
    from datetime import UTC, datetime

    assert weeks_before(datetime(2026, 11, 22, 23, 30, tzinfo=UTC), "Europe/Stockholm", 2) == ["2026-W46", "2026-W47"]
    assert weeks_before(datetime(2027, 1, 5, tzinfo=UTC), "Europe/Stockholm", 2) == ["2026-W52", "2026-W53"]


def test_the_memory_of_a_command_is_its_own_and_not_that_of_who_started_it(tmp_path: Any) -> None:
    ballast = bytearray(b"x" * 400_000_000)
    made = run(tmp_path, "--help")
    assert "Firstline" in made.wrote
    assert 10 < made.rss_mb < 300
    assert len(ballast) == 400_000_000


def test_a_command_that_fails_is_no_measurement(tmp_path: Any) -> None:
    with pytest.raises(CommandFailed, match="ended with 2"):
        run(tmp_path, "review", "run", "--week", "never")
