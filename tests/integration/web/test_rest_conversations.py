"""A conversation over REST: the envelope, sending again, server-sent events, lists."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx

from assistant.domain.conversation import Conversation, Episode, Outcome, State
from assistant.domain.reply import Reply
from tests.support.service import Service, served_here
from tests.support.world import MONDAY


def test_me_names_the_person_and_the_devices(web: Service) -> None:
    with web.client("maria.santos") as maria:
        me = maria.get("/v1/me").json()
    assert me["person"] == {"id": "maria.santos", "name": "Maria Santos"}
    laptop, phone = me["devices"]
    assert laptop == {"id": "LT-2417", "name": "Dell Latitude 5450", "os": "Windows 11", "platform": "windows", "primary": True}
    assert phone["primary"] is False


def test_an_empty_body_begins_a_conversation_with_a_greeting(web: Service) -> None:
    with web.client("maria.santos") as maria:
        answer = maria.post("/v1/conversations", json={})
    assert answer.status_code == 201
    greeting = answer.json()
    assert (greeting["kind"], greeting["state"]) == ("smalltalk", "open")
    assert "Maria" in greeting["text"]
    assert set(greeting) == set(Reply.model_fields)


def test_every_envelope_has_every_field_and_its_citations_resolve(web: Service) -> None:
    with web.client("maria.santos") as maria:
        asked = maria.post("/v1/conversations", json={"text": "I cannot connect to the VPN", "id": "m1-" + secrets.token_hex(4)})
        reply = asked.json()
        assert asked.status_code == 201
        assert set(reply) == set(Reply.model_fields)
        assert (reply["kind"], reply["state"]) == ("answer", "awaiting_confirmation")
        assert [choice["id"] for choice in reply["choices"]] == ["yes", "no", "person"]
        assert 0.5 <= reply["confidence"] <= 1
        assert reply["device"]["id"] == "LT-2417"
        assert reply["citations"]
        for number, citation in enumerate(reply["citations"], 1):
            assert f"[{number}]" in reply["text"]
            article = maria.get(f"/v1/articles/{citation['article']}", params={"revision": citation["revision"]}).json()
            assert article["text"][citation["start"] : citation["end"]] == citation["quote"]
            assert article["title"] == citation["title"]
        closed = maria.post(f"/v1/conversations/{reply['conversation']}/messages", json={"choice": "yes"})
    assert closed.status_code == 200
    assert closed.json()["state"] == "resolved"
    assert closed.json()["ticket"]["status"] in ("resolved", "closed")


def test_marias_vpn_question_is_answered_from_the_guide_for_her_laptop(web: Service) -> None:
    with web.client("claire.whitfield") as windows, web.client("ingrid.lindqvist") as mac:
        for client, article in ((windows, "vpn-install-windows"), (mac, "vpn-install-macos")):
            reply = client.post("/v1/conversations", json={"text": "I cannot connect to the VPN"}).json()
            assert reply["citations"][0]["article"] == article


def test_the_same_message_id_gets_the_same_reply_and_is_stored_once(web: Service) -> None:
    with web.client("wei.zhang") as wei:
        conversation = wei.post("/v1/conversations", json={}).json()["conversation"]
        path, message = f"/v1/conversations/{conversation}/messages", {"text": "How do I add a printer on Ubuntu?", "id": "once"}
        with ThreadPoolExecutor(6) as pool:
            answers = [answer.json() for answer in pool.map(lambda _: wei.post(path, json=message), range(6))]
        assert all(answer == answers[0] for answer in answers)
        changed = wei.post(path, json={"text": "Something else entirely", "id": "once"}).json()
        events = wei.get(f"/v1/conversations/{conversation}/events").json()
    assert changed == answers[0], "an id stands for one message for ever"
    assert [event["event"]["type"] for event in events] == ["message", "reply"]


def test_a_first_message_sent_again_begins_no_second_conversation(web: Service) -> None:
    message = {"text": "My headset has no sound in Teams", "id": f"first-{secrets.token_hex(4)}"}
    with web.client("agnes.noren") as agnes:
        with ThreadPoolExecutor(4) as pool:
            replies = [answer.json() for answer in pool.map(lambda _: agnes.post("/v1/conversations", json=message), range(4))]
        assert len({reply["conversation"] for reply in replies}) == 1
        assert len(agnes.get("/v1/conversations").json()) == 1
    with web.client("nils.forsberg") as other:
        assert other.post("/v1/conversations", json=message).json()["conversation"] != replies[0]["conversation"]


def test_messages_of_one_conversation_sent_at_once_are_answered_one_after_another(web: Service) -> None:
    with web.client("marcus.reed") as marcus:
        conversation = marcus.post("/v1/conversations", json={}).json()["conversation"]
        path = f"/v1/conversations/{conversation}/messages"
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda n: marcus.post(path, json={"text": f"hello {'again ' * n}", "id": str(n)}), range(8)))
        events = marcus.get(f"/v1/conversations/{conversation}/events").json()
    assert [answer.status_code for answer in answers] == [200] * 8
    assert [event["id"] for event in events] == list(range(1, 17))
    kinds = [event["event"]["type"] for event in events]
    assert kinds == ["message", "reply"] * 8, "no turn began inside another"
    assert [e["event"].get("message") or e["event"]["reply"]["message"] for e in events[::2]] == [
        e["event"]["reply"]["message"] for e in events[1::2]
    ]


def test_server_sent_events_bring_typing_and_then_the_same_reply(web: Service) -> None:
    with web.client("peter.hallam") as peter:
        conversation = peter.post("/v1/conversations", json={}).json()["conversation"]
        path, message = f"/v1/conversations/{conversation}/messages", {"text": "How do I release a print job?", "id": "sse"}
        with peter.stream("POST", path, json=message, headers={"Accept": "text/event-stream"}) as stream:
            assert stream.status_code == 200
            assert stream.headers["content-type"].startswith("text/event-stream")
            text = "".join(stream.iter_text())
        plain = peter.post(path, json=message).json()
    events = [dict(line.split(": ", 1) for line in block.splitlines()) for block in text.strip().split("\n\n")]
    assert [event["event"] for event in events] == ["typing", "reply"]
    assert json.loads(events[0]["data"]) == {"v": 1, "type": "typing"}
    assert json.loads(events[1]["data"]) == plain
    assert plain["kind"] == "answer"


def test_the_list_of_conversations_and_the_events_after_a_number(web: Service) -> None:
    with web.client("emma.lundgren") as emma:
        first = emma.post("/v1/conversations", json={"text": "How do I set up an out of office reply?"}).json()
        second = emma.post("/v1/conversations", json={}).json()
        listed = emma.get("/v1/conversations").json()
        events = f"/v1/conversations/{first['conversation']}/events"
        every, later = emma.get(events).json(), emma.get(events, params={"after": 1}).json()
    assert [row["conversation"] for row in listed] == [second["conversation"], first["conversation"]]
    assert listed[1]["state"] == "awaiting_confirmation"
    assert listed[1]["issue"] == "How do I set up an out of office reply?"
    assert listed[1]["ticket"] == first["ticket"]["id"]
    assert [event["id"] for event in every] == [1, 2]
    assert later == every[1:]
    assert every[1]["event"]["reply"] == first


def test_a_question_for_a_person_and_a_status_question(web: Service) -> None:
    with web.client("hannah.lewis") as hannah:
        status = hannah.post("/v1/conversations", json={"text": "What is the status of my ticket?"}).json()
        assert status["kind"] == "status"
        assert "Outlook search finds nothing older than October" in status["text"]
        handed: httpx.Response = hannah.post(f"/v1/conversations/{status['conversation']}/messages", json={"choice": "person"})
    assert (handed.json()["kind"], handed.json()["state"]) == ("handoff", "handed_off")
    assert handed.json()["ticket"]["queue"]


def test_ones_conversations_come_in_pages_with_all_that_a_list_shows(demo_home: Callable[[str], Path]) -> None:
    with served_here(demo_home("home"), messages_per_minute=10_000) as here, here.client("maria.santos") as maria:
        with here.assistant.store.write() as unit:
            for number in range(120):
                at = MONDAY + timedelta(minutes=number)
                episode = Episode(1, at, at, Outcome.TICKET_FILED, ticket="T-9") if number == 119 else Episode(1, at)
                memory = {"issue": "The Printer on floor 3 jams" if number == 7 else f"Issue {number}"}
                unit.conversations.begin(Conversation(f"c_{number:03}", "maria.santos", "slack", State.OPEN, State.OPEN, at, at, 0, episode, memory))
        pages, before = [], ""
        while page := maria.get("/v1/conversations", params={"before": before} if before else {}).json():
            pages.append(page)
            before = page[-1]["changed_at"]
        rows = [row for page in pages for row in page]
        assert [len(page) for page in pages] == [50, 50, 20]
        assert [row["conversation"] for row in rows] == [f"c_{number:03}" for number in reversed(range(120))]
        assert rows[0] == {
            "conversation": "c_119",
            "state": "open",
            "issue": "Issue 119",
            "opened_at": rows[0]["changed_at"],
            "changed_at": "2026-11-23T11:14:00+00:00",
            "ticket": "T-9",
            "channel": "slack",
            "outcome": "TICKET_FILED",
        }
        assert rows[1]["outcome"] == ""
        assert [row["conversation"] for row in maria.get("/v1/conversations", params={"find": "printer FLOOR"}).json()] == ["c_007"]
        assert maria.get("/v1/conversations", params={"find": "nothing like it"}).json() == []
        for wrong in ({"before": "yesterday"}, {"before": "2026-11-23T11:14:00"}, {"find": "x" * 201}):
            assert maria.get("/v1/conversations", params=wrong).status_code == 422
