"""Two claims about the same thing that cannot both be followed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kb.evidence import words
from kb.lint.claims import Claim, shared_readers, stems
from kb.lint.facts import WORDS, Fact, FactKind

ALIKE = 0.62
"""How alike two sentences must be, facts apart, to be about the same thing."""
FAR_ALIKE, IMPOSSIBLE = 0.75, 2.0
"""The same for an address or a number to call in passages that are not related; anything else does not disagree there."""
NEAR_ALIKE = 0.5
"""The same when their passages are near in meaning."""
SAME = 0.75
YES_NO_SHARED, YES_NO_FEWEST = 0.7, 4
"""For a yes against a no: the share of their words that both have (Jaccard), and how many these are at least."""
"""The same for a yes against a no: there the whole rest of the sentence must agree."""
NEAR, RELATED = 0.7, 0.45
"""Cosines of two passages: from the first they are near in meaning; below the second, only an address or a number to call may disagree."""
FEWEST, FEWEST_NEAR = 3, 2
"""So many words must be shared, facts apart; the second when the passages are near in meaning."""
AROUND = 5
"""So many content words before and after a fact say what it is about."""
ADDRESSES = frozenset({FactKind.HOST, FactKind.EMAIL, FactKind.PHONE})
_PLACEHOLDERS = r"\b(?:contoso|adatum|fabrikam|litwareinc|fourthcoffee|northwindtraders|example\.(?:com|org|net))\b"
_EXAMPLE = re.compile(
    rf"\bfor example\b|\bin this example\b|\bexample \d|\be\.g\.|\bsuch as\b|\bexample\s*:|\bX{{2,}}\b|{_PLACEHOLDERS}", re.IGNORECASE
)
_BUTTONS = frozenset(WORDS["buttons"].split())
_IF = re.compile(r"\b(?:if|when|unless|whether|except|otherwise|instead)\b|\?|:$", re.IGNORECASE)
_NOT = re.compile(rf"\b(?:{'|'.join(WORDS['negations'].split())})\b", re.IGNORECASE)
_OPPOSITES = [tuple(line.split()) for line in WORDS["opposites"].strip().splitlines()]
_STATING = re.compile(r"\b(?:is|are|must|can|cannot|may|should|shall|will|do|does|never|always|need|needs|only)\b|n['’]t\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Why two claims are thought to contradict each other: what kind of fact, its two forms, and who reads both."""

    kind: FactKind
    first: str
    second: str
    readers: str

    @property
    def reason(self) -> str:
        """One sentence for the author."""
        what = "one says yes where the other says no" if self.kind is FactKind.POLARITY else f"different {self.kind.value}"
        return f"{what}: {self.first} / {self.second}"


def may_disagree(a: Claim, b: Claim, alike: float) -> bool:
    """Say, without looking at the passages, whether two claims can contradict each other at all."""
    return alike >= SAME or bool({(fact.kind, fact.measure) for fact in a.facts} & {(fact.kind, fact.measure) for fact in b.facts})


def disagree(a: Claim, b: Claim, alike: float, near: Callable[[], float]) -> Disagreement | None:
    """Return how two claims contradict each other, or None.

    ``alike`` is the similarity of the sentences without their facts, ``near`` gives the cosine of their passages. Claims
    that no reader sees both of, or that name different things, do not contradict each other.
    """
    readers = shared_readers(a.passage, b.passage, a.platforms, b.platforms)
    if not readers or a.passage.article.id == b.passage.article.id or not _comparable(a, b, alike):
        return None
    found = next((found for rule in RULES if (found := rule(a, b, alike))), None)
    if found is None or _of_other_things(a, b) or not _related(a, b, alike, near(), found[0]):
        return None
    return Disagreement(*found, readers)


def _comparable(a: Claim, b: Claim, alike: float) -> bool:
    if alike < NEAR_ALIKE or len(a.frame & b.frame) < FEWEST_NEAR:
        return False
    return not (_EXAMPLE.search(a.sentence.plain) or _EXAMPLE.search(b.sentence.plain))


def _related(a: Claim, b: Claim, alike: float, near: float, kind: FactKind) -> bool:
    """Say whether the passages are near enough in meaning for what the sentences have in common."""
    if near >= NEAR or kind is FactKind.POLARITY:
        return near >= NEAR
    least = ALIKE if near >= RELATED else FAR_ALIKE if kind in ADDRESSES else IMPOSSIBLE
    return alike >= least and len(a.frame & b.frame) >= FEWEST


def _of_other_things(a: Claim, b: Claim) -> bool:
    """Say whether one names something that the other's article section does not know, or title or edition differ."""
    if _unknown(a.names, b) or _unknown(b.names, a) or a.topic - b.known or b.topic - a.known:
        return True
    if _own_subject(a, b) and _own_subject(b, a):
        return True
    return bool(_editions(a) and _editions(b) and not _editions(a) & _editions(b))


def _own_subject(a: Claim, b: Claim) -> frozenset[str]:
    """Return the words of a sentence that its title holds and the other article never uses."""
    return a.frame & stems(a.passage.article.title) - b.known


def _unknown(names: frozenset[str], other: Claim) -> frozenset[str]:
    """Return the names that occur nowhere in the sentence, the title, the heading and the text around it."""
    new, passage = names - other.frame, other.passage
    return new - stems(f"{passage.article.title} {passage.heading} {passage.text}") if new else new


def _editions(claim: Claim) -> set[str]:
    """Return the numbers in the title and the heading: the edition, the year or the code that an article is about."""
    return set(re.findall(r"\d[\w.]*", f"{claim.passage.article.title} {claim.passage.heading}"))


Found = tuple[FactKind, str, str] | None


def _different_values(a: Claim, b: Claim, _alike: float) -> Found:
    kinds = dict.fromkeys((fact.kind, fact.measure) for fact in a.facts if fact.kind is not FactKind.MENU)
    for kind, measure in kinds:
        mine, other = _of(a, kind, measure), _of(b, kind, measure)
        if len(mine) != len(other) or {fact.value for fact in mine} & {fact.value for fact in other}:
            continue
        if measure.endswith((" about", " former")) and not _far_apart(mine, other):
            continue
        if any(_names_edition(a, x) for x in mine) or any(_names_edition(b, y) for y in other):
            continue
        if all(_same_place(a, x, b, y) for x, y in zip(mine, other, strict=True)):
            return kind, ", ".join(fact.shown for fact in mine), ", ".join(fact.shown for fact in other)
    return None


def _names_edition(claim: Claim, fact: Fact) -> bool:
    """Say whether a value stands in the heading or the title too: then it says which edition is meant."""
    return bool(re.search(rf"(?<![\w.]){re.escape(fact.shown)}(?![\w.])", f"{claim.passage.article.title} {claim.passage.heading}"))


def _of(claim: Claim, kind: FactKind, measure: str) -> list[Fact]:
    return [fact for fact in claim.facts if fact.kind is kind and fact.measure == measure]


def _far_apart(mine: Sequence[Fact], other: Sequence[Fact]) -> bool:
    """Say whether rough figures differ by more than a factor of two."""
    return all(max(float(x.value), float(y.value)) > 2 * min(float(x.value), float(y.value)) for x, y in zip(mine, other, strict=True))


def _same_place(a: Claim, x: Fact, b: Claim, y: Fact) -> bool:
    """Say whether two facts stand between the same words: one of the content words next to them must agree."""
    around_x, around_y = _around(a, x), _around(b, y)
    return bool(around_x & around_y) or not around_x or not around_y


def _around(claim: Claim, fact: Fact) -> set[str]:
    before, after = words(claim.sentence.plain[: fact.start]), words(claim.sentence.plain[fact.end :])
    return {*stems(" ".join(before[-AROUND:])), *stems(" ".join(after[:AROUND]))}


def _different_menus(a: Claim, b: Claim, _alike: float) -> Found:
    """Two ways to the same last item; paths that end differently lead to different things."""
    mine, other = _of(a, FactKind.MENU, "menu"), _of(b, FactKind.MENU, "menu")
    if len(mine) != 1 or len(other) != 1:
        return None
    x, y = mine[0].value.split(" > "), other[0].value.split(" > ")
    apart = x[-1] == y[-1] and not _BUTTONS & {item.split()[0] for item in (*x, *y) if item} and not _part_of(x, y)
    return (FactKind.MENU, mine[0].shown, other[0].shown) if apart else None


def _part_of(x: list[str], y: list[str]) -> bool:
    """Say whether one path is the other with steps left out."""
    return set(x) <= set(y) or set(y) <= set(x)


def _opposite(a: Claim, b: Claim, alike: float) -> Found:
    if not _says_the_same(a, b, alike) or _IF.search(a.sentence.plain) or _IF.search(b.sentence.plain):
        return None
    if not (_STATING.search(a.sentence.plain) and _STATING.search(b.sentence.plain)):
        return None
    plain_a, plain_b = a.sentence.plain.lower(), b.sentence.plain.lower()
    nots = _denials(a), _denials(b)
    if abs(len(nots[0]) - len(nots[1])) == 1:
        more, less, other = (*nots, b) if len(nots[0]) > len(nots[1]) else (nots[1], nots[0], a)
        extra = [one for one in more if one not in less]
        if len(extra) == 1 and extra[0] & other.frame:
            return FactKind.POLARITY, *_shown(a, b)
    for yes, no in _OPPOSITES if len(nots[0]) == len(nots[1]) else ():
        if _has(plain_a, yes, no) and _has(plain_b, no, yes):
            return FactKind.POLARITY, yes, no
        if _has(plain_b, yes, no) and _has(plain_a, no, yes):
            return FactKind.POLARITY, no, yes
    return None


def _says_the_same(a: Claim, b: Claim, alike: float) -> bool:
    both = a.frame & b.frame
    return alike >= SAME and len(both) >= YES_NO_FEWEST and len(both) >= YES_NO_SHARED * len(a.frame | b.frame)


def _denials(claim: Claim) -> list[set[str]]:
    """Return for each negation of a claim the content word after it."""
    plain = claim.sentence.plain
    return [set(stems(" ".join(words(plain[found.end() :])[:1]))) for found in _NOT.finditer(plain)]


def _shown(a: Claim, b: Claim) -> tuple[str, str]:
    mine, other = ([found[0] for found in _NOT.finditer(one.sentence.plain)] for one in (a, b))
    word = f"“{next(one for one in (*mine, *other) if mine.count(one) != other.count(one))}”"
    return (word, f"without {word}") if len(mine) > len(other) else (f"without {word}", word)


def _has(text: str, word: str, other: str) -> bool:
    found = set(re.findall(r"[^\W\d_]+", text))
    return word in found and other not in found


RULES: tuple[Callable[[Claim, Claim, float], Found], ...] = (_different_values, _different_menus, _opposite)
