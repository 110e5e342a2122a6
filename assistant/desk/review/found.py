"""What a review that is being made has found so far, and how numbers of two weeks are compared."""

from __future__ import annotations

from dataclasses import dataclass, field

from assistant.domain.figure import POINTS, Figure, signed
from assistant.domain.measures import Change, Rate
from assistant.domain.review import Finding, Kind, Names, Severity

NO_CHANGE = "no clear change"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding is about: its id, what it is called, who answers for it, and where its rows are."""

    id: str = ""
    name: str = ""
    owner: str = ""
    role: str = ""
    href: str = ""
    article: str = ""
    articles: tuple[str, ...] = ()
    words: bool = False
    """Whether the name was made of what people asked."""


@dataclass(slots=True)
class Found:
    """Findings in the order in which they were made, and the number of each thing that a decision may have been made about."""

    names: Names = field(default_factory=Names)
    findings: list[Finding] = field(default_factory=list)
    gauges: dict[str, Figure] = field(default_factory=dict)
    """By finding id: what the check of earlier decisions compares with, also where nothing was worth a finding this week."""

    def add(
        self, kind: Kind, severity: Severity, text: str, figures: tuple[Figure, ...], about: Subject, todo: str = "", weight: float = 0.0
    ) -> None:
        """Add a finding; the names in it get keys. Its first figure is what later checks compare."""
        made = Finding(
            kind=kind,
            subject=about.id,
            severity=severity,
            text=text,
            todo=todo,
            weight=weight,
            figures=figures,
            href=about.href,
            about=self.names.key(about.name, about.words),
            owner=self.names.key(about.owner),
            article=about.article,
            articles=about.articles,
            role=about.role,
        )
        self.findings.append(made)
        if figures:
            self.gauges[made.id] = figures[0]


def points(change: Change) -> Figure:
    """Return the difference of two rates in percentage points, with its 95 % interval."""
    difference = change.difference
    if difference is None:
        return Figure(name="change", unit=POINTS)
    return Figure(name="change", value=100 * difference, low=100 * change.low, high=100 * change.high, unit=POINTS)


def quoted(name: str) -> str:
    """Return a title or a name as it stands in a sentence."""
    return f"“{name}”"


def many(number: int, one: str, more: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else more}"


def changed(change: Change) -> str:
    """Say in a few words how a rate changed: clearly, or not."""
    difference = change.difference
    if difference is None:
        return "nothing to compare with"
    between = f"{signed(100 * change.low)} to {signed(100 * change.high)} points"
    if not change.clear:
        return f"{NO_CHANGE} ({between})"
    return f"{abs(100 * difference):.1f} points {'more' if difference > 0 else 'less'} than the week before ({between})"


def counted(before: int, now: int) -> str:
    """Say how a count changed between two weeks.

    Given their sum, the later count of two Poisson counts of one mean is binomial with 1/2 (Przyborowski and Wilenski 1940): the change is clear
    when the 95 % interval of its share lies on one side of that.
    """
    if before == now:
        return "as many as the week before"
    share = Rate(now, before + now)
    more = f"{abs(now - before):,} {'more' if now > before else 'fewer'} than the week before"
    return more if share.low > 0.5 or share.high < 0.5 else f"{more}, {NO_CHANGE}"


def compared(before: Figure | None, now: Figure | None) -> str:
    """Say how a finding's number changed since it was decided about."""
    if before is None or now is None:
        return "there is no number to compare"
    first, second = before.as_rate, now.as_rate
    if first is not None and second is not None:
        return changed(Change(first, second))
    if before.value is None or now.value is None:
        return "there is no number to compare"
    if before.low is None and now.low is None and float(before.value).is_integer() and float(now.value).is_integer():
        return counted(int(before.value), int(now.value))
    return f"{before.text}, now {now.text}"
