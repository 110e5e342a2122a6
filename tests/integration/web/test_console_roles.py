"""Who may open which page of the console and press which of its buttons: every address against every role."""

from __future__ import annotations

import pytest

from assistant.domain.configuration import Role
from tests.support.console_pages import filled, routes
from tests.support.service import Service

PEOPLE = {
    "employee": "maria.santos",
    Role.AUTHOR: "elin.berg",
    Role.AGENT: "sam.oduya",
    Role.OPERATOR: "anders.nyqvist",
    Role.AUDITOR: "fiona.baxter",
    "admin": "yusuf.karim",
}
EVERYBODY = frozenset({"employee", *Role})
MANAGERS = frozenset({Role.OPERATOR, Role.AUDITOR})
"""Managers begin cases for their own people; of those who stand for the roles here, these are some."""
STAFF = frozenset(Role)
AUTHOR, AGENT, OPERATOR, AUDITOR = (frozenset({role}) for role in (Role.AUTHOR, Role.AGENT, Role.OPERATOR, Role.AUDITOR))
NO_SESSION = "no session is needed"
ALLOWED: dict[tuple[str, str], object] = {
    ("GET", "/console/sign-in"): NO_SESSION,
    ("POST", "/console/sign-in"): NO_SESSION,
    ("GET", "/console/sign-in/begin"): NO_SESSION,
    ("GET", "/console/sign-in/callback"): NO_SESSION,
    ("POST", "/console/sign-out"): NO_SESSION,
    ("GET", "/console/signed-out"): NO_SESSION,
    ("GET", "/console"): EVERYBODY,
    ("GET", "/console/approvals"): EVERYBODY,
    ("GET", "/console/approvals/{action_id}"): EVERYBODY,
    ("POST", "/console/approvals/{action_id}"): EVERYBODY,
    ("GET", "/console/tickets"): AGENT,
    ("GET", "/console/tickets/{ticket_id}"): AGENT,
    ("GET", "/console/attachments/{attachment_id}"): AGENT,
    ("GET", "/console/conversations"): AGENT,
    ("GET", "/console/conversations/{conversation_id}"): AGENT,
    ("POST", "/console/conversations/{conversation_id}/take"): AGENT,
    ("POST", "/console/conversations/{conversation_id}/say"): AGENT,
    ("POST", "/console/conversations/{conversation_id}/give-back"): AGENT,
    ("GET", "/console/actions"): AGENT,
    ("GET", "/console/actions/{action_id}"): AGENT,
    ("POST", "/console/actions/{action_id}/undo"): AGENT,
    ("GET", "/console/triage"): AGENT,
    ("GET", "/console/triage/routed"): AGENT,
    ("POST", "/console/triage/{ticket_id}/settle"): AGENT,
    ("POST", "/console/triage/{ticket_id}/undo"): AGENT,
    ("GET", "/console/week"): STAFF,
    ("GET", "/console/reviews"): STAFF,
    ("GET", "/console/reviews/{week}"): STAFF,
    ("GET", "/console/reviews/{week}.md"): STAFF,
    ("GET", "/console/reviews/{week}.html"): STAFF,
    ("GET", "/console/reviews/{week}/progress"): STAFF,
    ("POST", "/console/reviews/{week}/make"): AUTHOR | OPERATOR,
    ("POST", "/console/reviews/{week}/decisions"): AUTHOR | OPERATOR,
    ("POST", "/console/reviews/{week}/decisions/{decision}"): AUTHOR | OPERATOR,
    ("GET", "/console/ledger"): STAFF,
    ("GET", "/console/ledger/rows"): STAFF,
    ("GET", "/console/ledger/cells.csv"): STAFF,
    ("GET", "/console/ledger/rows.csv"): STAFF,
    ("GET", "/console/tuning"): OPERATOR | AUDITOR,
    ("GET", "/console/tuning/rows"): OPERATOR | AUDITOR,
    ("POST", "/console/tuning/accept"): OPERATOR,
    ("POST", "/console/tuning/ranking"): OPERATOR,
    ("POST", "/console/tuning/{decision_id}/undo"): OPERATOR,
    ("GET", "/console/rollout"): OPERATOR | AUDITOR,
    ("POST", "/console/rollout/accept"): OPERATOR,
    ("POST", "/console/rollout/move"): OPERATOR,
    ("POST", "/console/rollout/{decision_id}/undo"): OPERATOR,
    ("GET", "/console/experiments"): AUTHOR | AGENT | OPERATOR,
    ("GET", "/console/experiments/{experiment_id}"): AUTHOR | AGENT | OPERATOR,
    ("GET", "/console/experiments/{experiment_id}/rows"): AUTHOR | AGENT | OPERATOR,
    ("GET", "/console/articles/new"): AUTHOR,
    ("POST", "/console/articles/new"): AUTHOR,
    ("GET", "/console/articles/drafts/{draft_id}/trial"): AUTHOR,
    ("GET", "/console/articles/drafts/{draft_id}/beside"): AUTHOR,
    ("POST", "/console/articles/drafts/{draft_id}/trial"): AUTHOR,
    ("GET", "/console/alerts"): AGENT | OPERATOR,
    ("GET", "/console/alerts/{group_id}"): AGENT | OPERATOR,
    ("GET", "/console/changes"): AGENT | OPERATOR | AUDITOR,
    ("GET", "/console/changes/{change_id}"): AGENT | OPERATOR | AUDITOR,
    ("POST", "/console/changes/{change_id}/stop"): OPERATOR,
    ("POST", "/console/changes/{change_id}/back"): OPERATOR,
    ("POST", "/console/changes/{change_id}/devices/{number}/back"): OPERATOR,
    ("GET", "/console/compliance"): AGENT | OPERATOR | AUDITOR,
    ("POST", "/console/compliance/look"): OPERATOR,
    ("POST", "/console/alerts/{group_id}/confirm"): AGENT | OPERATOR,
    ("POST", "/console/alerts/{group_id}/split"): AGENT | OPERATOR,
    ("POST", "/console/alerts/{group_id}/merge"): AGENT | OPERATOR,
    ("POST", "/console/alerts/{group_id}/dismiss"): AGENT | OPERATOR,
    ("POST", "/console/alerts/{group_id}/undo"): AGENT | OPERATOR,
    ("GET", "/console/policy"): OPERATOR | AUDITOR,
    ("GET", "/console/connectors"): OPERATOR,
    ("GET", "/console/connectors/checks"): OPERATOR,
    ("POST", "/console/connectors/checks"): OPERATOR,
    ("GET", "/console/audit"): AUDITOR,
    ("GET", "/console/audit/records.csv"): AUDITOR,
    ("GET", "/console/audit/chain"): AUDITOR,
    ("POST", "/console/audit/chain"): AUDITOR,
    ("GET", "/console/audit/{number}"): AUDITOR,
    ("GET", "/console/problems"): AGENT | OPERATOR,
    ("GET", "/console/problems/{problem_id}"): AGENT | OPERATOR,
    ("POST", "/console/problems/{problem_id}/{act}"): AGENT,
    ("GET", "/console/gaps"): AUTHOR | AGENT | OPERATOR,
    ("GET", "/console/gaps.csv"): AUTHOR | AGENT | OPERATOR,
    ("GET", "/console/gaps/{gap_id}"): AUTHOR | AGENT | OPERATOR,
    ("POST", "/console/gaps/{gap_id}/{act}"): AUTHOR | AGENT | OPERATOR,
    ("GET", "/console/articles"): AUTHOR,
    ("GET", "/console/articles/history"): AUTHOR,
    ("POST", "/console/articles/history"): AUTHOR,
    ("POST", "/console/articles/drafts"): AUTHOR,
    ("GET", "/console/articles/drafts/{draft_id}"): AUTHOR,
    ("POST", "/console/articles/drafts/{draft_id}"): AUTHOR,
    ("POST", "/console/articles/drafts/{draft_id}/preview"): AUTHOR,
    ("POST", "/console/articles/drafts/{draft_id}/review"): AUTHOR,
    ("POST", "/console/articles/drafts/{draft_id}/discard"): AUTHOR,
    ("POST", "/console/articles/drafts/{draft_id}/rebase"): AUTHOR,
    ("GET", "/console/joiners"): EVERYBODY,
    ("GET", "/console/joiners/new"): AGENT | MANAGERS,
    ("POST", "/console/joiners/new"): AGENT | MANAGERS,
    ("GET", "/console/joiners/{case_id}"): EVERYBODY,
    ("POST", "/console/joiners/{case_id}/withdraw"): EVERYBODY,
    ("POST", "/console/joiners/{case_id}/date"): EVERYBODY,
    ("POST", "/console/joiners/{case_id}/steps/{step}/{act}"): AGENT,
}


def test_every_address_of_the_console_says_here_who_may_use_it() -> None:
    assert sorted(routes() ^ set(ALLOWED)) == []


@pytest.mark.parametrize("role", PEOPLE)
def test_a_page_and_a_button_answer_to_their_roles_alone(web: Service, role: str) -> None:
    token, wrong = web.token(PEOPLE[role]), []
    with web.client(Accept="text/html", Origin=web.url, Cookie=f"firstline_session={token}") as client:
        for (method, path), allowed in sorted(ALLOWED.items()):
            if allowed is NO_SESSION:
                continue
            assert isinstance(allowed, frozenset)
            may, answer = bool(allowed & (STAFF if role == "admin" else {role})), client.request(method, filled(path))
            if (answer.status_code != 403) != may:
                wrong.append(f"{method} {path}: {answer.status_code} for {role}")
            assert answer.status_code < 500, f"{method} {path}: {answer.text[:300]}"
    assert wrong == []


def test_nothing_of_the_console_answers_without_a_session(web: Service) -> None:
    with web.client(Origin=web.url) as client:
        for (method, path), allowed in sorted(ALLOWED.items()):
            assert allowed is NO_SESSION or client.request(method, filled(path)).status_code == 401, f"{method} {path}"


def test_no_button_of_the_console_can_be_pressed_from_another_site(web: Service) -> None:
    token = web.token(PEOPLE["admin"])
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        with web.client(Cookie=f"firstline_session={token}", **headers) as client:
            for method, path in sorted(ALLOWED):
                assert method == "GET" or client.request(method, filled(path)).status_code == 403, f"{method} {path} with {headers}"


@pytest.mark.parametrize("role", PEOPLE)
def test_the_navigation_offers_what_opens_and_nothing_else(web: Service, role: str) -> None:
    with web.client(Accept="text/html", Cookie=f"firstline_session={web.token(PEOPLE[role])}") as client:
        page = client.get("/console/approvals").text
        navigation = page[page.index('<nav class="pages"') : page.index("</nav>")]
        for method, path in ALLOWED:
            if f'href="{path}"' in navigation:
                assert method == "GET" and client.get(path).status_code == 200, path
        assert client.get(client.get("/console").headers["location"]).status_code == 200
