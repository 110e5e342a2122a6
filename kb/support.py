"""Whether a sentence is supported by the passage that it cites: an offline rule over words, facts and negations.

It reads like a careful proof-reader, not like a person who knows the subject: what it lets through, the passage says in
nearly the same words, with the same figures, names and negations. It cannot see who does what to whom ("A before B"
against "B before A"), so it is a filter for invented and altered details and no judge of meaning. How often it agrees
with people is measured by ``firstline eval citations``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kb.evidence import words

COVERAGE = 0.7
"""The share of a sentence's content words that up to three sentences of the passage must hold."""
WINDOW = 3
_SPELLED = "zero one two three four five six seven eight nine ten eleven twelve"
_TENS = ["twenty", "20", "thirty", "30", "forty", "40", "fifty", "50", "sixty", "60", "ninety", "90", "hundred", "100"]
NUMBER_WORDS = {word: str(i) for i, word in enumerate(_SPELLED.split())} | dict(zip(_TENS[::2], _TENS[1::2], strict=True))
UNITS = {
    **dict.fromkeys(("second", "minute", "hour", "day", "week", "month", "year"), "time"),
    **dict.fromkeys(("kb", "mb", "gb", "tb"), "size"),
}
SYSTEMS = {
    **dict.fromkeys(("windows",), "windows"),
    **dict.fromkeys(("mac", "macs", "macos", "macbook"), "mac"),
    **dict.fromkeys(("iphone", "iphones", "ios"), "iphone"),
    **dict.fromkeys(("ipad", "ipads", "ipados"), "ipad"),
    **dict.fromkeys(("android",), "android"),
    **dict.fromkeys(("linux", "ubuntu"), "linux"),
}
_CUE = re.compile(
    r"\b(?:not|never|none|nothing|nobody|neither|nor|without|cannot|(?:do|does|did|is|are|was|were|ca|wo|need|must|should|could|would|has|have)n['’]t"
    r"|no(?! (?:later|more|less|matter|fewer) )|(?:any|every)where but|except|other than|rather than|instead of)\b",
    re.IGNORECASE,
)
_BREAK = re.compile(
    r"(?<=[.!?;:])\s+|,\s+(?=(?:but|then|which|because|since|so|if|and (?:then|you|the|it|your)|after that)\b)"
    r"|\s+(?=but (?!in\b|not\b))|\s+[–—-]\s+"
)
_SENTENCE = re.compile(r"(?<!\be\.g\.)(?<!\bi\.e\.)(?<=[.!?;])\s+")
_ITEM = re.compile(r"^\s{0,8}(?:\d{1,3}[.)]|[-*+]|#{1,6}|>)\s+")
_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]*)[^)]*\)")
_HOST = re.compile(r"(?:[\w-]+@)?(?:[a-z0-9-]+\.)+[a-z]{2,}", re.IGNORECASE)
_NUMBER = re.compile(r"[^\W_]*-?\d[\w.,:/-]*")
_CHORD = re.compile(r"\w+(?:\s\+\s\w+)+")
_LITERAL = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|[\"“]([^\"”]{2,})[\"”]")
_NAME = re.compile(r"(?<![.!?:;>]\s)(?<!^)(?<![\w'’-])([A-Z][\w-]+)")
_AMOUNT = rf"\d[\d.,]*|an?|{'|'.join(NUMBER_WORDS)}"
_QUANTITY = re.compile(rf"\b({_AMOUNT})[\s-]+(?:(?:more|full|working|calendar)\s+)?([a-z]{{2,}})\b", re.IGNORECASE)
_VERSION = re.compile(r"\b([A-Z][a-z]+)\s+(\d[\d.]*)\b(?!\s*[a-z]?Hz)")
_STRONG = frozenset(["only", "solely", "exclusively", "everywhere", "anywhere", "everyone", "everybody", "anyone", "anybody", "always"])
_AUXILIARY = re.compile(r"\b(?:is|are|was|were|be|been|will|can|may|must|has|have)\b")
LEAST_QUOTED = 3
"""Words of a quotation that a sentence in another language rests on."""
_SPELLED_OUT = frozenset(str(number) for number in range(13))
"""Figures that another language may write as words."""
DIRECT = 3
"""How many content words after a negation it is taken to turn round."""


@dataclass(frozen=True, slots=True)
class Support:
    """Whether the passage supports the sentence, and when not, what is missing or contradicted."""

    value: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Clause:
    """Part of a sentence that makes one statement."""

    stems: frozenset[str]
    negated: frozenset[str]
    """The first content words after a negation: those it turns round."""
    scope: frozenset[str]
    """All content words after it, which it may turn round."""
    quantities: frozenset[tuple[str, str]]
    strong: frozenset[str]
    """Words such as "only" in the whole sentence or list item."""


def supported(sentence: str, passage: str, context: str = "") -> Support:
    """Say whether ``passage`` supports ``sentence``; both are Markdown.

    ``context`` is what stands over the passage, its title and heading: it may name what the passage is about, and states
    nothing by itself.
    """
    if _squeezed(_plain(sentence)) in _whole(passage):
        return Support(True)
    if reason := _invented_fact(sentence, f"{context}\n\n{passage}"):
        return Support(False, reason)
    for check in (_too_little_said, _other_amount, _turned_round):
        if reason := check(sentence, passage):
            return Support(False, reason)
    return Support(True)


def unheard(question: str, passages: Iterable[str]) -> tuple[str, ...]:
    """Return the content words of a question, as stems, that stand in none of the passages: nobody answers what they have never heard of."""
    heard = {stem for passage in passages for stem in _stems(passage)}
    return tuple(dict.fromkeys(stem for stem in _stems(question) if len(stem) > 2 and stem not in heard))


def carried_over(sentence: str, quotation: str, passage: str, context: str = "") -> Support:
    """Say whether a sentence in another language may rest on a quotation from a passage.

    The quotation has to stand in the passage word for word, what the sentence names (addresses, figures, systems, keys, what stands in quotes or
    bold) has to stand there too, and no figure of the quotation may be missing. What the words of another language say is not read.
    """
    if len(_squeezed(quotation).split()) < LEAST_QUOTED or _squeezed(_plain(quotation)) not in _whole(passage):
        return Support(False, "its quotation does not stand in the passage")
    if reason := _invented_fact(sentence, f"{context}\n\n{passage}", names=False):
        return Support(False, reason)
    lost = sorted(figure for figure in _figures(_plain(quotation)) - _figures(_plain(sentence)) if figure[0].isdigit() and figure not in _SPELLED_OUT)
    return Support(False, f"it leaves out the figure {lost[0]}") if lost else Support(True)


def _invented_fact(sentence: str, passage: str, names: bool = True) -> str:
    lines = _lines(passage)
    plain = "\n".join(lines)
    squeezed, claim = _squeezed(plain), _plain(sentence)
    checks: tuple[tuple[str, Iterable[str], set[str]], ...] = (
        ("address", _hosts(sentence), _hosts(passage)),
        ("figure", _figures(claim), _figures(plain, generous=True)),
        ("system", _systems(claim), _systems(plain)),
    )
    for kind, claimed, known in checks:
        if absent := sorted(set(claimed) - known):
            return f"the passage does not name the {kind} {absent[0]}"
    literals = [next(part for part in match.groups() if part) for match in _LITERAL.finditer(sentence)]
    literals += _CHORD.findall(claim)
    for literal in literals:
        if _squeezed(_plain(literal)) not in squeezed:
            return f"the passage does not say “{literal}”"
    known = set(_stems(plain))
    for name in _NAME.findall(claim) if names else ():
        if not set(_stems(name)) <= known:
            return f"the passage does not name {name}"
    return ""


def _hosts(text: str) -> set[str]:
    return {host.lower() for host in _HOST.findall(text)}


def _figures(text: str, generous: bool = False) -> set[str]:
    """Return numbers, versions, times and codes; ``generous`` also counts a bare "one"."""
    found = {
        part.replace("-", "").replace(",", "").strip(".:/").lower()
        for token in _NUMBER.findall(_HOST.sub(" ", text))
        for part in (re.split(r"(?<=\d)[-/](?=\d)", token.strip(".,:/-")))
    }
    spelled = set(re.findall(r"[a-z]+", text.lower())) & NUMBER_WORDS.keys()
    return found | {NUMBER_WORDS[word] for word in spelled if generous or word not in ("one", "zero")}


def _systems(text: str) -> set[str]:
    return {SYSTEMS[word] for word in re.findall(r"[a-z]+", text.lower()) if word in SYSTEMS}


def _too_little_said(sentence: str, passage: str) -> str:
    asked = set(_stems(_plain(sentence)))
    if not asked:
        return ""
    covered: set[str] = set()
    parts = [set(_stems(part)) for part in _sentences(passage)]
    for _ in range(WINDOW):
        best = max(parts, key=lambda part: len((part & asked) - covered), default=set[str]())
        covered |= best & asked
    share = len(covered) / len(asked)
    return "" if share >= COVERAGE else f"the passage says {share:.0%} of its words: not {', '.join(sorted(asked - covered)[:4])}"


def _other_amount(sentence: str, passage: str) -> str:
    clauses = _clauses(passage)
    told = {quantity for clause in clauses for quantity in clause.quantities}
    for claim in _clauses(sentence):
        nearest = _nearest(claim, clauses)
        for amount, unit in claim.quantities:
            kind = UNITS.get(unit, unit)
            there = {(a, u) for a, u in nearest.quantities if UNITS.get(u, u) == kind} if nearest else set()
            if there and not there & claim.quantities:
                return f"the passage says {' or '.join(sorted(f'{a} {u}' for a, u in there))} there, not {amount} {unit}"
            elsewhere = {u for a, u in told if a == amount}
            if amount != "1" and elsewhere and unit not in elsewhere and unit in {u for _, u in told}:
                return f"the passage does not say {amount} {unit}"
    return ""


EMPTY = _Clause(frozenset(), frozenset(), frozenset(), frozenset(), frozenset())


def _turned_round(sentence: str, passage: str) -> str:
    clauses = _clauses(passage)
    denied = frozenset[str]().union(*(clause.negated for clause in clauses))
    open_to_doubt = frozenset[str]().union(*(clause.scope for clause in clauses))
    said = frozenset[str]().union(*(clause.stems - clause.scope for clause in clauses))
    for claim in _clauses(sentence):
        near = _nearest(claim, clauses) or EMPTY
        stated = claim.stems - claim.scope
        turned = (stated & denied - said) | (stated & near.negated)
        if not claim.negated & open_to_doubt:
            turned |= claim.negated & said
        if not claim.negated & near.scope:
            turned |= claim.negated & near.stems
        turned |= {stem for stem in stated - near.stems if _opposite(stem) & near.stems - claim.stems}
        if turned:
            return f"the passage says the opposite of “{min(turned)}”"
        if near.stems and (strong := claim.strong - near.strong):
            return f"the passage does not say “{min(strong)}”"
    return ""


def _opposite(stem: str) -> set[str]:
    turned = {f"un{stem}", stem.removeprefix("un")} - {stem}
    return turned | _opposites().get(stem, set())


def _nearest(claim: _Clause, clauses: Sequence[_Clause]) -> _Clause | None:
    """Return the clause that shares most of the claim's words, the shorter of two."""
    near = max(clauses, key=lambda c: (len(c.stems & claim.stems), -len(c.stems)), default=None)
    return near if near is not None and near.stems & claim.stems else None


def _clauses(text: str) -> list[_Clause]:
    made = []
    for line in _lines(text):
        for part in _BREAK.split(line):
            stems = frozenset(stem for stem in _stems(part) if not stem.isdigit())
            scope = [stem for stem in _denied(part) if not stem.isdigit()]
            strong = _STRONG.intersection(re.findall(r"[a-z]+", line.lower()))
            made.append(_Clause(stems, frozenset(scope[:DIRECT]), frozenset(scope), frozenset(_quantities(part)), strong))
    return [clause for clause in made if clause.stems]


def _denied(clause: str) -> list[str]:
    """Return the content words that a negation in the clause may turn round: those up to the next verb phrase."""
    cue = _CUE.search(clause)
    if cue is None:
        return []
    rest = clause[cue.end() :]
    verb = next((match for match in _AUXILIARY.finditer(rest) if _stems(rest[: match.start()])), None)
    return _stems(rest[: verb.start()] if verb else rest)


def _quantities(text: str) -> Iterable[tuple[str, str]]:
    for amount, unit in _QUANTITY.findall(text):
        lowered, stems = amount.lower(), words(unit)
        if stems and (lowered not in ("a", "an", "one") or stems[0] in UNITS):
            yield ("1" if lowered in ("a", "an") else NUMBER_WORDS.get(lowered, lowered.replace(",", ""))), stems[0]
    for name, version in _VERSION.findall(text):
        yield version.rstrip("."), name.lower()


def _plain(text: str) -> str:
    linked = _LINK.sub(r"\1", _ITEM.sub("", text))
    return re.sub(r"[*`|\\]+", " ", linked)


def _squeezed(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


@lru_cache(maxsize=64)
def _whole(passage: str) -> str:
    return _squeezed(" ".join(_lines(passage)))


def _lines(text: str) -> list[str]:
    """Return blocks as single lines: a line that begins no list item goes on with the one before it."""
    made: list[str] = []
    open_block = False
    for line in text.split("\n"):
        begins = not line.strip() or _ITEM.match(line) is not None or line.lstrip().startswith("|")
        if open_block and not begins:
            made[-1] += f" {_plain(line.strip())}"
        elif line.strip():
            made.append(_plain(line))
        open_block = bool(line.strip())
    return made


def _sentences(text: str) -> list[str]:
    return [part for line in _lines(text) for part in _SENTENCE.split(line) if part.strip()]


def _groups(name: str) -> list[list[str]]:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return [[stem for word in line.split() for stem in words(word)] for line in text.splitlines() if line and not line.startswith("#")]


@lru_cache(maxsize=1)
def _alike() -> dict[str, str]:
    """Return for each listed stem the one that stands for its group."""
    return {stem: group[0] for group in _groups("alike.txt") for stem in group}


@lru_cache(maxsize=1)
def _opposites() -> dict[str, set[str]]:
    pairs = [(_alike().get(a, a), _alike().get(b, b)) for a, b in _groups("opposites.txt")]
    return {a: {d for c, d in both if c == a} for both in [[*pairs, *((b, a) for a, b in pairs)]] for a, _ in both}


@lru_cache(maxsize=1)
def _empty() -> frozenset[str]:
    return frozenset(stem for group in _groups("function_words.txt") for stem in group)


def _stems(text: str) -> list[str]:
    """Return the content words: stemmed, a doubled last letter once, words that say the same as one, function words left out."""
    alike, empty = _alike(), _empty()
    single = (re.sub(r"([^aeiouls])\1$", r"\1", NUMBER_WORDS.get(word, word)) for word in words(text))
    return [alike.get(stem, stem) for stem in single if stem not in empty]
