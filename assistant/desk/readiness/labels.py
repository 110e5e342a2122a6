"""What is wrong with labels: catch-alls, names that mean the same, and labels that nobody can tell apart from the words."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.domain.measures import Rate

CATCH_ALL = frozenset(
    [
        "other",
        "others",
        "misc",
        "miscellaneous",
        "general",
        "general",
        "inquiry",
        "general",
        "enquiry",
        "unknown",
        "various",
        "undefined",
        "none",
        "uncategorized",
        "uncategorised",
        "unclassified",
        "sonstiges",
        "sonstige",
        "allgemein",
        "autre",
        "autres",
        "divers",
        "otros",
        "otro",
        "varios",
        "altro",
        "overig",
        "övrigt",
        "inne",
        "outros",
    ]
)
ALIKE = 0.87
"""Names of this likeness differ by a letter or two."""
COMPARED_NAMES = 400
FOLDS = 4
LEAST_OF_LABEL = 20
"""A label with fewer texts in the sample is not judged."""
APART = 0.75
"""Two labels cannot be told apart when of the texts of both that are put into either, surely fewer than this land in their own; chance is 0.5."""


def is_catch_all(name: str) -> bool:
    """Say whether a category is one for everything that has none."""
    return " ".join(_words(name)) in CATCH_ALL or _words(name)[:1] == ["other"] or _words(name)[-1:] == ["other"]


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", name.lower())


def same_names(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return pairs of names that differ in spelling alone: case, signs, order of words, a plural, a letter or two. Numbers keep names apart."""
    keyed = [(name, _key(name), sorted(re.findall(r"\d+", name))) for name in names[:COMPARED_NAMES]]
    pairs = []
    for at, (name, key, numbers) in enumerate(keyed):
        for other, its_key, its_numbers in keyed[at + 1 :]:
            if numbers == its_numbers and _alike(key, its_key):
                pairs.append((name, other))
    return pairs


def _key(name: str) -> str:
    return " ".join(sorted(word.removesuffix("s") for word in _words(name)))


def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    return min(len(one), len(other)) >= 6 and difflib.SequenceMatcher(None, one, other).ratio() >= ALIKE


@dataclass(frozen=True, slots=True)
class Confused:
    """Two labels that cannot be told apart by the words: of the texts of both that were put into either, how many landed in their own."""

    one: str
    other: str
    own: Rate


@dataclass(frozen=True, slots=True)
class Told:
    """How far labels can be told from the words, in cross-validation."""

    right: Rate
    confused: tuple[Confused, ...]
    judged: frozenset[str]
    """The labels with enough texts."""


def told_apart(sample: Iterable[tuple[str, str]]) -> Told | None:
    """Return which labels cannot be told apart, None where fewer than two have enough texts.

    A complement naive Bayes (Rennie 2003) on words and pairs of words predicts each text from the others, in four folds. It is a plain judge: labels
    that it tells apart can be told apart; those that it cannot are worth a look, and may differ in what the words do not say.
    """
    rows = list(sample)
    counts = Counter(label for _, label in rows)
    known = frozenset(label for label, number in counts.items() if number >= LEAST_OF_LABEL)
    rows = [row for row in rows if row[1] in known]
    if len(known) < 2:
        return None
    labels = [label for _, label in rows]
    predicted = _predicted([text for text, _ in rows], labels)
    crossed = Counter(zip(labels, predicted, strict=True))
    right = sum(number for (label, said), number in crossed.items() if label == said)
    names = sorted(known)
    confused = [
        pair
        for at, one in enumerate(names)
        for other in names[at + 1 :]
        if (pair := _pair(crossed, one, other)) is not None and pair.own.high < APART
    ]
    return Told(Rate(right, len(rows)), tuple(sorted(confused, key=lambda pair: pair.own.high)), known)


def _pair(crossed: Counter[tuple[str, str]], one: str, other: str) -> Confused | None:
    own = crossed[one, one] + crossed[other, other]
    wrong = crossed[one, other] + crossed[other, one]
    return Confused(one, other, Rate(own, own + wrong)) if wrong else None


def _predicted(texts: Sequence[str], labels: Sequence[str]) -> list[str]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.naive_bayes import ComplementNB
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=60_000)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    return [str(one) for one in cross_val_predict(make_pipeline(words, ComplementNB()), texts, labels, cv=folds)]
