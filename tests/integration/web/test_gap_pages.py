"""The gap board and the pages of gaps in the running service."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import httpx
import pytest

from kb.model import FailureClass
from tests.support.service import Service

AGENT, AUTHOR, EMPLOYEE = "sam.oduya", "elin.berg", "maria.santos"
FIVE = ("maria.santos", "mikael.oberg", "priya.nair", "jonas.weber", "daniel.ortega")
LOOM = "The Jacquard loom in hall four stops with error"
MANY = 60


def console(web: Service, person: str) -> httpx.Client:
    client = web.client(Accept="text/html", Origin=web.url)
    client.cookies.set("firstline_session", web.token(person))
    return client


def ask(web: Service, person: str, text: str) -> None:
    """Ask and file a ticket."""
    with web.client(person) as client:
        asked = client.post("/v1/conversations", json={"text": text}).json()
        client.post(f"/v1/conversations/{asked['conversation']}/messages", json={"choice": "file"})


@pytest.fixture(scope="module")
def looms(web: Service) -> Iterator[str]:
    """A gap that five people asked for; its address."""
    for number, person in enumerate(FIVE):
        ask(web, person, f"{LOOM} {number}, my password is Hunter2-Secret")
    with console(web, AUTHOR) as author:
        page = author.get("/console/gaps", params={"q": "loom"}).text
    found = re.findall(r'href="(/console/gaps/g_\w+)"', page)
    assert found, page
    yield found[0]


def test_five_people_are_quoted_without_their_secrets(web: Service, looms: str) -> None:
    with console(web, AUTHOR) as author:
        for page in (author.get("/console/gaps", params={"q": "loom"}).text, author.get(looms).text):
            assert "Jacquard loom in hall four" in page
            assert "Hunter2-Secret" not in page


def test_fewer_are_not_in_any_form(web: Service) -> None:
    ask(web, EMPLOYEE, "The weaving simulator of the academy shows a purple sky over everything")
    with console(web, AUTHOR) as author:
        board = author.get("/console/gaps").text
        address = next(one for one in re.findall(r'href="(/console/gaps/g_\w+)"', board) if "eaving" in author.get(one).text)
        pages = [board, author.get(address).text, author.get("/console/gaps.csv").text]
    assert all("purple sky over everything" not in page for page in pages)
    assert "Not shown: fewer than 5 people asked." in pages[1]
    assert "Every question" not in pages[1], "an author below five people sees counts alone"
    with console(web, AGENT) as agent:
        page = agent.get(address).text
    assert "purple sky" not in page
    assert "/console/tickets/T-" in page


def test_the_file_holds_every_gap_and_no_formula(web: Service, looms: str) -> None:
    with console(web, AUTHOR) as author:
        author.post(f"{looms}/rename", data={"name": "=HYPERLINK looms"})
        answer = author.get("/console/gaps.csv")
        author.post(f"{looms}/rename", data={"name": "Loom stops"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    row = next(row for row in rows if row["id"] == looms.rpartition("/")[2])
    assert row["name"] == "'=HYPERLINK looms"
    assert (row["demand"], row["people"], row["tickets"]) == ("5", "5", "5")
    assert sum(int(row[failure.value]) for failure in FailureClass) == 5
    assert "Hunter2" not in answer.text


def test_somebody_takes_a_gap_up_and_gives_it_a_name(web: Service, looms: str) -> None:
    with console(web, AUTHOR) as author:
        assert author.post(f"{looms}/assign", data={"owner": AUTHOR, "due": "2999-12-31"}).headers["location"] == looms
        assert author.post(f"{looms}/rename", data={"name": "Looms that stop"}).headers["location"] == looms
        page = author.get(looms).text
        listed = author.get("/console/gaps", params={"owner": AUTHOR}).text
    assert "Elin Berg until 2999-12-31" in page
    assert '<h1 dir="auto">Looms that stop</h1>' in page
    assert "Looms that stop" in listed


@pytest.mark.parametrize(
    ("act", "fields", "said"),
    [
        ("assign", {"owner": EMPLOYEE}, "Only people who write articles"),
        ("assign", {"owner": AUTHOR, "due": "1999-01-01"}, "The due date has passed"),
        ("assign", {"owner": AUTHOR, "due": "tomorrow"}, "The due date is not a day"),
        ("rename", {"name": " "}, "A name has 1 to 80"),
        ("dismiss", {"reason": ""}, "Say why"),
        ("merge", {"into": "g_none"}, "There is no gap g_none"),
        ("split", {}, "Choose some of the questions"),
        ("reopen", {}, "The gap is open already"),
        ("close", {}, "Only a gap whose article was published"),
    ],
)
def test_what_cannot_be_done_is_said_on_the_page(web: Service, looms: str, act: str, fields: dict[str, str], said: str) -> None:
    with console(web, AUTHOR) as author:
        answer = author.post(f"{looms}/{act}", data=fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'role="alert"' in answer.text


def test_a_dismissed_gap_leaves_the_list_and_comes_back_when_asked(web: Service, looms: str) -> None:
    with console(web, AUTHOR) as author:
        author.post(f"{looms}/dismiss", data={"reason": "The weavers' own desk answers that"})
        assert looms not in author.get("/console/gaps", params={"q": "loom"}).text
        assert looms in author.get("/console/gaps", params={"q": "loom", "state": "dismissed"}).text
        assert "own desk answers that" in author.get(looms).text
        author.post(f"{looms}/reopen")
        assert looms in author.get("/console/gaps", params={"q": "loom"}).text


def test_questions_are_split_off_and_merged_again(web: Service, looms: str) -> None:
    with console(web, AUTHOR) as author:
        chosen = re.findall(r'name="intents" value="(u_\w+)"', author.get(looms).text)[:2]
        assert len(chosen) == 2
        fresh = author.post(f"{looms}/split", data={"intents": chosen}).headers["location"]
        assert fresh != looms
        assert "2 times" in author.get(fresh).text
        back = author.post(f"{fresh}/merge", data={"into": looms.rpartition("/")[2]}).headers["location"]
        assert back == looms
        assert author.get(fresh).status_code == 404
        assert "5 times" in author.get(looms).text


def test_another_site_and_an_employee_change_nothing(web: Service, looms: str) -> None:
    with console(web, AUTHOR) as author:
        refused = author.post(f"{looms}/rename", data={"name": "Taken over"}, headers={"Origin": "https://evil.example"})
        assert refused.status_code == 403
    with console(web, EMPLOYEE) as employee:
        assert employee.post(f"{looms}/rename", data={"name": "Taken over"}).status_code == 403
        assert employee.get(looms).status_code == 403
        assert employee.get("/console/gaps.csv").status_code == 403
    with console(web, AUTHOR) as author:
        assert "Taken over" not in author.get(looms).text


@pytest.mark.parametrize("address", ["g_none", "%3Cscript%3E", "x" * 200, "g_%27"])
def test_a_gap_that_is_not_there_is_said_to_be_not_there(web: Service, address: str) -> None:
    with console(web, AUTHOR) as author:
        assert author.get(f"/console/gaps/{address}").status_code == 404


@pytest.mark.parametrize("query", ["state=nonsense", "failure=nonsense", "category=%3Cscript%3E", "page=9999", "q=%25%27%22"])
def test_strange_filters_show_an_empty_list_or_are_left_out(web: Service, query: str) -> None:
    with console(web, AUTHOR) as author:
        page = author.get(f"/console/gaps?{query}")
    assert page.status_code == 200
    assert "<script>" not in page.text.replace('<script type="module"', "").replace("<script defer", "")


def test_a_gap_of_many_questions_is_read_page_by_page(web: Service) -> None:
    for number in range(MANY):
        ask(web, FIVE[number % 5], f"The humidity sensor of greenhouse nine reports nothing, part {number}")
    with console(web, AUTHOR) as author:
        board = author.get("/console/gaps", params={"q": "humidity"}).text
        address = re.findall(r'href="(/console/gaps/g_\w+)"', board)[0]
        first, second = author.get(address).text, author.get(address, params={"page": 2}).text
    assert len(re.findall(r'name="intents"', first)) == 50
    assert re.search(r"51 to (\d\d) of \1", second)
    assert not set(re.findall(r'value="(u_\w+)"', first)) & set(re.findall(r'value="(u_\w+)"', second))
