"""A company of canaries: articles with words that exist nowhere else, and its own record of who may read what.

The record is kept by the rules of the feature in plain sets, not by the code under test: an article is readable while it is
live and either open to everyone or open to a group that the person is in.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from itertools import product

from kb.model import Audience, Document, Platform

GROUPS = (
    "finance", "payroll", "hr", "legal", "sales", "support", "facilities", "research", "executives", "it-desk", "it-admins", "kb-authors",
)  # fmt: skip
PLATFORMS: tuple[frozenset[Platform], ...] = (
    frozenset(),
    frozenset(),
    frozenset({Platform.WINDOWS}),
    frozenset({Platform.MACOS, Platform.IOS}),
)
SYLLABLES = tuple("".join(pair) for pair in product("bdfgklmnprstv", "aeiou"))
CANARY = re.compile(r"zq(?:[bdfgklmnprstv][aeiou]){4}")
SUBJECTS = (
    "ledger",
    "badge reader",
    "expense portal",
    "tape library",
    "room display",
    "travel card",
    "plotter",
    "payslip archive",
    "test rig",
)
VERBS = ("request access to", "renew", "reset", "connect", "move", "repair", "hand back", "order", "share")
PLACES = ("in the main building", "from home", "on a shared desk", "for a visitor", "after a move", "during the audit", "at month end")
COMBINED_AUDIENCES = 8
PEOPLE = 24


@dataclass(frozen=True, slots=True)
class Canary:
    """One revision of one article: its document and its words, which no other revision of any article has.

    ``spoken`` are the words that a question may hold; ``silent`` ones no question holds, so that whoever sees one was shown it.
    """

    document: Document
    spoken: tuple[str, ...]
    silent: tuple[str, ...]


@dataclass(slots=True)
class Record:
    """What is true now: the live revision of each article, and each person's groups."""

    live: dict[str, Canary] = field(default_factory=dict)
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    owner_of: dict[str, str] = field(default_factory=dict)
    """The article of every word that was ever published; words of the text only while its revision is live are current."""
    words: dict[str, frozenset[str]] = field(default_factory=dict)
    audiences: dict[str, list[frozenset[str]]] = field(default_factory=dict)
    """Of each article: the audience of its first revision, its second, and so on."""

    def put(self, canary: Canary) -> None:
        """Note a revision as the live one; what changes nothing of a live article is no revision."""
        article_id = canary.document.article_id
        before = self.live.get(article_id)
        self.live[article_id] = canary
        if before is not None and before.document.content_hash == canary.document.content_hash:
            return
        self.audiences.setdefault(article_id, []).append(canary.document.audience.groups)
        self.words[article_id] = frozenset(CANARY.findall(f"{article_id}\n{canary.document.title}\n{canary.document.text}\n{canary.document.tags}"))
        self.owner_of.update(dict.fromkeys(self.words[article_id], article_id))

    def drop(self, article_id: str) -> None:
        """Note that an article was deleted."""
        self.live.pop(article_id)
        self.words.pop(article_id)

    def admits(self, groups: frozenset[str], article_id: str) -> bool:
        """Say whether somebody in these groups may read the article now."""
        canary = self.live.get(article_id)
        return canary is not None and (not canary.document.audience.groups or any(name in groups for name in canary.document.audience.groups))

    def hidden_in(self, text: str, groups: frozenset[str]) -> set[str]:
        """Return the words of a text that these groups may not see: of a hidden or deleted article, or of an old revision."""
        return {word for word in CANARY.findall(text.lower()) if not self._shown(word, groups)}

    def _shown(self, word: str, groups: frozenset[str]) -> bool:
        article_id = self.owner_of.get(word, "")
        return self.admits(groups, article_id) and word in self.words[article_id]


class Maker:
    """Makes canaries and people from a seed."""

    def __init__(self, generator: random.Random) -> None:
        """Draw everything from ``generator``."""
        self._random = generator
        self._used: set[str] = set()
        combined = [frozenset(generator.sample(GROUPS, generator.choice((2, 3)))) for _ in range(COMBINED_AUDIENCES)]
        self.audiences: tuple[frozenset[str], ...] = (frozenset(), *(frozenset({name}) for name in GROUPS), *combined)

    def word(self) -> str:
        """Return a word that was never returned before."""
        while True:
            made = "zq" + "".join(self._random.choice(SYLLABLES) for _ in range(4))
            if made not in self._used:
                self._used.add(made)
                return made

    def canary(self, article_id: str = "", audience: frozenset[str] | None = None) -> Canary:
        """Return a new article, or a new revision of the one that is named."""
        verb, subject, place = (self._random.choice(words) for words in (VERBS, SUBJECTS, PLACES))
        title, heading, one, two = (self.word() for _ in range(4))
        silent = tuple(self.word() for _ in range(5))
        text = (
            f"The {silent[1]} register holds the {one} form, and the desk answers questions about it every morning. "
            f"Read this before you {verb} the {subject} {place}.\n\n"
            f"## {heading}: how to {verb} the {subject}\n\n"
            f"1. Open the {silent[2]} page and choose the {subject}.\n2. Enter the number {two} and press Continue.\n"
            f"3. Wait until the {silent[3]} light is green, then sign out {place}.\n"
        )
        document = Document(
            article_id=article_id or f"canaries/{self.word()}",
            source="canaries",
            path=f"{article_id or title}.md",
            title=f"{verb.capitalize()} the {subject} {title} {silent[0]}",
            text=text,
            owner="desk",
            audience=Audience(self._random.choice(self.audiences) if audience is None else audience),
            platforms=self._random.choice(PLATFORMS),
            tags=(subject, silent[4]),
        )
        return Canary(document, (title, heading, one, two), silent)

    def groups(self) -> frozenset[str]:
        """Return the groups of somebody: none, one or several."""
        return frozenset(self._random.sample(GROUPS, self._random.choice((0, 1, 1, 2, 3, 5))))

    def questions(self, canary: Canary) -> tuple[str, ...]:
        """Return what somebody may ask who knows a part of the article: its words, title, id, text, meaning, groups, or the filter's own terms."""
        document, spoken = canary.document, canary.spoken
        lead = document.title.partition(" zq")[0].lower()
        groups = " ".join(sorted(document.audience.groups)) or "everyone"
        return (
            self._random.choice(spoken),
            " ".join(spoken),
            f"How do I {lead} {spoken[0]}?",
            f"What is the {spoken[2]} form for, and who answers questions about it?",
            f"Enter the number {spoken[3]} and press Continue",
            document.article_id,
            f"How can I {lead}?",
            f"{lead} for {groups}",
            f"audience:{groups.split()[0]} OR passage:* {spoken[0]}",
        )
