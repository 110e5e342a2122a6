"""The weekly review as a record: what it holds, how it is frozen, what is found when it is opened again, and what people decide on it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any

from assistant.domain.audit import ERASED
from assistant.domain.figure import Figure, Plain

ABOUT, OWNER = "{about}", "{owner}"
"""Where a sentence of the record names what it is about, and who answers for it."""
SALT_BYTES = 16
KEPT = 16
"""As many reviews stay read in a process: a page looks into one many times."""


class Kind(StrEnum):
    """What a finding is about. Their order is that of the record."""

    WAITING = "waiting"
    SPIKE = "spike"
    PROBLEM = "problem"
    MEASURE = "measure"
    TRIAGE = "triage"
    GAP = "gap"
    EFFECT = "effect"
    HARMFUL = "harmful"
    DOUBTED = "doubted"
    CALIBRATION = "calibration"
    THRESHOLD = "threshold"
    ROLLOUT = "rollout"
    OVERDUE = "overdue"
    UNUSED = "unused"
    SLOW = "slow"
    COST = "cost"


class Severity(StrEnum):
    """How soon somebody has to look."""

    NOW = "now"
    """People are kept waiting, or are being misled."""
    WEEK = "week"
    """To be done in the week that begins."""
    KNOW = "know"
    """To be known; nothing has to be done."""


class Finding(Plain):
    """One thing that the week showed. Its sentences hold no names: those stand beside the record, under ``about`` and ``owner``."""

    kind: Kind
    subject: str = ""
    """The id of what it is about: a gap, an article, a measure, a step."""
    severity: Severity
    text: str
    todo: str = ""
    """What to do about it, as one sentence; "" where nothing is."""
    weight: float = 0.0
    """How many conversations of the week it concerns: what decides which comes first."""
    figures: tuple[Figure, ...] = ()
    href: str = ""
    about: str = ""
    owner: str = ""
    article: str = ""
    """The article that it is about: who may not read it does not see the finding."""
    articles: tuple[str, ...] = ()
    """All articles behind a number of articles, by id."""
    role: str = ""
    """Who does it where nobody is named: authors, agents, approvers or operators."""

    @property
    def id(self) -> str:
        """The same thing has the same id in every week."""
        return f"{self.kind}:{self.subject}"


class Line(Plain):
    """One cell of the ledger as the review found it."""

    keys: tuple[str, ...]
    counts: tuple[int, ...]
    """By outcome, in the order of ``domain.conversation.Outcome``."""
    reopened: int = 0


class Inputs(Plain):
    """What the review was made from."""

    axes: tuple[str, ...]
    cells: tuple[Line, ...]
    """The week's cells of the ledger by these axes."""
    weeks: tuple[Line, ...]
    """Twelve weeks by their names, the reviewed one last."""
    hours: tuple[Line, ...]
    """The week by category and hour."""
    reasons: tuple[tuple[str, int], ...]
    """Why conversations went to people."""
    still_open: int
    """Conversations of the week or before that had not ended when the review was made: they count in the week in which they end."""
    asked: int
    """Questions of the week with what they were about."""
    gaps: int
    versions: tuple[tuple[str, str], ...]
    """Of the product, the policy, the models and the ranking."""


class Check(Plain):
    """What became of an earlier decision: how it stands, and its finding's number then and now."""

    decision: str
    week: str
    finding: str
    what: str
    owner: str
    due: str
    status: str
    before: Figure | None = None
    now: Figure | None = None
    verdict: str


class WeeklyReview(Plain):
    """A week, as it was found when the review was made. Whatever is somebody's words or name stands beside the record, under a key."""

    week: str
    version: int
    zone: str
    start: datetime
    end: datetime
    made_at: datetime
    made_by: str
    reason: str = ""
    """Key of why it was made again; "" for the first."""
    inputs: Inputs
    figures: tuple[Figure, ...]
    """The measures of the week, in the order of their definitions."""
    before: tuple[Figure, ...]
    """The same of the week before."""
    findings: tuple[Finding, ...]
    first: tuple[str, ...]
    """The ids of the three findings to act on first."""
    checks: tuple[Check, ...] = ()
    seals: tuple[tuple[str, str], ...] = ()
    """A digest of each name beside the record, by its key."""

    def finding(self, finding_id: str) -> Finding | None:
        """Return a finding, or None."""
        return next((one for one in self.findings if one.id == finding_id), None)


@dataclass(frozen=True, slots=True)
class Name:
    """A word of somebody, or the name of somebody or something, that stands beside the record under a key."""

    text: str
    salt: str
    words: bool = False
    """Whether it was made of what people asked: it goes when their questions go."""

    @property
    def seal(self) -> str:
        """Its digest, which leads to no name without the salt."""
        return sha256(f"{self.salt}\n{self.text}".encode()).hexdigest()


@dataclass(slots=True)
class Names:
    """Collects the names of a review that is being made; the same text has one key. Keys count from n1."""

    known: dict[str, Name] = field(default_factory=dict)
    salt: Callable[[], str] = lambda: secrets.token_hex(SALT_BYTES)

    def key(self, text: str, words: bool = False) -> str:
        """Return the key under which a name stands, "" for none."""
        if not text:
            return ""
        for key, name in self.known.items():
            if (name.text, name.words) == (text, words):
                return key
        key = f"n{len(self.known) + 1}"
        self.known[key] = Name(text, self.salt(), words)
        return key


@lru_cache(maxsize=KEPT)
def _read(body: str) -> WeeklyReview:
    return WeeklyReview.model_validate_json(body)


@dataclass(frozen=True, slots=True)
class Frozen:
    """A review as it is stored: its canonical text and the hash of it, with the names beside."""

    week: str
    version: int
    made_at: datetime
    body: str
    hash: str
    names: Mapping[str, Name]

    @property
    def review(self) -> WeeklyReview:
        """The review that it holds.

        Raises:
            ValueError: the text was changed and holds none.
        """
        return _read(self.body)

    @property
    def legible(self) -> bool:
        """Say whether it holds a review; one that somebody changed may hold none any more."""
        try:
            return bool(self.review)
        except ValueError:
            return False

    def called(self, key: str) -> str:
        """Return the name under a key; "" when there is none, or it was deleted."""
        return self.names[key].text if key in self.names else ""

    def said(self, text: str, finding: Finding) -> str:
        """Return a sentence of a finding with the names in it."""
        about = self.called(finding.about) or finding.subject
        return text.replace(ABOUT, about).replace(OWNER, self.called(finding.owner) or finding.role)

    def owner(self, finding: Finding) -> str:
        """Return who answers for a finding: somebody's name, or a role."""
        return self.called(finding.owner) or (f"the {finding.role}" if finding.role else "")

    def faults(self) -> list[str]:
        """Return what was changed since it was frozen, in words; [] when nothing was. What was erased or is past its time may be missing."""
        found = [] if sha256(self.body.encode()).hexdigest() == self.hash else ["the text is not the one that was frozen"]
        if not self.legible:
            return [*found, "the text cannot be read"]
        seals = dict(self.review.seals)
        for key, name in sorted(self.names.items()):
            erased = not name.salt and ERASED in name.text
            if not erased and seals.get(key) != name.seal:
                found.append(f"the name {key} is not the one that was frozen")
        return found


def frozen(review: WeeklyReview, names: Names) -> Frozen:
    """Freeze a review: from here on its text and its hash never change."""
    seals = tuple((key, name.seal) for key, name in names.known.items())
    body = canonical(review.model_copy(update={"seals": seals}).model_dump(mode="json"))
    return Frozen(review.week, review.version, review.made_at, body, sha256(body.encode()).hexdigest(), dict(names.known))


def canonical(plain: Any) -> str:
    """Return the one text of plain values: sorted keys, no spaces, no escapes."""
    return json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


MOST_FIRST = 3


def first_things(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return the ids of the three findings to act on first: what cannot wait, then what concerns most conversations; ties in the record's order."""
    order = {severity: place for place, severity in enumerate(Severity)}
    todo = [one for one in findings if one.todo]
    return tuple(one.id for one in sorted(todo, key=lambda one: (order[one.severity], -one.weight)))[:MOST_FIRST]


class Status(StrEnum):
    """How a decision stands."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided on a review: the one part of it that changes. ``version`` grows with every change and guards against lost ones."""

    id: str
    week: str
    review: int
    """The version of the review that it was decided on."""
    finding: str
    """The finding that it answers; "" when it answers none."""
    what: str
    owner: str
    """The person who does it; "" while nobody does."""
    due: date | None
    status: Status
    made_by: str
    made_at: datetime
    changed_by: str
    changed_at: datetime
    version: int = 1

    def overdue(self, today: date) -> bool:
        """Say whether it should have been done by now."""
        return self.status is Status.OPEN and self.due is not None and self.due < today
