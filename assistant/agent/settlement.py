"""What a turn came to, as a value; ``settle`` makes it and ``record`` writes it down."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from assistant.agent.state import Memory
from assistant.domain.audit import digest
from assistant.domain.configuration import Device
from assistant.domain.conversation import Happening
from assistant.domain.reply import PERSON, RETRY, ActionView, Choice, CitationView, DeviceView, ReplyKind, TicketView
from assistant.domain.ticket import Ticket
from kb.model import Citation, FailureClass, Platform, Retrieval

NEAREST = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One decision for the audit."""

    name: str
    decision: str
    confidence: float | None = None
    passages: tuple[str, ...] = ()
    model: str = ""
    policy: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    rule: str = ""
    """The rule of the policy that was asked; "" where none was."""
    facts: dict[str, Any] = field(default_factory=dict)
    """All that the policy decided by."""
    verdict: str = ""
    """What the policy said; ``decision`` is what came of it."""
    context: dict[str, Any] = field(default_factory=dict)
    """What was handed over."""
    prompt: str = "none"
    """The prompt of the language model that did it, "none" where none did."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a turn came to."""

    happening: Happening
    kind: ReplyKind
    text: str
    memory: Memory
    citations: tuple[CitationView, ...] = ()
    choices: tuple[Choice, ...] = ()
    ticket: TicketView | None = None
    ticket_id: str = ""
    device: DeviceView | None = None
    action: ActionView | None = None
    confidence: float | None = None
    steps: tuple[Step, ...] = ()
    reopens: bool = False
    """The message began a new episode of a closed conversation."""
    deducts: bool = False
    """... and it is about the same issue, so the earlier outcome does not count."""
    failure: FailureClass | None = None
    """The episode ends unresolved, for this reason."""


def handed_over(ticket: Ticket, queue: str) -> dict[str, Any]:
    """Return what the audit keeps of a ticket that goes to people: ids, counts, and a digest of everything in it."""
    body = ticket.body
    whole = json.dumps(asdict(body), sort_keys=True, ensure_ascii=False, default=str)
    articles = [f"{tried.article}@{tried.revision}" for tried in body.tried]
    return {"ticket": ticket.id, "queue": queue, "body": digest(whole), "lines": len(body.transcript), "articles": articles}


def device_view(device: Device) -> DeviceView:
    """Return a device as channels show it."""
    return DeviceView(id=device.id, name=device.name, os=device.os, platform=device.platform.value)


def system_view(platform: Platform) -> DeviceView:
    """Return a system for which the person has no device."""
    return DeviceView(id="", name=platform.label, os=platform.label, platform=platform.value)


def target_view(device: Device | None, platform: Platform | None) -> DeviceView | None:
    """Return the device that is meant as channels show it, or the system where there is none of it."""
    return device_view(device) if device is not None else system_view(platform) if platform else None


def category_of(found: Retrieval) -> str:
    """Return the category of the first article, "" when nothing was found."""
    return found.ranked[0].passage.article.category if found.ranked else ""


def nearest_of(found: Retrieval) -> tuple[str, ...]:
    """Return the ids of the first articles."""
    return tuple(article.id for article in found.articles[:NEAREST])


def citation_view(citation: Citation) -> CitationView:
    """Return a citation as channels show it."""
    return CitationView(**asdict(citation))


def failed_choices() -> tuple[Choice, ...]:
    """Return the ways on after an error."""
    return (RETRY, PERSON)
