"""What every channel promises about showing events. A bench for each channel stands in ``tests/support/benches.py``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.domain.reply import CONFIRMATION, CitationView, Reply, ReplyKind, TicketView
from assistant.governance.rendering import render
from assistant.ports.channels import Delivery, Thread
from assistant.ports.outside import Refused, Unavailable, Uncertain
from assistant.ports.store import Event
from tests.support.benches import BENCHES, Bench

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CITATION = CitationView(article="vpn-windows", revision=3, title="VPN on Windows", heading="Connect", quote="Open Settings.", start=0, end=14)


@pytest.fixture(params=sorted(BENCHES))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """A channel with its other side."""
    with BENCHES[request.param](tmp_path) as made:
        yield made


def answer(text: str = "Open Settings. [1]", **fields: object) -> Reply:
    made = {"conversation": "c_1", "state": "awaiting_confirmation", "kind": ReplyKind.ANSWER, "text": text, "html": render(text, ())}
    return Reply(**{**made, "citations": (CITATION,), "choices": CONFIRMATION, "message": "m1", **fields})  # type: ignore[arg-type]


def delivery(bench: Bench, number: int = 4, reply: Reply | None = None, body: dict[str, object] | None = None, public: bool = False) -> Delivery:
    place = bench.public_place if public else bench.own_place
    assert place is not None
    told = body or {"type": "reply", "reply": (reply or answer()).model_dump(mode="json")}
    return Delivery(Thread(place, bench.person, "c_1"), Event(number, "c_1", NOON, told), f"channel.deliver:c_1/{number}:{place.key}"[:120])


def test_a_reply_is_shown_once_with_its_source_and_the_ways_on(bench: Bench) -> None:
    post = bench.channel.deliver(delivery(bench))
    assert post
    (shown,) = bench.shown(bench.own_place)
    assert "Open Settings." in shown
    assert "VPN on Windows" in shown
    assert all(label in shown for label in ("Yes", "No", "Talk to a person"))


def test_a_second_call_after_one_of_unknown_end_finds_what_was_shown(bench: Bench) -> None:
    bench.fail("uncertain")
    with pytest.raises(Uncertain):
        bench.channel.deliver(delivery(bench))
    once = len(bench.shown(bench.own_place))
    assert once == 1, "the other side took it, and its answer was lost"
    if bench.searchable:
        assert bench.channel.deliver(replace(delivery(bench), uncertain=True))
        assert len(bench.shown(bench.own_place)) == once


def test_one_that_was_never_taken_is_shown_by_the_next_call(bench: Bench) -> None:
    bench.fail("unavailable")
    with pytest.raises(Unavailable) as told:
        bench.channel.deliver(delivery(bench))
    assert bench.shown(bench.own_place) == []
    assert told.value.retry_after is None or told.value.retry_after >= 0
    assert bench.channel.deliver(replace(delivery(bench), uncertain=True))
    assert len(bench.shown(bench.own_place)) == 1


def test_what_the_other_side_will_never_take_is_refused(bench: Bench) -> None:
    bench.fail("refused")
    with pytest.raises(Refused):
        bench.channel.deliver(delivery(bench))
    assert bench.shown(bench.own_place) == []


def test_what_is_confidential_goes_to_the_person_alone(bench: Bench) -> None:
    if bench.public_place is None:
        pytest.skip("nobody else reads in any place of this channel")
    ticket = TicketView(id="INC-17", subject="Secret salary list", status="open")
    told = answer("Your ticket INC-17 is with the payroll team.", kind=ReplyKind.STATUS, citations=(), ticket=ticket)
    assert bench.channel.deliver(replace(delivery(bench, reply=told, public=True), confidential=True))
    assert not any("INC-17" in line or "salary" in line for line in bench.shown(bench.public_place))
    assert any("INC-17" in line for line in bench.shown_alone())


def test_words_of_a_person_and_their_coming_and_going_are_shown(bench: Bench) -> None:
    sam = {"id": "sam.oduya", "name": "Sam Oduya"}
    bench.channel.deliver(delivery(bench, 5, body={"type": "holding", "person": sam, "holds": True, "why": "taken", "text": "Sam Oduya has joined."}))
    spoken = {"type": "person", "message": "p1", "person": sam, "text": "Try *this*: a < b", "html": "<p>Try *this*: a &lt; b</p>"}
    bench.channel.deliver(delivery(bench, 6, body=spoken))
    joined, words = bench.shown(bench.own_place)
    assert "Sam Oduya has joined." in joined
    assert "Sam Oduya" in words
    assert "this" in words


def test_a_very_long_reply_is_shown_whole_or_says_where_the_rest_is(bench: Bench) -> None:
    text = "\n\n".join(f"Step {number}: do what the sign says. [1]" for number in range(1, 400))
    assert bench.channel.deliver(delivery(bench, reply=answer(text)))
    shown = "\n".join(bench.shown(bench.own_place))
    assert "Step 1:" in shown
    assert "Step 399:" in shown or bench.says_where_the_rest_is(shown)
