"""The page behind the links of a mail: a program that opens it changes nothing, a person presses once, and an action needs a sign-in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.agent.state import Inbound
from assistant.domain.reply import Reply
from assistant.entrypoints.links import Links
from assistant.entrypoints.tokens import Tokens
from tests.support.service import LocalService, served_here

MARIA, JONAS = "maria.santos", "jonas.weber"
VPN = "How do I set up the VPN on my Windows laptop?"


@dataclass
class Pages:
    """Pages of replies, and what became of their conversations."""

    service: LocalService
    sent: int = 0

    def say(self, text: str = "", conversation: str | None = None, choice: str = "", person: str = MARIA) -> Reply:
        self.sent += 1
        return self.service.assistant.turns.take(person, conversation, Inbound(f"said-{person}-{self.sent}-{text[:8]}", text, choice), "mail")

    def path(self, reply: Reply, person: str = MARIA) -> str:
        assistant = self.service.assistant
        number = self.events(reply.conversation)[-1].number
        return f"/console/answer/{Links(assistant.secret).token(reply.conversation, number, person, assistant.clock.now())}"

    def events(self, conversation: str) -> list[Any]:
        with self.service.assistant.store.read() as unit:
            return unit.conversations.events(conversation)

    def state(self, reply: Reply) -> str:
        with self.service.assistant.store.read() as unit:
            found = unit.conversations.load(reply.conversation)
        assert found is not None
        return found.state.value

    def client(self, person: str = "") -> httpx.Client:
        cookies = {"firstline_session": Tokens(self.service.key, 15).issue(person)[0]} if person else {}
        return httpx.Client(base_url=self.service.url, headers={"Origin": self.service.url, "Accept": "text/html"}, cookies=cookies, trust_env=False)

    def action(self, reply: Reply) -> str:
        with self.service.assistant.store.read() as unit:
            return unit.actions.of_conversation(reply.conversation)[0].status.value


@pytest.fixture(scope="module")
def pages(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    from tests.support.service import copy_demo

    home = copy_demo(tmp_path_factory.mktemp("mails") / "home", model_home)
    # The mailbox cannot be reached; the page does not need it.
    away: dict[str, Any] = {"imap_host": "127.0.0.1", "imap_port": 1, "imap_security": "none", "imap_user": "u", "imap_password": "p"}
    with served_here(home, **away) as service:
        yield Pages(service)


def test_opening_it_changes_nothing_whoever_opens_it_how_often(pages: Pages) -> None:
    reply = pages.say(VPN)
    path, before = pages.path(reply), len(pages.events(reply.conversation))
    with pages.client() as client:
        for press in ("", "?press=yes", "?press=no", "?press=person", "?press=do:x"):
            for method in ("GET", "HEAD"):
                assert client.request(method, path + press).status_code in (200, 405)
    assert (len(pages.events(reply.conversation)), pages.state(reply)) == (before, "awaiting_confirmation")


def test_the_button_that_was_linked_stands_first_and_pressing_it_counts(pages: Pages) -> None:
    reply = pages.say(VPN)
    path = pages.path(reply)
    with pages.client() as client:
        shown = client.get(f"{path}?press=no").text
        assert re.findall(r'name="choice" value="(\w+)"', shown)[0] == "no"
        done = client.post(path, data={"choice": "yes"})
        assert (done.status_code, done.headers["location"]) == (303, path)
        after = client.get(path).text
    assert pages.state(reply) == "resolved"
    assert "You answered this: Yes, solved." in after
    assert 'name="choice"' not in after


def test_a_link_counts_once(pages: Pages) -> None:
    reply = pages.say(VPN)
    path = pages.path(reply)
    with pages.client() as client:
        client.post(path, data={"choice": "no"})
        count = len(pages.events(reply.conversation))
        assert client.post(path, data={"choice": "yes"}).status_code == 409
        assert client.post(path, data={"choice": "no"}).status_code == 409
    assert len(pages.events(reply.conversation)) == count
    assert pages.state(reply) == "awaiting_confirmation", "no brought another answer, and the old link does not confirm that one"


def test_pressed_at_the_same_moment_it_counts_once(pages: Pages) -> None:
    from concurrent.futures import ThreadPoolExecutor

    reply = pages.say(VPN)
    path = pages.path(reply)

    def press(choice: str) -> int:
        with pages.client() as client:
            return client.post(path, data={"choice": choice}).status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(press, ["yes", "no", "person"] * 2)) <= {303, 409}
    assert len([one for one in pages.events(reply.conversation) if one.body["type"] == "message" and one.body["choice"]]) == 1


def test_when_it_was_answered_elsewhere_the_page_says_so(pages: Pages) -> None:
    reply = pages.say(VPN)
    path = pages.path(reply)
    pages.say(conversation=reply.conversation, choice="yes")
    with pages.client() as client:
        shown = client.get(path).text
        assert "has gone on since" in shown
        assert 'name="choice"' not in shown
        assert client.post(path, data={"choice": "no"}).status_code == 409
    assert pages.state(reply) == "resolved"


def test_what_was_not_offered_cannot_be_pressed(pages: Pages) -> None:
    reply = pages.say(VPN)
    with pages.client() as client:
        for choice in ("file", "do:a_1", "x", "undo:a_1", "device:LT-1"):
            assert client.post(pages.path(reply), data={"choice": choice}).status_code == 409
        assert client.post(pages.path(reply), data={"choice": "x" * 100}).status_code == 422
    assert pages.state(reply) == "awaiting_confirmation"


def test_a_form_of_another_site_is_refused(pages: Pages) -> None:
    reply = pages.say(VPN)
    with pages.client() as client:
        for origin in ("https://evil.example", "null"):
            assert client.post(pages.path(reply), data={"choice": "yes"}, headers={"Origin": origin}).status_code == 403
    assert pages.state(reply) == "awaiting_confirmation"


@pytest.mark.parametrize(
    "spoil", [lambda path: path[:-1], lambda path: f"{path[:-1]}{'0' if path[-1] != '0' else '1'}", lambda _: "/console/answer/x"]
)
def test_a_link_that_was_cut_or_changed_says_nothing_of_what_it_was_about(pages: Pages, spoil: Callable[[str], str]) -> None:
    reply = pages.say(VPN)
    with pages.client() as client:
        shown = client.get(spoil(pages.path(reply)))
        assert client.post(spoil(pages.path(reply)), data={"choice": "yes"}).status_code == 410
        german = client.get(spoil(pages.path(reply)), headers={"Accept-Language": "de-AT,de;q=0.9"})
    assert "Dieser Link zählt nicht mehr" in german.text
    assert shown.status_code == 410
    assert "Harbour" not in shown.text
    assert pages.state(reply) == "awaiting_confirmation"


def test_a_link_made_for_somebody_else_does_not_open_this_conversation(pages: Pages) -> None:
    reply = pages.say(VPN)
    with pages.client() as client:
        assert client.get(pages.path(reply, JONAS)).status_code == 410


class TestActions:
    LOCKED = "I am locked out of my account, please unlock it"

    def test_a_link_alone_carries_out_nothing_and_the_page_leads_to_the_sign_in(self, pages: Pages) -> None:
        reply = pages.say(self.LOCKED, person=JONAS)
        assert reply.action is not None
        path = pages.path(reply, JONAS)
        with pages.client() as client:
            shown = client.get(path).text
            assert f'value="do:{reply.action.id}"' not in shown
            assert f"{path}/signed-in" in shown
            assert client.post(path, data={"choice": f"do:{reply.action.id}"}).status_code == 403
            led = client.get(f"{path}/signed-in")
            assert (led.status_code, led.headers["location"]) == (303, f"/console/sign-in?next={path}/signed-in")
        assert pages.action(reply) == "proposed"

    def test_somebody_else_who_is_signed_in_carries_out_nothing(self, pages: Pages) -> None:
        reply = pages.say(self.LOCKED, person=JONAS)
        assert reply.action is not None
        with pages.client(MARIA) as client:
            assert client.post(pages.path(reply, JONAS), data={"choice": f"do:{reply.action.id}"}).status_code == 403
        assert pages.action(reply) == "proposed"

    def test_the_person_signed_in_carries_it_out(self, pages: Pages) -> None:
        reply = pages.say(self.LOCKED, person=JONAS)
        assert reply.action is not None
        with pages.client(JONAS) as client:
            assert client.post(pages.path(reply, JONAS), data={"choice": f"do:{reply.action.id}"}).status_code == 303
        assert pages.action(reply) in ("ready", "running", "done")

    def test_the_person_signed_in_goes_on_and_the_step_up_is_still_asked(self, pages: Pages) -> None:
        reply = pages.say("I forgot my password, please reset it", person=JONAS)
        assert reply.action is not None
        with pages.client(JONAS) as client:
            path = pages.path(reply, JONAS)
            assert f'value="do:{reply.action.id}"' in client.get(path).text
            assert client.post(path, data={"choice": f"do:{reply.action.id}"}).status_code == 303
            assert pages.action(reply) == "challenged"
            asks = Reply.model_validate(pages.events(reply.conversation)[-1].body["reply"])
            page = pages.path(asks, JONAS)
            assert 'name="code"' in client.get(page).text
            wrong = client.post(f"{page}/code", data={"code": "000000"})
            assert wrong.status_code == 200
            assert 'name="code"' in wrong.text
        assert pages.action(reply) == "challenged"
        with pages.client() as client:
            assert 'name="code"' not in client.get(page).text
            assert client.post(f"{page}/code", data={"code": "000000"}).status_code == 303, "to the sign-in"


def test_the_page_keeps_the_headers_of_all_pages_and_shows_hostile_words_as_words(pages: Pages) -> None:
    reply = pages.say("<script>alert(1)</script> <img src=x onerror=alert(1)> VPN on Windows how to set up")
    with pages.client() as client:
        shown = client.get(pages.path(reply))
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert shown.headers["cache-control"] == "no-store"
    assert "<script>alert" not in shown.text
    assert "onerror" not in re.sub(r"&[^;]+;[^<]*", "", shown.text)
