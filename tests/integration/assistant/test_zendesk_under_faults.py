"""Zendesk on its bad days: limits, conflicts, answers that are lost after the work was done."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from threading import Thread

import httpx
import pytest

from assistant.adapters.ticketing.zendesk import Zendesk
from assistant.domain.ticket import TicketStatus
from assistant.ports.outside import Refused, Unavailable, Uncertain
from assistant.ports.ticketing import OutgoingTicket
from tests.support.zendesk_server import ACCOUNT, PERSON, TOKEN, Handler, ZendeskState, zendesk_server

MADE = OutgoingTicket("VPN drops", "It drops.", "ana@people.test", "Ana Silva", "IT", "vpn", "T-1001")
Server = tuple[str, ZendeskState]


@pytest.fixture
def server() -> Iterator[Server]:
    with zendesk_server() as running:
        yield running


def opened(server: Server, token: str = TOKEN) -> Zendesk:
    return Zendesk(server[0], token, ACCOUNT, {}, category_field="", categories={}, timeout_seconds=20)


@pytest.fixture
def desk(server: Server) -> Zendesk:
    return opened(server)


def passes(_handler: Handler, _sent: bytes) -> bool:
    return False


def answers(status: int, body: bytes, **headers: str) -> Callable[[Handler, bytes], bool]:
    def fault(handler: Handler, _sent: bytes) -> bool:
        handler.reply(status, body, {name.replace("_", "-"): value for name, value in headers.items()})
        return True

    return fault


def lost_after_the_work(handler: Handler, sent: bytes) -> bool:
    handler.commit(sent)
    handler.close_connection = True
    return True


def test_a_limit_says_when_to_come_back(server: Server, desk: Zendesk) -> None:
    server[1].faults = [answers(429, b'{"error": "TooManyRequests"}', Retry_After="7")]
    with pytest.raises(Unavailable) as caught:
        desk.create(MADE, "k1")
    assert caught.value.retry_after == 7
    assert server[1].tickets == {}


def test_a_ticket_whose_answer_was_lost_is_made_once(server: Server, desk: Zendesk) -> None:
    server[1].faults = [passes, passes, lost_after_the_work]
    with pytest.raises(Unavailable):
        desk.create(MADE, "k1")
    assert len(server[1].tickets) == 1
    again = desk.create(MADE, "k1")
    assert [str(number) for number in server[1].tickets] == [again.id]


def test_creating_at_the_same_time_with_one_key_makes_one_ticket(server: Server) -> None:
    found: list[str] = []
    threads = [Thread(target=lambda: found.append(opened(server).create(MADE, "k1").id)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == len(server[1].tickets) == 1


def test_the_key_makes_one_ticket_also_while_the_search_lags(server: Server, desk: Zendesk) -> None:
    first = desk.create(MADE, "k1")
    nothing = answers(200, b'{"tickets": []}')
    server[1].faults = [nothing]
    assert desk.create(MADE, "k1").id == first.id
    assert len(server[1].tickets) == 1


def test_a_comment_whose_answer_was_lost_is_uncertain_and_written_once(server: Server, desk: Zendesk) -> None:
    ticket = desk.create(MADE, "k1")
    server[1].faults = [passes, passes, lost_after_the_work]
    with pytest.raises(Uncertain):
        desk.comment(ticket.id, "hello", "k2")
    desk.comment(ticket.id, "hello", "k2")
    assert [note.text for note in desk.notes(ticket.id)] == ["It drops.", "hello"]


def test_a_conflict_that_nobody_asked_for_is_left_for_later(server: Server, desk: Zendesk) -> None:
    ticket = desk.create(MADE, "k1")
    conflict = answers(409, b'{"error": "UpdateConflict"}')
    server[1].faults = [passes, passes, conflict]
    with pytest.raises(Unavailable):
        desk.comment(ticket.id, "hello", "k2")
    server[1].faults = [passes, conflict]
    with pytest.raises(Unavailable):
        desk.update(ticket.id, "k3", subject="x")
    assert len(desk.notes(ticket.id)) == 1


def test_a_change_beside_somebody_elses_is_made_on_what_they_left(server: Server, desk: Zendesk) -> None:
    state = server[1]
    ticket, interrupted = desk.create(MADE, "k1"), []

    def meanwhile(number: int) -> None:
        if not interrupted:
            interrupted.append(number)
            state.write(number, PERSON, "wait", True)

    state.before_update = meanwhile
    assert desk.change_status(ticket.id, TicketStatus.CLOSED, "k2").status is TicketStatus.RESOLVED
    assert interrupted == [int(ticket.id)]


def test_a_ticket_that_keeps_changing_is_left_for_later(server: Server, desk: Zendesk) -> None:
    state, ticket = server[1], desk.create(MADE, "k1")
    state.before_update = lambda number: state.write(number, PERSON, "again", True)
    with pytest.raises(Unavailable):
        desk.change_status(ticket.id, TicketStatus.CLOSED, "k2")
    assert state.tickets[int(ticket.id)]["status"] == "new"


def test_what_zendesk_closed_for_good_cannot_be_opened_again(server: Server, desk: Zendesk) -> None:
    ticket = desk.create(MADE, "k1")
    server[1].tickets[int(ticket.id)]["status"] = "closed"
    with pytest.raises(Refused, match="closed prevents ticket update"):
        desk.change_status(ticket.id, TicketStatus.OPEN, "k2")
    with pytest.raises(Refused):
        desk.comment(ticket.id, "hello", "k3")
    found = desk.ticket(ticket.id)
    assert found is not None
    assert found.status is TicketStatus.CLOSED


def test_a_wrong_token_is_refused_without_being_told(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Refused, match="does not accept our credentials") as caught:
        opened(server, "wrong-token-0123").create(MADE, "k1")
    assert "wrong-token" not in f"{caught.value!r} {caplog.text}"


def test_lists_longer_than_a_page_are_read_to_their_end(server: Server, desk: Zendesk) -> None:
    ticket = desk.create(MADE, "k1")
    for number in range(120):
        server[1].write(int(ticket.id), PERSON, f"note {number}", True)
    assert len(desk.notes(ticket.id)) == 121
    assert [change.note for change in desk.changes_of(ticket.id, ())] == [f"note {number}" for number in range(120)]


def test_people_who_were_removed_have_no_name_and_their_words_stay(server: Server, desk: Zendesk) -> None:
    ticket = desk.create(MADE, "k1")
    server[1].write(int(ticket.id), 77, "bye", True)
    assert [(change.author, change.note) for change in desk.changes_of(ticket.id, ())] == [("", "bye")]


@pytest.mark.parametrize(
    ("path", "body"),
    [("tickets", {"ticket": {"comment": {"body": "x"}, "colour": "red"}}), ("tickets", {"ticket": {"subject": "no comment"}}), ("nonsense", {})],
)
def test_a_call_that_the_description_does_not_know_fails_its_test(path: str, body: dict[str, object]) -> None:
    with pytest.raises(AssertionError), zendesk_server() as (url, _):
        httpx.post(f"{url}/api/v2/{path}", json=body, auth=(f"{ACCOUNT}/token", TOKEN), trust_env=False)
