"""Articles for a large knowledge base: generated with a stated vocabulary, or real ones; each gets an audience by lot.

Generated text draws the whole words of the embedding model's vocabulary, in an order by lot, by Zipf's law, as natural
text does: the frequency of words decides the speed of a lexical index, their length in tokens that of the model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kb.model import Audience, Document, Platform, Section
from kb.publish import windows
from kb.split import split

WORD = re.compile("[a-z]{3,}")
ZIPF = 1.05
GROUPS = tuple(f"group-{number:02}" for number in range(20))
EVERYONE_SHARE = 0.3
READER_GROUPS = 6
SECTIONS = 6
SECTION_WORDS = 110
TITLE_WORDS = 6
QUESTION_WORDS = (4, 9, 30)
Cut = tuple[Document, list[Section]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Articles with their sections, the number of their windows, and questions in words that occur in them."""

    articles: list[Cut]
    passages: int
    questions: list[str]


def generated(tokenizer: Path, passages: int, questions: int, seed: int) -> Drawn:
    """Return generated articles with about so many windows; ``tokenizer`` is the model's ``tokenizer.json``."""
    chance = np.random.default_rng(seed)
    words = _vocabulary(tokenizer, chance)
    shares = 1 / np.arange(1, len(words) + 1) ** ZIPF
    shares /= shares.sum()

    def some(count: int) -> str:
        return " ".join(words[i] for i in chance.choice(len(words), count, p=shares))

    def documents() -> Iterator[Document]:
        for number in range(passages):
            body = "\n\n".join(f"## {some(3)}\n\n{some(SECTION_WORDS)}." for _ in range(SECTIONS))
            yield Document(f"article-{number:06}", "scale", f"{number}.md", some(TITLE_WORDS), body)

    articles, count = _until(passages, documents(), chance)
    return Drawn(articles, count, [some(QUESTION_WORDS[number % len(QUESTION_WORDS)]) for number in range(questions)])


def real(documents: Sequence[Document], passages: int, questions: int, seed: int) -> Drawn:
    """Return so many windows of given articles, again under other ids where they do not suffice; questions are from their text."""
    chance = np.random.default_rng(seed)

    def repeated() -> Iterator[Document]:
        for round_number in range(passages):
            for document in documents:
                yield document if not round_number else replace(document, article_id=f"{document.article_id}~{round_number}")

    articles, count = _until(passages, repeated(), chance)
    asked = []
    for number in range(questions):
        document = articles[int(chance.integers(len(articles)))][0]
        text = document.text.split()
        start = int(chance.integers(max(1, len(text) - max(QUESTION_WORDS))))
        asked.append(" ".join(text[start : start + QUESTION_WORDS[number % len(QUESTION_WORDS)]]))
    return Drawn(articles, count, asked)


def admitted_share(drawn: Drawn, audience_of: frozenset[str]) -> float:
    """Return the share of windows that a reader in these groups may see."""
    seen = sum(_count(one) for one in drawn.articles if not one[0].audience.groups or one[0].audience.groups & audience_of)
    return seen / drawn.passages


def _until(passages: int, documents: Iterator[Document], chance: np.random.Generator) -> tuple[list[Cut], int]:
    articles: list[Cut] = []
    count = 0
    while count < passages:
        document = replace(next(documents), audience=_audience(chance), platforms=_platforms(chance))
        cut = (document, split(document.text))
        articles.append(cut)
        count += _count(cut)
    return articles, count


def _count(cut: Cut) -> int:
    document, sections = cut
    return sum(len(windows(document.title, one.heading, document.text[one.start : one.end])) for one in sections)


def _audience(chance: np.random.Generator) -> Audience:
    if chance.random() < EVERYONE_SHARE:
        return Audience()
    return Audience(frozenset(GROUPS[i] for i in chance.choice(len(GROUPS), int(chance.integers(1, 3)), replace=False)))


def _platforms(chance: np.random.Generator) -> frozenset[Platform]:
    return frozenset() if chance.random() < 0.6 else frozenset({list(Platform)[int(chance.integers(len(Platform)))]})


def _vocabulary(tokenizer: Path, chance: np.random.Generator) -> list[str]:
    words = sorted(word for word in json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"] if WORD.fullmatch(word))
    return [words[i] for i in chance.permutation(len(words))]
