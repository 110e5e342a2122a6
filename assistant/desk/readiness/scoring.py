"""Scores the four prerequisites from what was counted, by formulas that stand beside them, and ranks what to mend by the demand behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod

from assistant.desk.readiness.gathering import BOILERPLATE, Category, Gathered
from assistant.desk.readiness.labels import Told, is_catch_all, same_names, told_apart
from assistant.domain.measures import Rate
from assistant.domain.readiness import (
    HISTORY,
    KNOWLEDGE,
    TAXONOMY,
    WORKFLOWS,
    Evidence,
    Factor,
    Fix,
    Prerequisite,
    ReadinessAssessment,
)

ENOUGH = 50
"""Examples that a category needs before anything can be learned of it."""
LEAST_FOUND = 10
"""Answering articles that are needed to judge whether they have steps."""
FORM = 10
"""A note that stands in no more tickets than this is no form, however few there are."""
ROWS = 12
FIXES = 5


@dataclass(frozen=True, slots=True)
class Tried:
    """A question that was tried on the knowledge base."""

    category: str
    found: bool
    """An article answers it, surely enough by the band of answers."""
    steps: bool
    """... and that article has a procedure in steps."""


@dataclass(slots=True)
class _Making:
    total: int
    fixes: list[Fix] = field(default_factory=list)

    def fix(self, prerequisite: str, tickets: float, text: str) -> None:
        number = round(tickets)
        if number > 0:
            self.fixes.append(Fix(text=text, prerequisite=prerequisite, tickets=number, share=round(number / self.total, 4)))

    def first(self) -> tuple[Fix, ...]:
        return tuple(sorted(self.fixes, key=lambda one: (-one.tickets, one.text))[:FIXES])


def assessed(
    found: Gathered, tried: Sequence[Tried] | None, articles: int | None, band: float, source: str, notes: Iterable[str]
) -> ReadinessAssessment:
    """Return the assessment; ``tried`` is None without a knowledge base."""
    making = _Making(found.tickets)
    told = told_apart(found.labelled.kept) if found.has_text else None
    parts = (_taxonomy(found, told, making), _history(found, making), _workflows(found, tried, making), _knowledge(found, tried, making))
    return ReadinessAssessment(
        source=source, tickets=found.tickets, articles=articles, band=band, prerequisites=parts, fixes=making.first(), notes=tuple(notes)
    )


def _scored(name: str, formula: str, factors: Sequence[Factor], evidence: Iterable[Evidence], mean: bool = False) -> Prerequisite:
    known = [one.share for one in factors if one.share is not None]
    value = (sum(known) / len(known) if mean else prod(known)) if known else None
    rows = sorted(evidence, key=lambda one: -one.tickets)[:ROWS]
    return Prerequisite(name=name, score=None if value is None else round(100 * value), formula=formula, factors=tuple(factors), evidence=tuple(rows))


def _of(name: str, hits: int, total: int, unknown: str) -> Factor:
    if not total:
        return Factor(name=name, text=f"cannot be judged: {unknown}")
    return Factor(name=name, share=hits / total, text=f"{100 * hits / total:.0f} % of {total:,}")


# -- taxonomy ---------------------------------------------------------------------------------------------------------------


def _taxonomy(found: Gathered, told: Told | None, making: _Making) -> Prerequisite:
    named = found.by_demand
    labelled = sum(one.tickets for _, one in named)
    catch_all = [(name, one.tickets) for name, one in named if is_catch_all(name)]
    evidence = [Evidence(what=name, text="a category for everything that has none", tickets=number) for name, number in catch_all]
    for name, number in catch_all:
        making.fix(TAXONOMY, number, f"Split “{name}”: {number:,} tickets are in a category that says nothing about them.")
    size = {name: one.tickets for name, one in named}
    pairs = same_names(list(size))
    doubled = {name for pair in pairs for name in pair}
    for one, other in pairs:
        evidence.append(Evidence(what=f"{one} / {other}", text="names that differ in spelling alone", tickets=size[one] + size[other]))
        making.fix(TAXONOMY, size[one] + size[other], f"Join “{one}” and “{other}”: their names differ in spelling alone.")
    known = labelled - sum(number for _, number in catch_all)
    factors = [
        _of("named", known, labelled, "no ticket has a category"),
        _of("distinct", labelled - sum(size[name] for name in doubled), labelled, "no ticket has a category"),
        _separable(found, told, size, evidence, making),
    ]
    return _scored(TAXONOMY, "100 x named x distinct x separable; a factor that cannot be judged is left out", factors, evidence)


def _separable(found: Gathered, told: Told | None, size: dict[str, int], evidence: list[Evidence], making: _Making) -> Factor:
    if told is None:
        why = "fewer than two categories have enough texts" if found.has_text else "the export has no text"
        return Factor(name="separable", text=f"cannot be judged: {why}")
    mixed: set[str] = set()
    for pair in told.confused:
        both = size[pair.one] + size[pair.other]
        mixed |= {pair.one, pair.other}
        said = f"of the texts that are put into either, {pair.own.text} land in their own (chance is 50 %)"
        evidence.append(Evidence(what=f"{pair.one} / {pair.other}", text=said, tickets=both))
        making.fix(
            TAXONOMY,
            both * (1 - (pair.own.share or 0)),
            f"Say what separates “{pair.one}” from “{pair.other}”, or join them: by their words they cannot be told apart ({pair.own.text} right).",
        )
    judged = sum(size[name] for name in told.judged)
    apart = judged - sum(size[name] for name in mixed)
    evidence.append(Evidence(what="all categories", text=f"told from the words alone: {told.right.text} right", tickets=judged))
    return _of("separable", apart, judged, "no category has enough texts")


# -- history ----------------------------------------------------------------------------------------------------------------


def _history(found: Gathered, making: _Making) -> Prerequisite:
    named, without = found.by_demand, found.categories.get("", Category()).tickets
    labelled = found.tickets - without
    small = [(name, one.tickets) for name, one in named if one.tickets < ENOUGH]
    few = sum(number for _, number in small)
    evidence = [Evidence(what=name, text=f"fewer than {ENOUGH} examples", tickets=number) for name, number in small]
    if without:
        evidence.append(Evidence(what="(no category)", text="tickets without a label", tickets=without))
        making.fix(HISTORY, without, f"Label the {without:,} tickets without a category, or leave them out of what is learned.")
    if small:
        making.fix(HISTORY, few, f"Join {len(small)} categories with fewer than {ENOUGH} examples into larger ones: nothing can be learned of them.")
    factors = [
        _of("labelled", labelled, found.tickets, "there are no tickets"),
        _of("enough", labelled - few, labelled, "no ticket has a category"),
        _consistent(found, evidence, making),
    ]
    return _scored(HISTORY, f"100 x labelled x enough (in categories with {ENOUGH} examples or more) x consistent", factors, evidence)


def _consistent(found: Gathered, evidence: list[Evidence], making: _Making) -> Factor:
    if not found.has_text:
        return Factor(name="consistent", text="cannot be judged: the export has no text")
    repeated = [counts for counts in found.texts.counts.values() if sum(number for label, number in counts.items() if label) > 1]
    total = sum(number for counts in repeated for label, number in counts.items() if label)
    agree = sum(max(number for label, number in counts.items() if label) for counts in repeated)
    if not total:
        return Factor(name="consistent", text="cannot be judged: no text stands in two labelled tickets")
    if total > agree:
        evidence.append(
            Evidence(what="the same text", text=f"{total - agree:,} tickets have another label than most with the same text", tickets=total - agree)
        )
        making.fix(HISTORY, total - agree, f"Relabel {total - agree:,} tickets whose text has another label elsewhere.")
    return _of("consistent", agree, total, "")


# -- workflows --------------------------------------------------------------------------------------------------------------


def _workflows(found: Gathered, tried: Sequence[Tried] | None, making: _Making) -> Prerequisite:
    evidence: list[Evidence] = []
    factors = [_noted(found, evidence, making), _in_steps(tried)]
    return _scored(WORKFLOWS, "100 x mean of: resolutions that say how; answering articles with steps", factors, evidence, mean=True)


def _noted(found: Gathered, evidence: list[Evidence], making: _Making) -> Factor:
    name = "resolutions that say how"
    if not found.has_notes:
        return Factor(name=name, text="cannot be judged: the export has no column with notes on the resolution")
    resolved = sum(one.resolved for one in found.categories.values())
    told, noted = sum(one.told for one in found.categories.values()), sum(one.noted for one in found.categories.values())
    forms = _forms(found)
    if forms:
        evidence.append(
            Evidence(
                what="forms",
                text=f"{100 * forms:.0f} % of the notes are one of a few texts that say nothing of the case",
                tickets=round(noted * forms),
            )
        )
    for category, one in found.by_demand:
        missing = one.resolved - one.told
        if missing > 0:
            evidence.append(Evidence(what=category, text=f"{Rate(one.told, one.resolved).text} of the resolved say how", tickets=missing))
            making.fix(WORKFLOWS, missing, f"Ask for a note on the resolution in “{category}”: {missing:,} resolved tickets do not say how.")
    hits = round(told * (1 - forms))
    return _of(name, hits, resolved, "no ticket is resolved")


def _forms(found: Gathered) -> float:
    """Return the share of notes that are forms: texts that stand in more than one of a hundred noted tickets, judged by the texts followed."""
    sizes = [sum(counts.values()) for counts in found.notes.counts.values()]
    total = sum(sizes)
    return sum(size for size in sizes if size > max(FORM, BOILERPLATE * total)) / total if total >= 100 else 0.0


def _in_steps(tried: Sequence[Tried] | None) -> Factor:
    name = "answering articles with steps"
    if tried is None:
        return Factor(name=name, text="cannot be judged: no knowledge base was given")
    found = [one for one in tried if one.found]
    if len(found) < LEAST_FOUND:
        return Factor(name=name, text=f"cannot be judged: {len(found)} questions found an article, {LEAST_FOUND} are needed")
    return _of(name, sum(one.steps for one in found), len(found), "")


# -- knowledge --------------------------------------------------------------------------------------------------------------


def _knowledge(found: Gathered, tried: Sequence[Tried] | None, making: _Making) -> Prerequisite:
    formula = "100 x share of demand that finds an article: by category the share of the questions tried, weighted by tickets"
    if tried is None or not tried:
        why = "no knowledge base was given" if tried is None else "the export has no text to ask with"
        return _scored(KNOWLEDGE, formula, [Factor(name="covered", text=f"cannot be judged: {why}")], ())
    rows: dict[str, list[bool]] = {}
    for one in tried:
        rows.setdefault(one.category, []).append(one.found)
    evidence, covered, weight = [], 0.0, 0
    for category, results in rows.items():
        tickets, rate = found.categories[category].tickets, Rate(sum(results), len(results))
        covered, weight = covered + tickets * (rate.share or 0.0), weight + tickets
        missing = tickets * (1 - (rate.share or 0.0))
        said = f"{rate.hits} of {rate.total} questions find an article"
        evidence.append(
            Evidence(what=category or "(no category)", text=f"{said}, {round(100 * rate.low)}-{round(100 * rate.high)} %", tickets=tickets)
        )
        if category:
            making.fix(
                KNOWLEDGE, missing, f"Write articles for “{category}”: {said}, so about {round(missing):,} of its {tickets:,} tickets have none."
            )
    text = f"{100 * covered / weight:.0f} % of the demand of {len(rows)} categories, by {len(tried)} questions"
    return _scored(KNOWLEDGE, formula, [Factor(name="covered", share=min(1.0, covered / weight), text=text)], evidence)
