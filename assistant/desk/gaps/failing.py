"""Why a question stayed unresolved, as far as it is known some time later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from assistant.ports.clock import Clock
from assistant.ports.identity import Directory
from assistant.ports.knowledge import Knowledge
from assistant.ports.store import Store
from kb.gaps import worded
from kb.model import FailureClass, Platform, Reader, UnresolvedIntent

LOOKED_AGAIN = 100
"""The latest so many of the new intents are searched for again; of a backlog that comes at once the others keep the class of the record."""
OUTDATED = "outdated"
"""The reason of feedback (``desk.opinions.Reason``) that says so."""
FEEDBACK_COMES = timedelta(days=14)
"""So long after a question its person may still say that the article was outdated."""
SHOWN = frozenset({FailureClass.REJECTED, FailureClass.NOT_RETRIEVED})


@dataclass(frozen=True, slots=True)
class Judging:
    """Says what is known of a failure now: the record itself stays as it was made."""

    store: Store
    knowledge: Knowledge
    directory: Directory
    clock: Clock
    enough: Callable[[], float]
    """The confidence from which a question is answered."""

    def judge(self, new: Sequence[str]) -> int:
        """Correct the class of new intents, and of earlier ones whose person has said since that the article is outdated; return how many changed."""
        now = self.clock.now()
        with self.store.read() as unit:
            said = unit.feedback.since(now - FEEDBACK_COMES)
            outdated = {one.conversation for one in said if not one.helpful and one.reason == OUTDATED}
            lately = unit.intents.between(now - FEEDBACK_COMES, now + timedelta(seconds=1)) if new or outdated else []
        wanted = set(new)
        again = [one for one in lately if one.id in wanted][-LOOKED_AGAIN:]
        changed = {one.id: failure for one in again if (failure := self._seen_again(one)) is not None}
        changed |= {one.id: FailureClass.STALE for one in lately if one.failure in SHOWN and one.origin in outdated}
        if changed:
            with self.store.write() as unit:
                for intent_id, failure in changed.items():
                    unit.gaps.classify(intent_id, failure)
        return len(changed)

    def _seen_again(self, one: UnresolvedIntent) -> FailureClass | None:
        """Return the class of a question that was not answered for want of an article, None when it stays.

        "Not found" takes an article that answers it: a turn says so already where something came near, which is a guess.
        """
        person = self.directory.person(one.asker)
        if one.failure not in (FailureClass.NO_ARTICLE, FailureClass.NOT_RETRIEVED) or not worded(one) or person is None:
            return None
        reader = Reader(person.groups)
        platform = Platform(one.platform) if one.platform in {item.value for item in Platform} else None
        there = self._answers(one, reader, platform)
        if one.failure is FailureClass.NOT_RETRIEVED and platform is not None:
            there = there or self._answers(one, reader, None)
        failure = FailureClass.NOT_RETRIEVED if there else FailureClass.NO_ARTICLE
        return failure if failure is not one.failure else None

    def _answers(self, one: UnresolvedIntent, reader: Reader, platform: Platform | None) -> bool:
        """Say whether an article that was there when it was asked answers it now, with the rights that the person has."""
        found = self.knowledge.passages_for(one.question, reader, platform, vector=one.vector)
        first = next(iter(found.articles), None)
        return first is not None and found.confidence >= self.enough() and first.updated_at <= one.asked_at
