"""The rollout page: operators move categories and take that back, auditors read, and what is kept stands beside what came."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from assistant.domain.measured import PREDICTION, freeze
from assistant.domain.prediction import Predicted, Prediction
from assistant.domain.rollout import Rung
from tests.support.service import LocalService, copy_demo, served_here

OPERATOR, AUDITOR, AGENT = "anders.nyqvist", "fiona.baxter", "sam.oduya"


@pytest.fixture
def service(model_home: Path, tmp_path: Path) -> Iterator[LocalService]:
    with served_here(copy_demo(tmp_path / "home", model_home)) as found:
        yield found


def client(service: LocalService, person: str) -> httpx.Client:
    made = service.client(**{"Accept": "text/html", "Origin": service.url})
    made.cookies.set("firstline_session", service.token(person))
    return made


def test_an_operator_moves_a_category_and_takes_it_back(service: LocalService) -> None:
    with client(service, OPERATOR) as browser:
        empty = browser.get("/console/rollout").text
        assert all(
            words in empty for words in ("No category has demand yet", "No baseline was frozen", "No go-live was simulated", "Readiness was not")
        )
        wanted = {"category": "vpn", "to": "triage only", "why": "<b>the gateway</b> is replaced"}
        assert browser.post("/console/rollout/move", data=wanted).status_code == 303
        moved = browser.get("/console/rollout").text
        assert "automatic → triage only" in moved and "&lt;b&gt;the gateway" in moved and "<b>the gateway" not in moved
        undo = re.search(r'action="(/console/rollout/r_[0-9a-f]+/undo)"', moved)
        assert undo
        assert browser.post(undo[1]).status_code == 303
        assert browser.post(undo[1]).status_code == 409
    with service.assistant.store.read() as unit:
        assert service.assistant.practices.rollout.rung(unit, "vpn") is Rung.AUTOMATIC
        assert [line.facts["decision"] for line in unit.audit.lines() if line.facts["step"] == "rollout"] == ["moved", "undone"]


def test_what_is_not_proposed_or_makes_no_sense_is_refused(service: LocalService) -> None:
    with client(service, OPERATOR) as browser:
        assert browser.post("/console/rollout/accept", data={"category": "vpn", "to": "confirm"}).status_code == 409
        assert browser.post("/console/rollout/move", data={"category": "vpn", "to": "sideways", "why": "x"}).status_code == 422
        assert browser.post("/console/rollout/move", data={"category": "vpn", "to": "confirm", "why": " "}).status_code == 409


def test_an_auditor_reads_without_buttons_and_an_agent_does_not(service: LocalService) -> None:
    service.assistant.practices.rollout.move("vpn", Rung.SUGGEST, OPERATOR, "begin carefully")
    with client(service, AUDITOR) as browser:
        answer = browser.get("/console/rollout")
        assert answer.status_code == 200 and "begin carefully" in answer.text and "<form" not in answer.text.partition('id="ladder"')[2]
        assert browser.post("/console/rollout/move", data={"category": "vpn", "to": "confirm", "why": "x"}).status_code == 403
    with client(service, AGENT) as browser:
        assert browser.get("/console/rollout").status_code == 403


def test_a_prediction_that_was_changed_is_not_shown_as_one(service: LocalService) -> None:
    one = Predicted(category="vpn", tickets=90, tried=40, answered=30, right=29.4, mean=0.7, deviation=0.05, low=0.5, high=0.9)
    made = Prediction(source="x", since="", until="", tickets=90, tried=40, seed=0, policy="p", calibration="c", whole=one, categories=(one,))
    record = freeze(PREDICTION, "shown", made, "operator", datetime(2026, 11, 1, tzinfo=UTC))
    with service.assistant.store.write() as unit:
        unit.rollout.keep(record)
    with client(service, OPERATOR) as browser:
        assert "70 %, " in browser.get("/console/rollout").text
    from sqlalchemy import text

    with service.assistant.knowledge_base.engine.begin() as connection:
        connection.execute(text("UPDATE frozen_records SET body = replace(body, '0.7', '0.9')"))
    with client(service, OPERATOR) as browser:
        shown = browser.get("/console/rollout").text
    assert "was changed since it was frozen" in shown and "90 %, " not in shown
