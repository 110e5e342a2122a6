"""Tuning in the console: operators accept and undo, auditors read, nobody else sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from assistant.domain.audit import AuditLine
from tests.support.judged_answers import judge_answers
from tests.support.service import LocalService, copy_demo, served_here
from tests.support.world import opened_world

OPERATOR, AUDITOR, AGENT, EMPLOYEE = "anders.nyqvist", "fiona.baxter", "sam.oduya", "maria.santos"


@pytest.fixture
def service(model_home: Path, tmp_path: Path) -> Iterator[LocalService]:
    """The demo company's service with two weeks of judged answers."""
    home = copy_demo(tmp_path / "home", model_home)
    with opened_world(home) as world:
        judge_answers(world.assistant.store, datetime.now(UTC))
    with served_here(home) as found:
        yield found


def client(service: LocalService, person: str, origin: bool = True) -> httpx.Client:
    made = service.client(**({"Accept": "text/html"} | ({"Origin": service.url} if origin else {})))
    made.cookies.set("firstline_session", service.token(person))
    return made


def page(service: LocalService, person: str, status: int = 200) -> str:
    with client(service, person) as browser:
        answer = browser.get("/console/tuning")
    assert answer.status_code == status
    return answer.text


def proposed(text: str) -> str:
    found = re.search(r'name="where" value="steps\.answer"><input type="hidden" name="auto" value="([\d.]+)"', text)
    assert found
    return found[1]


def tuned(service: LocalService) -> list[AuditLine]:
    with service.assistant.store.read() as unit:
        return [line for line in unit.audit.lines() if line.facts["step"] == "tune"]


def test_an_operator_accepts_a_proposal_and_undoes_it(service: LocalService) -> None:
    before = page(service, OPERATOR)
    assert "Can its confidence be believed?" in before
    assert "Nothing was decided yet" in before
    with client(service, OPERATOR) as browser:
        assert browser.post("/console/tuning/accept", data={"where": "steps.answer", "auto": proposed(before)}).status_code == 303
    after = page(service, OPERATOR)
    assert "in force" in after
    assert "the file with 1 accepted threshold" in after
    undo = re.search(r'action="(/console/tuning/t_[0-9a-f]+/undo)"', after)
    assert undo
    with client(service, OPERATOR) as browser:
        assert browser.post(undo[1]).status_code == 303
        assert browser.post(undo[1]).status_code == 409
    assert "undone" in page(service, OPERATOR)
    assert [(line.facts["actor"], line.facts["decision"]) for line in tuned(service)] == [(OPERATOR, "accepted"), (OPERATOR, "undone")]


def test_what_was_not_proposed_is_not_taken(service: LocalService) -> None:
    with client(service, OPERATOR) as browser:
        answer = browser.post("/console/tuning/accept", data={"where": "steps.answer", "auto": "0.2"})
        assert answer.status_code == 409
        assert "look at the proposals again" in answer.text
        assert browser.post("/console/tuning/accept", data={"where": "steps.answer", "auto": "7"}).status_code == 422
        assert browser.post("/console/tuning/ranking").status_code == 409
    assert tuned(service) == []


def test_an_auditor_reads_and_decides_nothing(service: LocalService) -> None:
    text = page(service, AUDITOR)
    assert "Can its confidence be believed?" in text
    assert "<button" not in text.partition("<main")[2]
    with client(service, AUDITOR) as browser:
        assert browser.post("/console/tuning/accept", data={"where": "steps.answer", "auto": proposed(page(service, OPERATOR))}).status_code == 403


@pytest.mark.parametrize("person", [AGENT, EMPLOYEE])
def test_nobody_else_sees_it(service: LocalService, person: str) -> None:
    assert "believed" not in page(service, person, 403)


def test_a_form_from_another_site_changes_nothing(service: LocalService) -> None:
    auto = proposed(page(service, OPERATOR))
    with client(service, OPERATOR, origin=False) as browser:
        assert browser.post("/console/tuning/accept", data={"where": "steps.answer", "auto": auto}).status_code == 403
    assert tuned(service) == []


def test_every_number_leads_to_the_decisions_behind_it(service: LocalService) -> None:
    text = page(service, OPERATOR)
    links = re.findall(r'href="(/console/tuning/rows[^"]+)">([^<]+)</a>', text)
    assert len(links) >= 6
    with client(service, AUDITOR) as browser:
        for href, said in links:
            answer = browser.get(href.replace("&amp;", "&"))
            assert answer.status_code == 200, (href, said)
            assert "No such decision" not in answer.text, (href, said)
        wrong = browser.get("/console/tuning/rows?step=answer&band=steps.answer&verdict=wrong").text
        assert wrong.count("<td>rejected</td>") == 50
        assert "<td>confirmed</td>" not in wrong
        second = browser.get("/console/tuning/rows?step=answer&band=steps.answer&verdict=wrong&page=2").text
        assert "Page before" in second
        assert not set(re.findall(r"c_5_\d+", wrong)) & set(re.findall(r"c_5_\d+", second))
        assert browser.get("/console/tuning/rows?step=other").status_code == 422
    with client(service, EMPLOYEE) as browser:
        assert browser.get("/console/tuning/rows?step=answer").status_code == 403
