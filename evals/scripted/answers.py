"""How the scripted model writes: it copies sentences and steps, each with the handle that it stands under."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

WORDS = 240
STEM = 5
LEAST = 0.2
"""Share of a question's words that a passage has to hold, or it answers nothing."""
QUOTED = 550
_WORD = re.compile(r"[^\W\d_]{3,}|\w*\d\w*")
_STEP = re.compile(r"^\s{0,3}(\d{1,3})[.)]\s+")
_BULLET = re.compile(r"^\s{0,3}[-*+]\s+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[\"'(]?[A-Z0-9])")
_IGNORED = re.compile(r"^\s*(?:#|\||```|>|$)")
_COMMON = re.compile(
    r"the|and|for|with|how|what|can|does|not|you|your|have|has|are|was|this|that|from|when|where|which|who|why|please|need|want|get|set|use|"
    r"using|into|onto|about|there|they|them|then|than|will|would|could|should|just|also|its|our|out|off|any|all|one|two"
)


def answer(question: str, before: Sequence[str], passages: Sequence[Mapping[str, str]], *, quotes: bool) -> str:
    """Return the answer, "" when the passages hold none.

    The passage that shares most words with the question is copied, and the steps of the same article where it has none itself.
    """
    wanted = _words(" ".join((question, *before)))
    ranked = sorted(passages, key=lambda one: -_share(wanted, one))
    if not ranked or (not quotes and _share(wanted, ranked[0]) < LEAST):
        return ""
    best = passages[0] if quotes else ranked[0]
    chosen = [best]
    if not _has_steps(best):
        chosen += [one for one in passages if one["title"] == best["title"] and one is not best and _has_steps(one)][:1]
    lines: list[str] = []
    for passage in chosen:
        for line in _lines(passage["text"], passage["handle"], quotes=quotes):
            if sum(len(one.split()) for one in lines) + len(line.split()) > WORDS:
                return "\n".join(lines)
            lines.append(line)
    return "\n".join(lines)


def _lines(text: str, handle: str, *, quotes: bool) -> list[str]:
    """Return the sentences and steps of a text, each on a line of its own with its handle."""
    made: list[str] = []
    for line in text.splitlines():
        if _IGNORED.match(line):
            continue
        step, rest = _STEP.match(line), _BULLET.sub("", _STEP.sub("", line)).strip()
        if step:
            made.append(f"{step.group(1)}. {_cited(rest, handle, quotes=quotes)}")
        else:
            after_steps = bool(made) and bool(_STEP.match(made[-1]))
            made += [""] * after_steps + [_cited(sentence, handle, quotes=quotes) for sentence in _sentences(rest)]
    return made


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in _SENTENCE.split(" ".join(text.split())) if sentence]


def _cited(sentence: str, handle: str, *, quotes: bool) -> str:
    plain = " ".join(sentence.split())
    quoted = plain.replace('"', "'").replace("]", ")")[:QUOTED]
    return f'{plain} [{handle}: "{quoted}"]' if quotes else f"{plain} [{handle}]"


def _has_steps(passage: Mapping[str, str]) -> bool:
    return any(_STEP.match(line) for line in passage["text"].splitlines())


def _words(text: str) -> set[str]:
    return {word[:STEM] for word in (found.casefold() for found in _WORD.findall(text)) if not _COMMON.fullmatch(word)}


def _share(wanted: set[str], passage: Mapping[str, str]) -> float:
    held = _words(f"{passage['title']} {passage['heading']} {passage['text']}")
    return len(wanted & held) / len(wanted) if wanted else 0.0


def summary(said: Sequence[str]) -> str:
    """Return the first sentences of what the employee wrote."""
    sentences = [sentence for words in said for sentence in _sentences(words)]
    kept = [sentence if sentence[-1] in ".!?" else f"{sentence}." for sentence in sentences[:4]]
    return " ".join(kept) or "Nothing was said."


def article(tickets: Sequence[Mapping[str, Any]]) -> str:
    """Return a draft of what the tickets say; "" when none says how it was solved."""
    solved = [ticket for ticket in tickets if str(ticket.get("solved", "")).strip()]
    if not solved:
        return ""
    symptoms = [f"{' '.join(str(one['asked']).split())} [{one['handle']}]" for one in solved]
    steps = [(one["handle"], sentence) for one in solved for sentence in _sentences(str(one["solved"]))]
    numbered = [f"{number}. {sentence} [{handle}]" for number, (handle, sentence) in enumerate(steps, 1)]
    return "\n".join([f"# {solved[0]['subject']}", "", "## Symptoms", "", *symptoms, "", "## Solution", "", *numbered])
