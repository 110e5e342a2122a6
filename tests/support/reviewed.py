"""Weekly reviews for tests, made by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from assistant.domain.conversation import Conversation, Episode, Outcome, State
from assistant.domain.figure import Figure
from assistant.domain.measures import Rate
from assistant.domain.outcome import Judged
from assistant.domain.review import ABOUT, OWNER, Decision, Finding, Frozen, Inputs, Kind, Names, Severity, Status, WeeklyReview, first_things, frozen
from assistant.ports.store import Store

MADE = datetime(2026, 11, 23, 6, tzinfo=UTC)
GAP = "vpn, hotel, token"


def finding(kind: Kind = Kind.GAP, subject: str = "g_1", **changes: Any) -> Finding:
    """Return a finding about a gap that two things were said of."""
    facts: dict[str, Any] = {
        "kind": kind,
        "subject": subject,
        "severity": Severity.WEEK,
        "text": f"{ABOUT} was asked 12 times and answered never. {OWNER} has it.",
        "todo": f"Write the article on {ABOUT}.",
        "weight": 12.0,
        "figures": (Figure.rate("asked without an answer", Rate(12, 12), "/console/gaps/g_1"), Figure(name="cost", value=14.5)),
        "href": "/console/gaps/g_1",
        "role": "authors",
    }
    return Finding(**(facts | changes))


def review_of(week: str = "2026-W47", version: int = 1, findings: tuple[Finding, ...] = (), **changes: Any) -> WeeklyReview:
    """Return a review with these findings, or with the one about the gap."""
    found = findings or (finding(),)
    inputs = Inputs(axes=("channel",), cells=(), weeks=(), hours=(), reasons=(), still_open=3, asked=40, gaps=1, versions=(("product", "0.7"),))
    facts: dict[str, Any] = {
        "week": week,
        "version": version,
        "zone": "Europe/Stockholm",
        "start": datetime(2026, 11, 15, 23, tzinfo=UTC),
        "end": datetime(2026, 11, 22, 23, tzinfo=UTC),
        "made_at": MADE,
        "made_by": "",
        "inputs": inputs,
        "figures": (Figure.rate("confirmed_resolution", Rate(22, 40)),),
        "before": (Figure.rate("confirmed_resolution", Rate(18, 40)),),
        "findings": found,
        "first": first_things(found),
    }
    return WeeklyReview(**(facts | changes))


def named_review(week: str = "2026-W47", version: int = 1, owner: str = "Maria Santos", about: str = GAP) -> Frozen:
    """Return a frozen review whose finding names a gap and somebody."""
    names = Names()
    one = finding(about=names.key(about, words=True), owner=names.key(owner))
    return frozen(review_of(week, version, (one,)), names)


def decision(name: str = "d_1", **changes: Any) -> Decision:
    """Return a decision on the review, open and due on a Friday."""
    facts: dict[str, Any] = {
        "id": name,
        "week": "2026-W47",
        "review": 1,
        "finding": "gap:g_1",
        "what": "Write it.",
        "owner": "maria.santos",
        "due": date(2026, 11, 27),
        "status": Status.OPEN,
        "made_by": "dana.fox",
        "made_at": MADE,
        "changed_by": "dana.fox",
        "changed_at": MADE,
    }
    return Decision(**(facts | changes))


@dataclass(frozen=True)
class Ended:
    """How conversations of a test ended, one after another from a moment on."""

    outcome: Outcome = Outcome.RESOLVED_CONFIRMED
    number: int = 1
    category: str = "vpn"
    channel: str = "web"
    article: str = ""
    right: bool | None = None
    person: str = "ana"


def settle(store: Store, at: datetime, *ended: Ended, name: str = "s") -> None:
    """Store conversations that ended at a moment, as the service stores them: the ledger counts them by itself."""
    with store.write() as unit:
        for group, one in enumerate(ended):
            for number in range(one.number):
                made = f"c_{name}_{at:%m%d%H%M}_{group}_{number}"
                opened = at - timedelta(minutes=30)
                memory: dict[str, object] = {"category": one.category, "intent": "question"}
                head = Conversation(made, one.person, one.channel, State.OPEN, State.OPEN, opened, opened, 0, Episode(1, opened), memory)
                unit.conversations.begin(head)
                if one.article:
                    unit.outcomes.judge(Judged(made, 1, "m", at, "answer", 0.9, "steps.answer", (one.article,), one.right))
                closed = replace(head, state=State.RESOLVED, changed_at=at, episode=Episode(1, opened, at, one.outcome))
                unit.conversations.save(closed)
