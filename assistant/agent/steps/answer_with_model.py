"""Answers with a language model: passages joined into one text, each statement cited, and only what can be shown to stand there."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from assistant.agent import wording
from assistant.agent.asking import StepModel, Unusable
from assistant.agent.steps.answer import Composed, faithful
from assistant.domain.model_use import Account
from assistant.governance.redaction import redact
from assistant.ports.chat import Answered, Ask, ChatFailed
from kb.cite import cite
from kb.claims import Kind, claims
from kb.model import Citation, Passage, Retrieval
from kb.support import carried_over

PASSAGES = 8
WORDS_SHOWN = 1_500
"""Words of passages that a request holds at most."""
WORDS = 260
BETWEEN = 0.25
"""Seconds between two views of a growing answer: each is the whole of it, checked and rendered."""
LEAST_WORDS = 4
"""Fewer words answer nothing."""
NOTHING = "NOTHING"
MOST_UNSUPPORTED = 0.34
"""With a larger share of its statements unsupported, a reply is not used."""
_MARK = re.compile(r"\[\s*(p\d{1,2}(?:\s*[,;]\s*p\d{1,2})*)\s*(?::\s*[\"“”„«](?P<quote>[^\"“”„«»\n]{1,600})[\"“”»]\s*)?\]")
_MARKUP = re.compile(r"!?\[([^\]\n]{0,300})\]\([^)\n]{0,500}\)|<[^>\n]{1,300}>")
_ANY_NUMBER = re.compile(r"\[\d{1,3}\]")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, as the model is told. ``language`` is what the answer is to be written in, in English ("German")."""

    words: str
    before: tuple[str, ...]
    system: str
    language: str
    translates: bool
    """The passages are in another language than the answer."""
    passages: tuple[Passage, ...]
    today: date


@dataclass(frozen=True, slots=True)
class AnsweringModel:
    """The step ``answer`` with a model."""

    model: StepModel

    def write(self, question: Question, account: Account) -> Composed | None:
        """Return the answer; None where the local step has to write it, because the model failed.

        An answer whose text is "" says that the passages do not answer. The account's listener hears the answer grow: always the whole of what is
        checked so far.
        """
        if not question.passages:
            return None
        given = {
            "question": redact(question.words),
            "before": [redact(words) for words in question.before],
            "system": question.system,
            "language": question.language,
            "passages": [
                {"handle": f"p{number}", "title": one.article.title, "heading": one.heading, "text": one.text}
                for number, one in enumerate(question.passages, 1)
            ],
        }
        shown = {"language": question.language, "quotes": question.translates, "words": WORDS}
        ask = Ask(self.model.prompt.lines(shown, given), longest=self.model.limits.longest)
        said = _Growing(question, account)
        try:
            made = self.model.ask(account, ask, lambda answered: _composed(answered, question), said.hear, said.restart)
        except ChatFailed:
            return None
        return replace(made, model=self.model.chat.identity, prompt=self.model.prompt.identity, translated=question.translates)


def shown_passages(retrieval: Retrieval, whole: Sequence[Passage]) -> tuple[Passage, ...]:
    """Return what a model is shown: the passages found, best first, then the rest of the first article in order, within the limits."""
    first = {passage.id: passage for passage in whole}
    found = [item.passage for item in retrieval.ranked[:PASSAGES]]
    chosen: dict[str, Passage] = {}
    words = 0
    for passage in (*found, *first.values()):
        length = len(passage.text.split())
        if passage.id not in chosen and len(chosen) < PASSAGES * 2 and words + length <= WORDS_SHOWN:
            chosen[passage.id] = passage
            words += length
    return tuple(chosen.values())


class _Growing:
    """Tells a listener of an answer as far as it is complete and supported, when a sentence has been added."""

    def __init__(self, question: Question, account: Account) -> None:
        self._question, self._account = question, account
        self._text, self._next = "", 0.0

    def hear(self, piece: str) -> None:
        if self._account.hear is None:
            return
        self._text += piece
        now = time.monotonic()
        if not re.search(r"[\]\n]", piece) or now < self._next:
            return
        end = max((match.end() for match in _MARK.finditer(self._text)), default=0)
        after = self._text[end:]
        if end and (not after or after[0].isspace()):
            text = _cited(self._text[:end], self._question)[0].text
            if self._account.tell(text):
                self._next = now + BETWEEN

    def restart(self) -> None:
        self._text = ""


def _composed(answered: Answered, question: Question) -> Composed:
    if answered.text.strip(" .\n*").upper() == NOTHING:
        return Composed("", (), ())
    composed, stated = _cited(answered.text, question)
    if len(_key(composed.text).split()) < LEAST_WORDS:
        raise Unusable("no sentence rests on a passage that was given, cited by its handle and in its words")
    if len(composed.unsupported) > MOST_UNSUPPORTED * stated:
        raise Unusable(f"too much of it does not stand in the passages: {'; '.join(composed.unsupported[:3])}")
    if wording.unconfirmed_step() in composed.text:
        raise Unusable("a step of a procedure does not stand in the passages as it was written")
    return composed


def _cited(text: str, question: Question) -> tuple[Composed, int]:
    """Return an answer of what the passages say, and how many statements the text made."""
    numbered, used, quotations = _numbered(text, question)
    citations = tuple(cite(passage, question.today) for passage in used)
    whole = Composed(numbered, citations, tuple(passage.id for passage in used))
    stated = len([claim for claim in claims(numbered) if claim.text and claim.kind is not Kind.HEADING])
    return (faithful(whole, _translation(quotations)) if question.translates else faithful(whole)), stated


def _translation(quotations: dict[str, str]) -> Callable[[str, Sequence[Citation]], str]:
    """Return the judge of sentences in another language: each needs a quotation that its passage holds."""

    def fault(sentence: str, cited: Sequence[Citation]) -> str:
        quotation = quotations.get(_key(sentence), "")
        context = "\n\n".join(f"{citation.title}\n\n{citation.heading}" for citation in cited)
        return carried_over(sentence, quotation, "\n\n".join(citation.quote for citation in cited), context).reason

    return fault


def _key(sentence: str) -> str:
    return " ".join(re.findall(r"\w+", sentence))


def _numbered(text: str, question: Question) -> tuple[str, list[Passage], dict[str, str]]:
    """Return the text with ``[n]`` for handles, the passages by those numbers, and each sentence's quotation.

    What is no handle of this request cites nothing. Links, images and tags lose their addresses; numbers in brackets that the model made up go.
    """
    used: list[Passage] = []
    handles = {f"p{number}": passage for number, passage in enumerate(question.passages, 1)}
    quotations: dict[str, str] = {}
    made, at = "", 0
    for mark in _MARK.finditer(text):
        made += _plain(text[at : mark.start()])
        at = mark.end()
        named = [handles[name] for name in re.findall(r"p\d+", mark.group(1)) if name in handles]
        used += [passage for passage in named if passage not in used]
        if mark["quote"]:
            sentence = re.split(r"\n|(?<=[.!?])\s+|\]\s*", made.rstrip())[-1]
            quotations[_key(re.sub(r"^\s*(?:\d{1,3}[.)]|[-*+])\s+", "", sentence))] = mark["quote"]
        made = made.rstrip() + " " * bool(named) + "".join(f"[{used.index(passage) + 1}]" for passage in named)
    return made + _plain(text[at:]), used, quotations


def _plain(text: str) -> str:
    return _ANY_NUMBER.sub("", _MARKUP.sub(r"\1", text))
