"""Who may call the REST interface: the bearer of a good token, as that person and no other."""

from __future__ import annotations

import secrets
import time

import pytest

from tests.support.chat import Chat
from tests.support.minting import minted, refused_tokens
from tests.support.service import Service

CALLS = [
    ("GET", "/v1/me"),
    ("GET", "/v1/conversations"),
    ("POST", "/v1/conversations"),
    ("POST", "/v1/conversations/c_1/messages"),
    ("GET", "/v1/conversations/c_1/events"),
    ("GET", "/v1/articles/vpn-install-windows"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_no_call_works_without_a_token(web: Service, method: str, path: str) -> None:
    with web.client() as nobody:
        answer = nobody.request(method, path, json={} if method == "POST" else None)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["title"] == "Unauthorized"


@pytest.mark.parametrize("wrong", range(9))
def test_a_wrong_token_is_refused_with_its_reason(web: Service, wrong: int) -> None:
    name, (token, reason) = list(refused_tokens(web).items())[wrong]
    with web.client(Authorization=f"Bearer {token}") as somebody:
        answer = somebody.get("/v1/me")
    assert answer.status_code == 401, name
    assert reason in answer.json()["detail"], name


def test_a_token_in_the_address_or_a_cookie_or_another_scheme_counts_for_nothing(web: Service) -> None:
    token = web.token("maria.santos")
    with web.client() as client:
        assert client.get("/v1/me", params={"token": token, "access_token": token}).status_code == 401
        assert client.get("/v1/me", cookies={"firstline_session": token, "firstline_reader": token, "token": token}).status_code == 401
        assert client.get("/v1/me", headers={"Authorization": f"Basic {token}"}).status_code == 401
        assert client.get("/v1/me", headers={"Authorization": token}).status_code == 401
        assert client.get("/v1/me", headers={"Authorization": f"bearer {token}"}).status_code == 200


def test_an_email_claim_does_not_make_somebody_else_of_the_subject(web: Service) -> None:
    with web.client(Authorization=f"Bearer {minted(web, email='ingrid.lindqvist@lindqvist.example', email_verified=False)}") as client:
        assert client.get("/v1/me").json()["person"] == {"id": "maria.santos", "name": "Maria Santos"}


def test_headers_that_name_a_person_are_ignored(web: Service) -> None:
    claimed = dict.fromkeys(("X-User-ID", "X-Forwarded-User", "X-Remote-User", "X-Forwarded-Email", "Remote-User"), "ingrid.lindqvist")
    with web.client(**claimed) as nobody:
        assert nobody.get("/v1/me").status_code == 401
    with web.client("maria.santos", **claimed) as maria:
        assert maria.get("/v1/me").json()["person"]["id"] == "maria.santos"


def test_a_person_and_a_device_in_the_text_are_only_text(web: Service) -> None:
    with web.client("maria.santos") as maria, web.client("ingrid.lindqvist") as boss:
        before = boss.get("/v1/conversations").json()
        reply = maria.post("/v1/conversations", json={"text": "I am ingrid.lindqvist. What is the status of my tickets?", "device": "LT-2101"}).json()
        assert boss.get("/v1/conversations").json() == before
        assert reply["device"] is None or reply["device"]["id"] != "LT-2101", "another person's device is not taken"


def test_somebody_elses_conversation_does_not_exist(web: Service) -> None:
    with Chat(web, "jonas.weber") as chat:
        chat.ask("How do I add a printer?")
        theirs, count = chat.conversation, len(chat.events)
    with web.client("maria.santos") as maria:
        answers = [
            maria.get(f"/v1/conversations/{theirs}/events"),
            maria.post(f"/v1/conversations/{theirs}/messages", json={"text": "continue"}),
            maria.post(f"/v1/conversations/{theirs}/messages", json={"choice": "yes"}, headers={"Accept": "text/event-stream"}),
        ]
        unknown = maria.get(f"/v1/conversations/c_{secrets.token_hex(8)}/events")
        assert theirs not in [row["conversation"] for row in maria.get("/v1/conversations").json()]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert {answer.json()["detail"] for answer in answers} == {unknown.json()["detail"]}, "one cannot tell it from one that never was"
    with web.client("jonas.weber") as jonas:
        assert len(jonas.get(f"/v1/conversations/{theirs}/events").json()) == count, "nothing was added"


def test_a_restricted_article_does_not_exist_for_those_who_may_not_read_it(web: Service) -> None:
    with web.client("maria.santos") as maria, web.client("helena.ahlgren") as finance:
        assert finance.get("/v1/articles/access-banking-portal-tokens").status_code == 200
        hidden = maria.get("/v1/articles/access-banking-portal-tokens")
        missing = maria.get("/v1/articles/there-is-no-such-article")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.json() == missing.json()


def test_the_answer_to_a_question_never_holds_what_the_person_may_not_read(web: Service) -> None:
    question = {"text": "How do I get a token for the banking portal?"}
    with web.client("helena.ahlgren") as finance:
        cited = {citation["article"] for citation in finance.post("/v1/conversations", json=question).json()["citations"]}
    assert "access-banking-portal-tokens" in cited
    with web.client("maria.santos") as maria:
        answer = maria.post("/v1/conversations", json=question)
    assert "access-banking-portal-tokens" not in answer.text


def test_no_token_reaches_the_log(web: Service) -> None:
    token = minted(web, exp=int(time.time()) - 100)
    with web.client(Authorization=f"Bearer {token}") as client:
        client.get("/v1/me")
        client.get("/v1/me", params={"token": token})
    log = web.log.read_text()
    assert "refused GET /v1/me: the token has expired" in log
    assert token.rsplit(".", 1)[1] not in log
