"""What triage says of a ticket: its fields with how sure each is, what was done with them, and what a person made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Field(StrEnum):
    """What triage says of a ticket."""

    CATEGORY = "category"
    SERVICE = "service"
    URGENCY = "urgency"
    IMPACT = "impact"
    SENTIMENT = "sentiment"
    QUEUE = "queue"


ROUTING = (Field.CATEGORY, Field.QUEUE)
"""The fields that decide where a ticket goes."""


class Route(StrEnum):
    """What was done with a ticket."""

    AUTO = "auto"
    """It was put where triage says, without anybody looking."""
    REVIEW = "review"
    """It waits in the review queue with what triage suggests."""
    ESCALATE = "escalate"
    """It was left to a person, without a suggestion."""
    KEPT = "kept"
    """It stays in the queue that another practice gave it."""


TURN = "turn"
"""The model's version where nothing was learnt from history: the category comes from how the conversation was understood."""
TEXT = "text"
"""The version of what is read from the words by patterns that come with the product."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """What a field is read as, how sure that is, and which model says so."""

    value: str
    confidence: float
    by: str = TURN

    def __post_init__(self) -> None:
        """Refuse what is no probability."""
        if not 0 <= self.confidence <= 1:
            raise ValueError(f"a confidence of {self.confidence} is no probability")


@dataclass(frozen=True, slots=True)
class Triage:
    """What triage said of one ticket, and what came of it. It holds names of fields and numbers, nothing that somebody wrote."""

    ticket: str
    at: datetime
    route: Route
    rule: str
    """What decided the route."""
    fields: Mapping[Field, Suggested] = field(default_factory=dict)
    model: str = TURN
    policy: str = ""
    """Version of the policy that decided."""
    before: tuple[str, str] = ("", "")
    """Category and queue when the ticket was filed."""
    settled: tuple[str, str] = ("", "")
    """Category and queue that a person decided on; two times "" while nobody did."""
    settled_at: datetime | None = None
    settled_by: str = ""
    """Who decided; "" when nobody did, or whoever did was erased."""
    version: int = 0

    def value(self, name: Field) -> str:
        """Return what a field is read as, "" when nothing was read."""
        found = self.fields.get(name)
        return found.value if found is not None else ""

    @property
    def suggested(self) -> tuple[str, str]:
        """The category and the queue that triage says; that of the ticket where it says nothing."""
        return self.value(Field.CATEGORY) or self.before[0], self.value(Field.QUEUE) or self.before[1]

    @property
    def waits(self) -> bool:
        """Say whether somebody still has to look at the suggestion."""
        return self.route is Route.REVIEW and self.settled_at is None

    @property
    def misrouted(self) -> bool:
        """Say whether a person moved what was put somewhere without anybody looking."""
        return self.route is Route.AUTO and self.settled_at is not None and self.settled != self.suggested

    @property
    def confidence(self) -> float:
        """How sure the less sure of the fields is that decide where the ticket goes; 0 where one was not read."""
        return min(self.fields[name].confidence if name in self.fields else 0.0 for name in ROUTING)


LEVELS = ("low", "medium", "high")
PRIORITIES = (("5", "4", "3"), ("4", "3", "2"), ("3", "2", "1"))
"""By impact and urgency, low to high; 1 is critical, 5 is planning (ITIL, priority = impact x urgency)."""
_MEANING = {"1": "high", "2": "medium", "3": "low", "critical": "high", "normal": "medium", "moderate": "medium", "minor": "low", "major": "high"}


def level(value: str) -> str:
    """Return which of low, medium and high a value means, as organisations write it ("2 - Medium", "HIGH", "3"); "" when it means none."""
    for word in value.lower().replace("-", " ").replace("_", " ").split():
        if word in LEVELS:
            return word
    first = value.lower().split()
    return _MEANING.get(first[0].strip("-.,"), "") if first else ""


def priority(impact: str, urgency: str) -> str:
    """Return the priority of ITIL's matrix, "1" to "5"; "" where impact or urgency is not known."""
    how_wide, how_soon = level(impact), level(urgency)
    if not how_wide or not how_soon:
        return ""
    return PRIORITIES[LEVELS.index(how_wide)][LEVELS.index(how_soon)]
