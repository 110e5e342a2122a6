"""Claims: the sentences of a knowledge base that can be compared, and which of them speak of the same thing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from kb.evidence import words
from kb.lint.facts import WORDS, Fact, facts, without
from kb.lint.sentences import Sentence, sentences
from kb.model import Passage, Platform

_MODAL = re.compile(
    r"\b(?:must|cannot|can|may|should|shall|will|never|always|not|is|are|n't|don’t|don't|only|no|does|do|needs?|enabled|disabled|allowed|forbidden|required|optional)\b",
    re.IGNORECASE,
)
_LONGEST = 600
"""Longer than that, in characters, is a table or a log and no sentence that can be compared."""
_NAME = re.compile(r"(?<![\w-])(?=[^\s]*[A-Z0-9])[\w][\w.+/-]*[\w]|(?<![\w-])[A-Z0-9](?![\w-])")
_PLATFORM_NAMES = {
    Platform.WINDOWS: re.compile(r"\bWindows\b"),
    Platform.MACOS: re.compile(r"\b(?:macOS|Mac|MacBook|OS X)\b"),
    Platform.LINUX: re.compile(r"\b(?:Linux|Ubuntu|Debian|GNOME|Red Hat)\b"),
    Platform.IOS: re.compile(r"\b(?:iOS|iPhone|iPad|iPadOS)\b"),
    Platform.ANDROID: re.compile(r"\bAndroid\b"),
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of a passage with what it claims.

    ``frame`` holds its content words without the facts and without yes and no, ``names`` the proper names among them,
    ``topic`` those in the title, ``known`` every word of the article, ``platforms`` the systems that the article is for or
    that title, heading or sentence name (empty: any).
    """

    passage: Passage
    sentence: Sentence
    facts: tuple[Fact, ...]
    frame: frozenset[str]
    names: frozenset[str]
    topic: frozenset[str]
    known: frozenset[str]
    platforms: frozenset[Platform]

    @property
    def quote(self) -> str:
        """The sentence as its author wrote it."""
        return self.passage.text[self.sentence.start : self.sentence.end]

    @property
    def span(self) -> tuple[int, int]:
        """Where the sentence stands in the article's text."""
        return self.passage.start + self.sentence.start, self.passage.start + self.sentence.end


def claims(passages: Sequence[Passage]) -> list[Claim]:
    """Return the sentences that state a fact or say yes or no to something."""
    everyday = {word for passage in passages for word in re.findall(r"\b[a-z]{2,}\b", passage.text)}
    known = _known(passages)
    found = []
    for passage in passages:
        title = passage.article.title
        context, topic = platforms_of(passage), _names(title, everyday) - SYSTEMS
        for sentence in sentences(passage.text):
            if len(sentence.plain) > _LONGEST:
                continue
            stated = facts(sentence.plain)
            if stated or _MODAL.search(sentence.plain):
                rest = without(sentence.plain, stated)
                frame, systems = stems(rest) - YES_OR_NO, context or named_platforms(sentence.plain)
                names, around = _names(rest, everyday), known[passage.article.id]
                found.append(Claim(passage, sentence, tuple(stated), frame, names, topic, around, systems))
    return found


def stems(text: str) -> frozenset[str]:
    """Return the content words of a text as stems, cut back a little more than for search: licence and licences are one."""
    return frozenset(stem for token in text.split() for stem in _stems_of(token))


@lru_cache(maxsize=100_000)
def _stems_of(token: str) -> tuple[str, ...]:
    return tuple(word[:-1] if word.endswith("e") and len(word) > 4 else word for word in words(token))


def _known(passages: Iterable[Passage]) -> dict[str, frozenset[str]]:
    """Return the words of each article."""
    texts: dict[str, list[str]] = {}
    for passage in passages:
        texts.setdefault(passage.article.id, [passage.article.title]).append(f"{passage.heading} {passage.text}")
    return {key: stems(" ".join(parts)) for key, parts in texts.items()}


def _names(text: str, everyday: set[str]) -> frozenset[str]:
    """Return the stems of words with a capital or a digit that nobody here writes small; the first capital is no sign of a name."""
    found = [match[0] for match in _NAME.finditer(text) if match.start() or re.search(r"[A-Z0-9]", match[0][1:])]
    return stems(" ".join(word for word in found if word.lower() not in everyday and word.lower() not in _NO_NAMES))


def platforms_of(passage: Passage) -> frozenset[Platform]:
    """Return the systems an article is for, else those that its title or heading names."""
    return passage.article.platforms or named_platforms(passage.article.title) or named_platforms(passage.heading)


def named_platforms(text: str) -> frozenset[Platform]:
    """Return the systems that a text names."""
    return frozenset(platform for platform, pattern in _PLATFORM_NAMES.items() if pattern.search(text))


def shared_readers(a: Passage, b: Passage, systems_a: frozenset[Platform], systems_b: frozenset[Platform]) -> str:
    """Say who reads both passages on which system, or "" when nobody does."""
    groups_a, groups_b = a.article.audience.groups, b.article.audience.groups
    if groups_a and groups_b and not groups_a & groups_b or systems_a and systems_b and not systems_a & systems_b:
        return ""
    groups = groups_a & groups_b if groups_a and groups_b else groups_a or groups_b
    systems = systems_a & systems_b if systems_a and systems_b else systems_a or systems_b
    return f"{', '.join(sorted(groups)) or 'everyone'}, {', '.join(sorted(one.label for one in systems)) or 'any system'}"


SYSTEMS = stems("Windows macOS Mac MacBook Linux Ubuntu Debian GNOME iOS iPhone iPad iPadOS Android")
YES_OR_NO = stems(f"{WORDS['opposites']} {WORDS['negations']}")
_NO_NAMES = frozenset(WORDS["no_names"].split())


class Similarity:
    """How alike the frames of claims are: cosine of their words, each weighted by how rare it is."""

    def __init__(self, found: Sequence[Claim]) -> None:
        """Count the words of all claims."""
        counts = Counter(word for claim in found for word in claim.frame)
        self._weight = {word: float(np.log((1 + len(found)) / count)) for word, count in counts.items()}
        self._found = found

    def of(self, a: Claim, b: Claim) -> float:
        """Return a value in [0, 1]."""
        shared, both = self._mass(a.frame & b.frame), (self._mass(a.frame) * self._mass(b.frame)) ** 0.5
        return shared / both if both else 0.0

    def _mass(self, some: Iterable[str]) -> float:
        return sum(self._weight[word] ** 2 for word in some)

    def pairs(self, least: float, commonest: int, block: int) -> Iterator[tuple[int, int, float]]:
        """Yield the pairs (i < j) of claims with a rarer word in common that are at least so alike, with the value.

        Words in more than ``commonest`` claims do not bring a pair together (they still count). ``block`` claims are
        compared with all at a time, which bounds the memory.
        """
        matrix = self._matrix(commonest)
        common = np.sqrt(np.clip(1.0 - np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel(), 0.0, 1.0))
        for start in range(0, matrix.shape[0], block):
            near = (matrix[start : start + block] @ matrix.T).tocoo()
            rows, columns = near.row + start, near.col
            chosen = (rows < columns) & (near.data + common[rows] * common[columns] >= least)
            for i, j in zip(rows[chosen].tolist(), columns[chosen].tolist(), strict=True):
                alike = self.of(self._found[i], self._found[j])
                if alike >= least:
                    yield i, j, alike

    def _matrix(self, commonest: int) -> Any:
        from scipy.sparse import csr_matrix

        counts = Counter(word for claim in self._found for word in claim.frame)
        column = {word: n for n, word in enumerate(sorted(word for word, count in counts.items() if 1 < count <= commonest))}
        lengths = [self._mass(claim.frame) ** 0.5 or 1.0 for claim in self._found]
        cells = [(i, word) for i, claim in enumerate(self._found) for word in sorted(claim.frame & column.keys())]
        values = np.array([self._weight[word] / lengths[i] for i, word in cells], dtype=np.float32)
        places = ([i for i, _ in cells], [column[word] for _, word in cells])
        return csr_matrix((values, places), shape=(len(self._found), len(column)))
