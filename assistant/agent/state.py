"""What a conversation remembers between turns: small, serialisable, and nothing that can be looked up again."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from assistant.agent.languages.known import DEFAULT
from assistant.governance.redaction import without_secrets
from assistant.ports.channels import Place
from kb.model import Abstention

WORDS_KEPT = 4_000


@dataclass(frozen=True, slots=True)
class Offered:
    """An article that was offered as an answer, and what became of it: "", "solved" or "did not solve it"."""

    article: str
    title: str
    revision: int
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """The current episode so far."""

    issue: str = ""
    details: tuple[str, ...] = ()
    category: str = ""
    confidence: float | None = None
    platform: str = ""
    device: str = ""
    asked: bool = False
    topics: tuple[str, ...] = ()
    offered: tuple[Offered, ...] = ()
    failure: str = ""
    nearest: tuple[str, ...] = ()
    action_rule: str = ""
    """The rule by which the policy left an action to people, "" when it did not."""
    summary: str = ""
    """What a language model made of the conversation for those who take over."""
    hint: str = ""
    """The system that the person's client says it runs on; it counts only where no device is known."""
    language: str = ""
    """The language in which the person wrote last, as far as that is sure; "" before they have."""
    wished: str = ""
    """The language in which they asked to be answered, "" when they did not."""
    intent: str = ""
    """What the episode is about, as the ledger counts it; "" before it is known."""
    undone: bool = False
    """It asks for something to be done for which this installation has no tool."""
    suggested: str = ""
    """The known problem that the person was asked about: is it that?"""
    others: tuple[str, ...] = ()
    """The known problems of which they said that theirs is another one."""
    later: tuple[str, ...] = ()
    """Issues that came in the same message as another and wait to be taken up, in the person's words."""

    @classmethod
    def load(cls, stored: dict[str, Any]) -> Memory:
        """Read back what ``dump`` wrote."""
        offered = tuple(Offered(**item) for item in stored.get("offered", ()))
        lists = {name: tuple(stored.get(name, ())) for name in ("details", "topics", "nearest", "others", "later")}
        return cls(**{**stored, **lists, "offered": offered})

    def dump(self) -> dict[str, Any]:
        """Return plain values for storage."""
        return asdict(self)

    @property
    def speaks(self) -> str:
        """The language to answer in."""
        return self.wished or self.language or DEFAULT

    def in_language_of(self, heard: Memory) -> Memory:
        """Return this with the languages that are known from another, and with the known problems of which the person said that theirs is none."""
        others = tuple(dict.fromkeys((*heard.others, *self.others)))
        return replace(self, language=heard.language, wished=heard.wished, others=others)

    @property
    def question(self) -> str:
        """The issue with all details given since, newest last."""
        return ". ".join((self.issue, *self.details[-2:]))[:WORDS_KEPT]

    @property
    def tried(self) -> tuple[str, ...]:
        """The articles that were offered, in order."""
        return tuple(item.article for item in self.offered)

    def with_verdict(self, verdict: str) -> Memory:
        """Note a verdict on every article that has none yet."""
        return replace(self, offered=tuple(item if item.verdict else replace(item, verdict=verdict) for item in self.offered))

    def abstained(self, abstention: Abstention) -> Memory:
        """Note why the question could not be answered, should it stay so."""
        return replace(self, failure=abstention.reason.value, nearest=abstention.nearest, confidence=abstention.confidence)


@dataclass(frozen=True, slots=True)
class Timings:
    """How long people are waited for."""

    deadline_seconds: float = 10.0
    assume_after_hours: float = 24.0
    abandon_after_hours: float = 24.0
    reopen_within_days: float = 14.0
    same_issue_days: float = 14.0
    hold_minutes: float = 60.0
    """A person who has a conversation and says nothing for so long no longer has it."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """What a person sent: words or a choice, with the sender's own message id."""

    id: str
    text: str = ""
    choice: str = ""
    device: str = ""
    hint: str = ""
    """The system that the client says it runs on, as a platform's value; it grants nothing."""
    place: Place | None = None
    """Where it was said, on a channel that has places: the person's conversation there goes on, and its replies are shown there."""
    subject: str = ""
    """What its sender called it, as a mail does."""
    sent_as: str = ""
    """The other side's id of it, which what follows refers to, as mails do."""

    @property
    def heading(self) -> dict[str, str]:
        """What its event says beside the words; nothing on most channels."""
        return {name: value for name, value in (("subject", self.subject), ("sent_as", self.sent_as)) if value}

    def storable(self) -> Inbound:
        """Return the message as it may be kept: without secrets in its words, and with what is no character (a lone surrogate, a NUL) replaced."""
        words = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "place"}
        kept = replace(self, **{name: text.encode("utf-8", "replace").decode().replace("\0", "\ufffd") for name, text in words.items()})
        return replace(kept, text=without_secrets(kept.text), subject=without_secrets(kept.subject))
