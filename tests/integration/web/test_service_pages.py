"""The pages of operators and auditors: what they show is what stands in the tables and in the policy."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.service import Service

OPERATOR, AUDITOR, PERSON = "anders.nyqvist", "fiona.baxter", "maria.santos"


def console(web: Service, person: str) -> httpx.Client:
    client = web.client(Accept="text/html", Origin=web.url)
    client.cookies.set("firstline_session", web.token(person))
    return client


def until(found: Callable[[], Any], seconds: float = 30.0) -> Any:
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)
    return value


def asked(web: Service, words: str) -> str:
    with web.client(PERSON) as client:
        conversation = client.post("/v1/conversations", json={"text": words}).json()["conversation"]
    return str(conversation)


def test_the_policy_page_shows_that_every_example_comes_out_and_answers_a_case(web: Service) -> None:
    with console(web, OPERATOR) as client:
        page = client.get("/console/policy").text
        assert re.search(r"All \d+ examples of the policy come out", page) and page.count('class="state ok"') >= 14
        refused = client.get("/console/policy", params={"tool": "reset_password", "pressed": "true", "confidence": "1"}).text
        assert "asks for a one-time code" in refused and "tools.reset_password: second factor" in refused
        people = client.get("/console/policy", params={"tool": "grant_access", "group": "Domain Admins", "days": "1", "pressed": "true"}).text
        assert "leaves it to people" in people and "people only: privileged" in people
        unsure = client.get("/console/policy", params={"step": "answer", "confidence": "0.1"}).text
        assert "is left to people" in unsure
        unknown = client.get("/console/policy", params={"tool": "<script>alert(1)</script>"}).text
        assert "default: no such tool" in unknown and "<script>alert" not in unknown
        assert client.get("/console/policy", params={"confidence": "2"}).status_code == 422


def test_the_checks_are_made_while_the_page_is_there_already(web: Service) -> None:
    with console(web, OPERATOR) as client:
        began = time.monotonic()
        assert client.get("/console/connectors").status_code == 200
        assert time.monotonic() - began < 5
        part = until(lambda: text if "hx-get" not in (text := client.get("/console/connectors/checks").text) else "")
        assert "Database" in part and 'class="state ok"' in part and "<html" not in part
        page = client.get("/console/connectors").text
        assert "kb/articles" in page and "Ways in beside the web" not in page
        assert client.post("/console/connectors/checks").status_code == 303


def test_records_are_found_by_whom_they_name_where_they_belong_and_when_they_were_written(web: Service) -> None:
    conversation = asked(web, "How do I reset my VPN?")
    with console(web, AUDITOR) as client:
        for whom in ({}, {"person": PERSON}, {"person": "maria santos"}):
            page = client.get("/console/audit", params={"conversation": conversation, **whom}).text
            numbers = re.findall(r'href="/console/audit/(\d+)"', page)
            assert numbers and numbers == sorted(numbers, key=int, reverse=True), whom
        assert "No record" in client.get("/console/audit", params={"conversation": conversation, "person": "elin.berg"}).text
        assert "No record" in client.get("/console/audit", params={"person": "nobody.here"}).text
        assert "No record" in client.get("/console/audit", params={"until": "2001-01-01"}).text
        assert "No record" in client.get("/console/audit", params={"since": "2099-01-01"}).text
        assert conversation[:12] in client.get("/console/audit", params={"since": "2001-01-01", "step": "answer"}).text
        assert "No record" in client.get("/console/audit", params={"step": 'answer","x":"'}).text, "a filter is no part of a query"
        entry = client.get(f"/console/audit/{numbers[0]}").text
        assert conversation in entry and "Decided again" in entry and "p_" not in re.findall(r"<dt>actor</dt><dd>(.*?)</dd>", entry)[0]
        assert client.get("/console/audit/99999999").status_code == 404 and client.get("/console/audit/x").status_code == 422


def test_an_export_holds_what_the_filter_leaves_and_no_formula(web: Service) -> None:
    conversation = asked(web, "My printer prints half of each label")
    with console(web, AUDITOR) as client:
        shown = re.findall(r'href="/console/audit/(\d+)"', client.get("/console/audit", params={"conversation": conversation}).text)
        answer = client.get("/console/audit/records.csv", params={"conversation": conversation})
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["number"] for row in rows] == list(dict.fromkeys(shown)) and {row["conversation"] for row in rows} == {conversation}
        assert answer.headers["content-type"].startswith("text/csv") and "attachment" in answer.headers["content-disposition"]
        everything = list(csv.DictReader(io.StringIO(client.get("/console/audit/records.csv").text)))
        numbers = [int(row["number"]) for row in everything]
        assert numbers == list(range(numbers[0], 0, -1)), "the export of everything leaves records out or repeats them"
        assert not [cell for row in everything for cell in row.values() if cell and cell[0] in "=+@\t\r"]


def test_the_chain_is_checked_while_the_page_is_left(web: Service) -> None:
    asked(web, "Wi-Fi is slow")
    with console(web, AUDITOR) as client:
        assert client.post("/console/audit/chain").status_code == 303
        done = until(lambda: text if "hx-get" not in (text := client.get("/console/audit/chain").text) else "")
        assert "the chain holds" in done and re.search(r"[1-9][\d,]* records", done)


@pytest.mark.parametrize("before", ["-1", "x", "99999999999999"])
def test_a_place_that_is_none_is_refused(web: Service, before: str) -> None:
    with console(web, AUDITOR) as client:
        assert client.get("/console/audit", params={"before": before}).status_code == 422
