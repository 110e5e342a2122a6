"""A ticket as it is sent to the people who will work it elsewhere: everything that was said, tried and found, in plain text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from assistant.domain.configuration import Person
from assistant.domain.local_time import NUMBERS, local
from assistant.domain.ticket import Ticket, TicketBody
from assistant.ports.ticketing import OutgoingTicket

UNSTATED = "not stated"


def outgoing(ticket: Ticket, body: TicketBody, requester: Person, reason: str = "", zone: str = "UTC") -> OutgoingTicket:
    """Return a ticket for another system.

    ``body`` is the ticket's as the people of that system may see it; ``reason`` says why it was handed over, "" when it was not;
    the moments of the transcript are of ``zone``.
    """
    return OutgoingTicket(
        subject=ticket.subject,
        text=as_text(body, ticket.id, ticket.queue, reason, zone),
        requester=requester.email,
        requester_name=requester.name,
        queue=ticket.queue,
        category=ticket.category,
        reference=ticket.id,
    )


def as_text(body: TicketBody, reference: str, queue: str, reason: str = "", zone: str = "UTC") -> str:
    """Return everything in a ticket's body as plain text, the summary first and the transcript, verbatim, last."""
    return "\n".join((*_summary(body, reason), *_facts(body, reference, queue), *_tried(body), *_transcript(body, zone)))


def _summary(body: TicketBody, reason: str) -> Iterator[str]:
    yield from ("SUMMARY", body.summary)
    if reason:
        yield f"Handed over because: {reason}"


def _facts(body: TicketBody, reference: str, queue: str) -> Iterator[str]:
    yield from ("", "FACTS", f"Device: {body.device or UNSTATED}")
    yield from (f"{name}: {value}" for name, value in body.facts)
    confidence = f"{body.confidence:.0%}" if body.confidence is not None else UNSTATED
    yield from (f"Confidence of the assistant: {confidence}", f"Suggested queue: {queue}", f"Ticket in Firstline: {reference}")


def _tried(body: TicketBody) -> Iterator[str]:
    yield from ("", "ARTICLES TRIED")
    if not body.tried:
        yield "None answered it."
    for number, one in enumerate(body.tried, 1):
        place = f" ({one.article}, revision {one.revision})" if one.article else ""
        yield f"{number}. {one.title}{place}: {one.verdict}"


def _transcript(body: TicketBody, zone: str) -> Iterator[str]:
    yield from ("", "TRANSCRIPT")
    if not body.transcript:
        yield "Nothing was said."
    for who, words, at in body.transcript:
        yield from (f"[{local(datetime.fromisoformat(at), zone, NUMBERS)}] {who}:", words, "")
