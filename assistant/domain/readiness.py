"""An assessment of how ready a service desk is: four prerequisites, each with a score, its formula and its evidence, and what to mend first."""

from __future__ import annotations

from pydantic import Field

from assistant.domain.figure import Plain

TAXONOMY, HISTORY, WORKFLOWS, KNOWLEDGE = "taxonomy", "history", "workflows", "knowledge"
TITLES = {
    TAXONOMY: "A clean and consistent taxonomy",
    HISTORY: "Labelled history",
    WORKFLOWS: "Documented workflows",
    KNOWLEDGE: "A knowledge base that covers demand",
}


class Factor(Plain):
    """One part of a score: a share in [0, 1], or why it cannot be judged."""

    name: str
    share: float | None = Field(default=None, ge=0, le=1)
    text: str
    """The share with what it was counted of, or why it is not known."""


class Evidence(Plain):
    """One row of evidence."""

    what: str
    text: str
    tickets: int
    """The demand behind it."""


class Prerequisite(Plain):
    """One of the four. ``score`` is 0 to 100, None where nothing of it can be judged from what was given."""

    name: str
    score: int | None = Field(default=None, ge=0, le=100)
    formula: str
    factors: tuple[Factor, ...]
    evidence: tuple[Evidence, ...] = ()

    @property
    def said(self) -> str:
        """The score with how many of its parts it is made of, where that is not all of them."""
        known = sum(factor.share is not None for factor in self.factors)
        if self.score is None:
            return "cannot be judged"
        return f"{self.score} of 100" + ("" if known == len(self.factors) else f", by {known} of {len(self.factors)} parts")

    @property
    def title(self) -> str:
        """What it is called."""
        return TITLES[self.name]


class Fix(Plain):
    """One thing to mend, with the demand that it concerns."""

    text: str
    prerequisite: str
    tickets: int
    share: float
    """Of all tickets."""


class ReadinessAssessment(Plain):
    """The whole assessment."""

    source: str
    """SHA-256 of the export."""
    tickets: int
    articles: int | None
    """In the knowledge base, None without one."""
    band: float
    """The confidence from which an answer counts as found."""
    prerequisites: tuple[Prerequisite, ...]
    fixes: tuple[Fix, ...]
    notes: tuple[str, ...]
