"""The ledger as a page: every number opens to its conversations, and to a spreadsheet."""

from __future__ import annotations

import csv
import html
import io
import re
import secrets

import httpx
import pytest

from tests.integration.web.test_console_rights import AGENT, AUTHOR, EMPLOYEE, console
from tests.support.service import Service

VPN = "I can't connect to the VPN"


@pytest.fixture
def counted(web: Service) -> Service:
    """The service after one issue was solved and one person was asked for."""
    said(web, "maria.santos", VPN, "yes")
    said(web, "priya.nair", "I want to talk to a person")
    return web


def said(web: Service, person: str, text: str, choice: str = "") -> None:
    with web.client(person) as client:
        reply = client.post("/v1/conversations", json={"text": text}).json()
        if choice:
            path = f"/v1/conversations/{reply['conversation']}/messages"
            assert client.post(path, json={"choice": choice, "id": secrets.token_hex(6)}).status_code == 200


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_outcomes_of_a_row_sum_to_its_demand_and_open_to_their_conversations(counted: Service) -> None:
    with console(counted, AUTHOR) as client:
        page = client.get("/console/ledger?by=category&then=intent").text
        links = re.findall(r'href="(/console/ledger/rows[^"]+)">([\d,]+)</a>', page)
        assert links
        for href, number in links:
            assert rows_behind(client, href) == int(number.replace(",", ""))


def rows_behind(client: httpx.Client, href: str) -> int:
    """Count the rows of every page that a number opens to."""
    rows = 0
    while href:
        page = client.get(html.unescape(href))
        assert page.status_code == 200
        rows += len(re.findall(r'<th scope="row">', page.text))
        older = re.search(r'href="([^"]+)">Older</a>', page.text)
        href = older[1] if older else ""
    return rows


def test_the_cells_as_csv_hold_every_rate_with_its_denominator(counted: Service) -> None:
    with console(counted, AUTHOR) as client:
        got = client.get("/console/ledger/cells.csv?by=channel")
        assert got.headers["content-type"].startswith("text/csv")
        rows = table(got.text)
        assert "attachment" in got.headers["content-disposition"]
    outcomes = ("RESOLVED_CONFIRMED", "RESOLVED_ASSUMED", "TICKET_FILED", "HANDED_OFF", "UNRESOLVED", "ABANDONED")
    assert rows
    for row in rows:
        assert sum(int(row[name]) for name in outcomes) == int(row["demand"]) == int(row["confirmed_resolution_total"])


def test_the_conversations_as_csv_say_nothing_of_what_was_said_or_who(counted: Service) -> None:
    with console(counted, AUTHOR) as client:
        text = client.get("/console/ledger/rows.csv").text
    assert "HANDED_OFF" in text
    assert "requested" in text
    assert "VPN" not in text
    assert "maria" not in text


def test_only_an_agent_is_led_to_a_conversation_and_only_where_the_desk_has_to_do_with_it(counted: Service) -> None:
    with console(counted, AGENT) as client:
        handed, solved = (client.get(f"/console/ledger/rows?outcome={one}").text for one in ("HANDED_OFF", "RESOLVED_CONFIRMED"))
    assert "/console/conversations/c_" in handed
    assert "/console/conversations/c_" not in solved
    with console(counted, AUTHOR) as client:
        assert "/console/conversations/c_" not in client.get("/console/ledger/rows?outcome=HANDED_OFF").text


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/console/ledger?by=person", 422),
        ("/console/ledger?since=2026-11-20&until=2026-11-01", 422),
        ("/console/ledger?since=1999-01-01", 422),
        ("/console/ledger?since=2001-01-01&until=2026-11-01", 422),
        ("/console/ledger/rows?page=0", 422),
        ("/console/ledger?since=2020-01-06&until=2020-01-12", 200),
    ],
)
def test_what_cannot_be_counted_is_said(counted: Service, address: str, status: int) -> None:
    with console(counted, AUTHOR) as client:
        assert client.get(address).status_code == status


def test_an_empty_time_says_what_will_appear(counted: Service) -> None:
    with console(counted, AUTHOR) as client:
        assert "Nothing ended in this time" in client.get("/console/ledger?since=2020-01-06&until=2020-01-12").text


def test_the_ledger_is_for_the_desk(counted: Service) -> None:
    with console(counted, EMPLOYEE) as client:
        assert client.get("/console/ledger").status_code == 403
        assert client.get("/console/ledger/rows.csv").status_code == 403
