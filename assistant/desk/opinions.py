"""What people say about answers, and the articles that authors should look at because of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from assistant.domain.audit import AuditEntry
from assistant.domain.reply import Reply, ReplyKind
from assistant.governance.redaction import without_secrets
from assistant.ports.attachments import Feedback
from assistant.ports.store import Event, Message, UnitOfWork
from kb.model import Article

STEP = "feedback"
NOTE_LIMIT = 1_000
HELPFUL, UNHELPFUL = "helpful", "unhelpful"
LOOK_BACK = timedelta(days=90)


class Reason(StrEnum):
    """Why an answer did not help."""

    NONE = ""
    WRONG = "wrong"
    OUTDATED = "outdated"
    NOT_MY_DEVICE = "not_my_device"
    UNCLEAR = "unclear"
    INCOMPLETE = "incomplete"
    NOT_ASKED = "not_asked"
    OTHER = "other"


LABELS = {
    Reason.NONE: "no reason given",
    Reason.WRONG: "wrong",
    Reason.OUTDATED: "outdated",
    Reason.NOT_MY_DEVICE: "not for the device",
    Reason.UNCLEAR: "unclear",
    Reason.INCOMPLETE: "incomplete",
    Reason.NOT_ASKED: "not what was asked",
    Reason.OTHER: "other",
}
OF_THE_ARTICLE = frozenset({Reason.WRONG, Reason.OUTDATED})
"""Reasons that are the article's fault, whoever asked and however the question was understood."""


def give(unit: UnitOfWork, message: Message, person: str, helpful: bool, reason: Reason, note: str, at: datetime) -> list[Event] | None:
    """Store what a person says about the answer to a message, without secrets; the same again changes nothing. None: there is no such answer."""
    reply = Reply.model_validate(message.reply) if message.reply is not None else None
    if reply is None or reply.kind is not ReplyKind.ANSWER:
        return None
    articles = tuple(dict.fromkeys(view.article for view in reply.citations))
    kept = without_secrets(note.encode("utf-8", "replace").decode().replace("\0", "\ufffd").strip())
    said = Feedback(message.conversation, message.id, person, helpful, reason.value, kept, articles, at)
    before = unit.feedback.of_answer(message.conversation, message.id)
    if before is not None and (before.helpful, before.reason, before.note) == (helpful, said.reason, kept):
        return []
    unit.feedback.record(said)
    verdict = HELPFUL if helpful else UNHELPFUL
    detail = {"reason": said.reason, "articles": list(articles)}
    unit.audit.append([AuditEntry(at, person, STEP, verdict, message.conversation, message.id, detail=detail)])
    body = {"type": "feedback", "message": message.id, "verdict": verdict, "reason": said.reason}
    return [unit.conversations.emit(message.conversation, at, body)]


@dataclass(frozen=True, slots=True)
class Doubted:
    """An article that people call wrong or outdated. ``reasons`` counts all answers that cited it and did not help, those it is listed for first."""

    article: str
    title: str
    owner: str
    against: int
    helpful: int
    reasons: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]
    """What people wrote, newest first, without who wrote it."""
    latest: datetime


def doubted(said: Sequence[Feedback], article_of: Callable[[str], Article | None]) -> list[Doubted]:
    """Return the articles that are called wrong or outdated, those that most people do first.

    What was said before an article was last edited does not count; ``article_of`` gives None for what the reader may not read.
    """
    accused = {name for one in said if _is_against(one) for name in one.articles}
    about: dict[str, list[Feedback]] = {name: [] for name in sorted(accused)}
    for one in said:
        for name in accused.intersection(one.articles):
            about[name].append(one)
    rows = []
    for name, everything in about.items():
        head = article_of(name)
        fresh = [one for one in everything if head is not None and one.at > head.updated_at]
        against = [one for one in fresh if _is_against(one)]
        if head is None or not against:
            continue
        counts = Counter(Reason(one.reason) for one in fresh if not one.helpful)
        order = sorted(counts, key=lambda reason: (reason not in OF_THE_ARTICLE, -counts[reason], reason))
        notes = tuple(one.note for one in reversed(fresh) if one.note and not one.helpful)
        reasons = tuple((LABELS[reason], counts[reason]) for reason in order)
        helpful = sum(one.helpful for one in fresh)
        rows.append(Doubted(name, head.title, head.owner, len(against), helpful, reasons, notes, against[-1].at))
    return sorted(rows, key=lambda row: (-row.against, row.title))


def _is_against(said: Feedback) -> bool:
    return not said.helpful and Reason(said.reason) in OF_THE_ARTICLE
