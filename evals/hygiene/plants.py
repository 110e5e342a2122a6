"""Articles planted into a collection: contradictions of known kinds, and as many harmless look-alikes."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evals.hygiene.edits import CONTRADICTING, Edit, duration, paraphrase, same_time
from kb.lint.sentences import Sentence, sentences
from kb.model import Document, Passage, Platform

FEWEST_WORDS = 6
AROUND = 2
SYSTEMS = frozenset({"Windows", "Linux", "Mac", "MacBook", "Android", "iPhone", "macOS"})
INVENTED = ("Zetara", "Quolm", "Brivex", "Ostrand", "Felmora")
TITLES = ("{}: what to know", "Notes: {}", "{} in short", "More on this: {}", "{}, step by step")


@dataclass(frozen=True, slots=True)
class Plant:
    """A planted article: what was done, whether it contradicts ``source``, and the sentence before and after."""

    kind: str
    contradicts: bool
    source: str
    document: Document
    before: str
    after: str


def plant_all(passages: Sequence[Passage], each: int, seed: int) -> list[Plant]:
    """Return at most ``each`` contradicting plants of every kind, and as many harmless ones in all, drawn with a seed.

    Every plant is a passage's sentence with at most two neighbours on either side, said in other words, under another
    title. A kind for which the collection has too few sentences gets fewer.
    """
    draw = random.Random(seed)
    sites = [(passage, sentence) for passage in passages for sentence in sentences(passage.text) if len(sentence.plain.split()) >= FEWEST_WORDS]
    draw.shuffle(sites)
    made: list[Plant] = []
    for kind, edit in CONTRADICTING.items():
        made += _drawn(kind, True, sites, each, draw, _edited(edit))
    wanted = -(-len(made) // len(HARMLESS))
    for kind, change in HARMLESS.items():
        made += _drawn(kind, False, sites, wanted, draw, change)
    return made


Changed = tuple[str | None, frozenset[Platform]]
Change = Callable[[Passage, str, random.Random], Changed]


def _edited(edit: Edit) -> Change:
    return lambda passage, text, draw: (edit(text, draw), passage.article.platforms)


def _same(passage: Passage, text: str, _draw: random.Random) -> Changed:
    return text, passage.article.platforms


def _other_system(passage: Passage, text: str, draw: random.Random) -> Changed:
    others = frozenset(Platform) - passage.article.platforms
    if not passage.article.platforms or not others:
        return None, others
    return duration(text, draw), frozenset({draw.choice(sorted(others))})


def _other_unit(passage: Passage, text: str, draw: random.Random) -> Changed:
    return same_time(text, draw), passage.article.platforms


def _other_thing(passage: Passage, text: str, draw: random.Random) -> Changed:
    return duration(text, draw) if _name(passage.article.title) else None, passage.article.platforms


def _name(title: str) -> str:
    """Return the first word with a capital inside a title, which is taken for the name of a thing."""
    found = [name for name in re.findall(r"(?<=[a-z] )[A-Z]\w\w+", title) if name not in SYSTEMS]
    return found[0] if found else ""


HARMLESS: dict[str, Change] = {
    "paraphrase": _same,
    "copy": _same,
    "other system": _other_system,
    "other unit": _other_unit,
    "other thing": _other_thing,
}


def _drawn(
    kind: str,
    contradicts: bool,
    sites: Sequence[tuple[Passage, Sentence]],
    most: int,
    draw: random.Random,
    change: Change,
) -> list[Plant]:
    made: list[Plant] = []
    used: set[str] = set()
    for passage, sentence in sites:
        if len(made) == most:
            break
        before = passage.text[sentence.start : sentence.end]
        after, platforms = change(passage, before, draw)
        if after is None or passage.article.id in used or (contradicts and after == before):
            continue
        used.add(passage.article.id)
        words = after if kind == "copy" else paraphrase(after, draw)
        made.append(_plant(f"{kind} {len(made)}", kind, contradicts, passage, sentence, words, platforms, draw))
    return made


def _plant(
    key: str, kind: str, contradicts: bool, passage: Passage, sentence: Sentence, after: str, platforms: frozenset[Platform], draw: random.Random
) -> Plant:
    article = passage.article
    text = passage.text if kind == "copy" else _told(passage, sentence, after, draw)
    title = draw.choice(TITLES).format(article.title)
    if kind == "other thing":
        name, invented = _name(article.title), draw.choice(INVENTED)
        title, text, after = (re.sub(rf"\b{name}\b", invented, words) for words in (title, text, after))
    key = f"plant-{key.replace(' ', '-')}"
    document = Document(key, "plants", f"{key}.md", title, text, article.owner, article.audience, platforms, None, article.tags)
    return Plant(kind, contradicts, article.id, document, passage.text[sentence.start : sentence.end], after)


def _told(passage: Passage, sentence: Sentence, after: str, draw: random.Random) -> str:
    """Return the changed sentence among its neighbours, each a paragraph of its own and in other words."""
    every = sentences(passage.text)
    at = next(i for i, one in enumerate(every) if one.start == sentence.start)
    before = [paraphrase(passage.text[one.start : one.end], draw) for one in every[max(0, at - AROUND) : at]]
    behind = [paraphrase(passage.text[one.start : one.end], draw) for one in every[at + 1 : at + 1 + AROUND]]
    return "\n\n".join([*before, after, *behind])
