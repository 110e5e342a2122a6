"""Old answers, shown again after their article was deleted, edited or closed: on the very next read nothing of it is left."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.adapters.store.organisation import read_people_file
from assistant.agent import wording
from kb.model import Audience, Document, Reader
from kb.split import split
from tests.support.chat import Chat
from tests.support.service import PEOPLE_FILE, LocalService, copy_demo, firstline, served_here

PERSON, AGENT = "fiona.baxter", "sam.oduya"
QUESTION = "How do I load a paper roll into the Kestrel plotter?"
CANARY = "amber drawer"
STEPS = f"1. Open the {CANARY} of the Kestrel plotter.\n2. Push the paper roll onto the spindle.\n"
TEXT = f"The Kestrel plotter prints drawings.\n\n## Load a roll\n\n{STEPS}"
GUIDE = Document(
    "plotter-kestrel", "test", "plotter.md", "Load paper into the Kestrel plotter", TEXT, "facilities@lindqvist.example", tags=("plotter",)
)
CHANGES = ["deleted", "edited", "closed", "group revoked"]


@pytest.fixture(scope="module")
def service(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    home = copy_demo(tmp_path_factory.mktemp("withdrawn") / "home", model_home)
    with served_here(home, messages_per_minute=100_000) as local:
        yield local


def publish(service: LocalService, document: Document) -> None:
    """Publish as another process does; the running service follows by itself."""
    service.assistant.knowledge_base.publisher.publish([(document, split(document.text))])


def wait_until_found(service: LocalService, words: str) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        found = service.assistant.knowledge.passages_for(QUESTION, Reader(frozenset({"finance"})), None)
        if any(words in item.passage.text for item in found.ranked):
            return
        time.sleep(0.1)
    raise AssertionError("the service did not follow")


def change(service: LocalService, kind: str) -> None:
    if kind == "deleted":
        service.assistant.knowledge_base.store.withdraw([GUIDE.article_id])
    elif kind == "edited":
        publish(service, replace(GUIDE, text=TEXT.replace(CANARY, "green lid")))
    elif kind == "closed":
        publish(service, replace(GUIDE, audience=Audience(frozenset({"it-admins"}))))
    else:
        made, _ = read_people_file(PEOPLE_FILE)
        people = tuple(replace(p, groups=p.groups - {"finance"}) if p.id == PERSON else p for p in made.people)
        service.assistant.workplace.replace(replace(made, people=people))


@pytest.fixture
def asked(service: LocalService, request: pytest.FixtureRequest) -> Iterator[tuple[str, str, str]]:
    """A conversation whose answer cites the guide, the ticket with which a person took it over, and the question's message id."""
    service.assistant.workplace.replace(read_people_file(PEOPLE_FILE)[0])
    restricted = "group" in str(request.node.name)
    publish(service, replace(GUIDE, audience=Audience(frozenset({"finance"} if restricted else set()))))
    wait_until_found(service, CANARY)
    message = secrets.token_hex(8)
    with service.client(PERSON) as client:
        reply = client.post("/v1/conversations", json={"text": QUESTION, "id": message}).json()
        assert CANARY in json.dumps(reply), reply
        conversation = reply["conversation"]
        ticket = client.post(f"/v1/conversations/{conversation}/messages", json={"choice": "person"}).json()["ticket"]["id"]
    yield conversation, ticket, message
    service.assistant.knowledge_base.store.withdraw([GUIDE.article_id])


def looks(service: LocalService, conversation: str, ticket: str, message: str) -> dict[str, str]:
    """Read the conversation in every way there is; return what each showed."""
    seen = {}
    with service.client(PERSON) as client:
        seen["events"] = client.get(f"/v1/conversations/{conversation}/events").text
        again = {"text": "anything", "id": message}
        seen["the same message again"] = client.post(f"/v1/conversations/{conversation}/messages", json=again).text
        stream = {"Accept": "text/event-stream"}
        seen["the same message as a stream"] = client.post(f"/v1/conversations/{conversation}/messages", json=again, headers=stream).text
    with Chat(service, PERSON, conversation) as chat:
        seen["resumed socket"] = json.dumps([chat.frame() for _ in range(4)])
        stored = next(event for event in stored_events(service, conversation) if event.body["type"] == "reply")
        service.assistant.parts.notify([replace(stored, number=99)])
        seen["live push"] = json.dumps(chat.frame())
    with service.client(Accept="text/html") as desk:
        desk.cookies.set("firstline_session", service.token(AGENT))
        seen["ticket in the console"] = desk.get(f"/console/tickets/{ticket}").text
    return seen


def stored_events(service: LocalService, conversation: str) -> list[Any]:
    with service.assistant.store.read() as unit:
        return unit.conversations.events(conversation)


def leaking(seen: dict[str, str]) -> list[str]:
    return [place for place, text in seen.items() if CANARY in text]


def test_while_the_article_stands_everybody_sees_the_answer(service: LocalService, asked: tuple[str, str, str]) -> None:
    seen = looks(service, *asked)
    assert leaking(seen) == list(seen)


@pytest.mark.parametrize("kind", CHANGES)
def test_on_the_very_next_read_it_is_withdrawn_everywhere(service: LocalService, asked: tuple[str, str, str], kind: str) -> None:
    change(service, kind)
    seen = looks(service, *asked)
    assert leaking(seen) == []
    said = wording.changed_since() if kind == "edited" else wording.no_longer_available()
    assert [place for place, text in seen.items() if said not in text] == []
    assert CANARY in json.dumps([event.body for event in stored_events(service, asked[0])]), "the record keeps what was said"


@pytest.mark.parametrize("kind", CHANGES)
def test_a_build_without_the_guard_is_noticed(service: LocalService, asked: tuple[str, str, str], kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.agent.present.presented", lambda reply, *_: reply)
    change(service, kind)
    seen = looks(service, *asked)
    assert set(leaking(seen)) >= {"events", "the same message again", "resumed socket", "live push"}


def test_an_agent_outside_the_group_never_sees_a_restricted_quote(service: LocalService, asked: tuple[str, str, str]) -> None:
    seen = looks(service, *asked)
    assert leaking(seen) == [place for place in seen if place != "ticket in the console"]
    assert GUIDE.title not in seen["ticket in the console"]
    assert wording.unnamed_article()[1:] in seen["ticket in the console"]


def test_asking_again_answers_from_what_is_true_now(service: LocalService, asked: tuple[str, str, str]) -> None:
    with service.client(PERSON) as client:
        first = client.post("/v1/conversations", json={"text": QUESTION}).json()
        publish(service, replace(GUIDE, text=TEXT.replace(CANARY, "blue door")))
        wait_until_found(service, "blue door")
        path = f"/v1/conversations/{first['conversation']}"
        old = client.get(f"{path}/events").json()[1]["event"]["reply"]
        assert (old["choices"][0]["id"], old["choices"][0]["label"]) == (f"again:{first['message']}", "Ask again")
        assert (old["citations"][0]["article"], old["citations"][0]["quote"], old["citations"][0]["withdrawn"]) == (GUIDE.article_id, "", "changed")
        new = client.post(f"{path}/messages", json={"choice": old["choices"][0]["id"]}).json()
        assert "blue door" in new["text"]
        events = client.get(f"{path}/events").json()
    assert [event["event"]["text"] for event in events if event["event"]["type"] == "message"] == [QUESTION, "Ask again"]


def test_the_command_line_shows_nothing_that_was_withdrawn(service: LocalService, asked: tuple[str, str, str]) -> None:
    change(service, "deleted")
    done = firstline(service.home, "ask", QUESTION, "--as", PERSON, "--conversation", asked[0], "--json")
    assert done.returncode == 0, done.stderr
    assert CANARY not in done.stdout
