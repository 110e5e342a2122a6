"""How surely two tickets, or a question and a problem, have one cause. Evidence is added up as log-odds, each piece by itself explainable."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import numpy as np

from assistant.domain.problem import FAULT, WISH, Problem, Trace
from assistant.governance.policy import Disposition, Policy
from assistant.governance.problem_rules import CHAT

PRIOR = -2.4
"""Of two tickets at the same moment of which nothing else is known. The weights are those of a logistic regression on generated weeks (seeds 1 to 12
of ``firstline eval problems``), rounded, and drawn towards nothing where generated weeks are surer than real ones can be."""
SAME_SERVICE, OTHER_SERVICE = 1.5, -1.5
SAME_CODE, OTHER_CODE = 3.5, -1.2
SAME_CATEGORY = 0.8
SAME_SITE, OTHER_SITE = 0.5, -0.2
BOTH_FAULTS, WISH_AND_FAULT = 0.7, -3.0
ALIKE, ALIKE_FROM, ALIKE_LEAST, ALIKE_MOST = 6.5, 0.22, -1.4, 3.0
"""A cosine adds ``ALIKE`` times what it is above ``ALIKE_FROM``, within the two bounds: texts about different things reach about 0.1 to 0.2."""
APART = -1.5
"""Times the logarithm of one and the hours between the two: an hour speaks against one cause a little, a day much."""
GOING_ON = 0.4
"""That people work on a problem makes it likelier that a question is about it than that two tickets of one moment have one cause."""
UNSORTED = "general"
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two that are compared. What is not known is empty and says nothing."""

    service: str
    category: str
    codes: frozenset[str]
    sites: frozenset[str]
    manner: str
    at: datetime
    vector: Sequence[float]

    @classmethod
    def of_trace(cls, trace: Trace) -> Side:
        """Return a ticket as it is compared."""
        sites = frozenset({trace.site} - {""})
        return cls(trace.service, trace.category, frozenset(trace.codes), sites, trace.manner, trace.at, trace.vector)

    @classmethod
    def of_problem(cls, problem: Problem, at: datetime) -> Side:
        """Return a problem as a question at this moment is compared with it: it goes on, so no time lies between."""
        sites = frozenset(one.removeprefix("site:") for one in problem.concerns if one.startswith("site:"))
        return cls(problem.service, problem.category, frozenset(problem.codes), sites, FAULT, at, problem.vector)


def evidence(one: Side, other: Side) -> dict[str, float]:
    """Return each piece of evidence that the two have one cause, in log-odds; what says nothing is left out."""
    found = _beside_words(one, other) | {"words": _words(one.vector, other.vector)}
    return {name: value for name, value in found.items() if value}


def _beside_words(one: Side, other: Side) -> dict[str, float]:
    return {
        "service": _equal(one.service.casefold(), other.service.casefold(), SAME_SERVICE, OTHER_SERVICE),
        "code": _shared(one.codes, other.codes, SAME_CODE, OTHER_CODE),
        "category": _equal(_known(one.category), _known(other.category), SAME_CATEGORY, 0.0),
        "site": _shared(one.sites, other.sites, SAME_SITE, OTHER_SITE),
        "manner": _manner(one.manner, other.manner),
        "time": APART * math.log1p(abs((one.at - other.at).total_seconds()) / 3600),
    }


def confidence(one: Side, other: Side) -> float:
    """Return how probable it is that the two have one cause, from 0 to 1."""
    return 1 / (1 + math.exp(-(PRIOR + sum(evidence(one, other).values()))))


def likely(one: Side, others: Iterable[tuple[K, Side]], least: float) -> list[tuple[K, float]]:
    """Return those that have one cause with ``one`` at least so probably, each with how probably: as ``confidence`` says.

    Words, which cost most, are compared only where they could make up what is missing.
    """
    needed, found = math.log(least / (1 - least)), []
    for key, other in others:
        odds = PRIOR + sum(_beside_words(one, other).values())
        if odds + ALIKE_MOST < needed:
            continue
        odds += _words(one.vector, other.vector)
        if odds >= needed:
            found.append((key, 1 / (1 + math.exp(-odds))))
    return found


def confidence_in(problem: Problem, mine: Side, at: datetime) -> float:
    """Return how probable it is that a question is about a problem that people work on."""
    return 1 / (1 + math.exp(-(PRIOR + GOING_ON + sum(evidence(Side.of_problem(problem, at), mine).values()))))


def matched(problems: Sequence[Problem], mine: Side, policy: Policy, at: datetime) -> tuple[Problem, float] | None:
    """Return the problem that a question is most probably about, with how probable that is; None where the policy wants nothing said of it."""
    scored = [(one, confidence_in(one, mine, at)) for one in problems if specific(one, mine)]
    best = max(scored, key=lambda pair: pair[1], default=None)
    return best if best is not None and policy.decide(CHAT, best[1]) is not Disposition.ESCALATE else None


def specific(problem: Problem, mine: Side) -> bool:
    """Say whether a question names what a problem is about: its application or one of its error codes; where one of the two names nothing, words
    decide."""
    if mine.codes & set(problem.codes) or (mine.service and mine.service.casefold() == problem.service.casefold()):
        return True
    return not (problem.codes and mine.codes) and not (problem.service and mine.service)


def likeness(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Return the product of two vectors, for unit vectors their cosine; None when one is missing or of another model."""
    if not len(one) or len(one) != len(other):
        return None
    return float(np.asarray(one, dtype=np.float32) @ np.asarray(other, dtype=np.float32))


def _known(category: str) -> str:
    return "" if category == UNSORTED else category


def _equal(one: str, other: str, same: float, differs: float) -> float:
    return 0.0 if not (one and other) else same if one == other else differs


def _shared(one: frozenset[str], other: frozenset[str], same: float, differs: float) -> float:
    return 0.0 if not (one and other) else same if one & other else differs


def _manner(one: str, other: str) -> float:
    if one == other == FAULT:
        return BOTH_FAULTS
    return WISH_AND_FAULT if WISH in (one, other) else 0.0


def _words(one: Sequence[float], other: Sequence[float]) -> float:
    alike = likeness(one, other)
    return 0.0 if alike is None else min(max(ALIKE * (alike - ALIKE_FROM), ALIKE_LEAST), ALIKE_MOST)


def mean_of(traces: Sequence[Trace]) -> tuple[float, ...]:
    """Return the mean of the unit vectors that there are; () when there are none.

    It is no unit vector: its product with another one is the mean of the cosines with each, so that a problem is no more like a question than its
    tickets are.
    """
    held = [trace.vector for trace in traces if trace.vector]
    return tuple(np.mean(np.asarray(held, dtype=np.float64), axis=0).tolist()) if held else ()


def most_common(values: Sequence[str]) -> tuple[str, int]:
    """Return the most frequent value that is not empty, with its number; ("", 0) when there is none."""
    found = Counter(value for value in values if value).most_common(1)
    return found[0] if found else ("", 0)


def reasons(traces: Sequence[Trace]) -> tuple[str, ...]:
    """Say in sentences why tickets belong together. They hold numbers, names of applications, codes and sites, and nobody's words."""
    number, people = len(traces), len({trace.person for trace in traces if trace.person})
    hours = (max(trace.at for trace in traces) - min(trace.at for trace in traces)).total_seconds() / 3600
    who = f"{number} tickets of {people} people" if people else f"{number} tickets"
    said = [f"{who} came within {said_hours(hours)}."]
    service, by_service = most_common([trace.service for trace in traces])
    if by_service > 1:
        said.append(f"{_share(by_service, number)} are about {service}.")
    for code, by_code in Counter(code for trace in traces for code in trace.codes).most_common(2):
        if by_code > 1:
            said.append(f"{_share(by_code, number)} name the error {code}.")
    known = [trace.site for trace in traces if trace.site]
    site, by_site = most_common(known)
    if site and by_site > 1:
        spread = len(set(known))
        said.append(f"{by_site} of the {len(known)} people whose site is known are in {site}." if spread > 1 else f"All of them are in {site}.")
    said += _words_said(traces)
    return tuple(said)


def said_hours(hours: float) -> str:
    """Return a stretch of time as people say it."""
    if hours < 1:
        minutes = max(round(hours * 60), 1)
        return "a minute" if minutes == 1 else f"{minutes} minutes"
    if hours < 1.5:
        return "an hour"
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"


def _share(part: int, whole: int) -> str:
    return f"All {whole}" if part == whole else f"{part} of {whole}"


def _words_said(traces: Sequence[Trace]) -> list[str]:
    held = [trace for trace in traces if trace.vector]
    pairs = [likeness(one.vector, other.vector) for at, one in enumerate(held) for other in held[at + 1 :]]
    found = [pair for pair in pairs if pair is not None]
    if not found:
        return []
    mean = sum(found) / len(found)
    return [f"Their words are alike: {mean:.2f} on average, where tickets about different things reach {ALIKE_FROM - 0.1:.2f}."] if mean > 0.3 else []
