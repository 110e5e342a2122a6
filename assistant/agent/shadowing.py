"""Tries candidates beside the live assistant: invisibly in most conversations, and for a small share in its place."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from threading import BoundedSemaphore

from assistant.agent.lookup import LOOKING, Finding, Setting
from assistant.agent.steps.answer_with_model import AnsweringModel
from assistant.agent.with_models import Models, question_of, read_spent
from assistant.domain.model_use import Account
from assistant.domain.reply import Reply, ReplyKind
from assistant.domain.shadow import ShadowTurn, in_canary
from assistant.governance.policy import Disposition, Policy
from assistant.ports.clock import Clock
from assistant.ports.store import Store

WAITING_AT_MOST = 64
"""Turns that wait to be tried; beyond that they are let go, for the live ones come first."""
SECONDS = 60.0
STEP = "shadow"
log = logging.getLogger("firstline.shadow")


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is tried: a model or a prompt for the answer, or a policy."""

    name: str
    answer: AnsweringModel | None = None
    policy: Policy | None = None
    share: float = 0.0


class Shadowing:
    """Runs candidates after the live reply was stored, in a thread of its own; nobody waits for it and nobody sees what it says."""

    def __init__(self, candidates: Sequence[Candidate], store: Store, clock: Clock, policy: Policy) -> None:
        """Try these candidates; ``policy`` is the live one of turns that name none."""
        self._candidates = tuple(candidates)
        self._store, self._clock, self._policy = store, clock, policy
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="shadow") if candidates else None
        self._places = BoundedSemaphore(WAITING_AT_MOST)

    def close(self) -> None:
        """Finish what is under way and let the rest go."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def live_models(self, models: Models, conversation: str) -> Models:
        """Return the models for a conversation: with the candidate's in place of the live answer, where it is the conversation's turn."""
        for one in self._candidates:
            if one.answer is not None and in_canary(conversation, one.name, one.share):
                return replace(models, answer=one.answer)
        return models

    def watch(self, setting: Setting, finding: Finding, reply: Reply) -> None:
        """Try every candidate on a turn that was answered live."""
        found = finding.retrieval
        if self._pool is None or found is None or finding.chosen or setting.understanding.intent not in LOOKING:
            return
        if reply.kind not in (ReplyKind.ANSWER, ReplyKind.CLARIFICATION, ReplyKind.ABSTENTION) or not self._places.acquire(blocking=False):
            return
        self._pool.submit(self._try_all, setting, replace(finding, written=None), reply)

    def _try_all(self, setting: Setting, finding: Finding, reply: Reply) -> None:
        try:
            for candidate in self._candidates:
                self._try(candidate, setting, finding, reply)
        except Exception:
            log.exception("a candidate could not be tried: conversation=%s", setting.conversation.id)
        finally:
            self._places.release()

    def _try(self, candidate: Candidate, setting: Setting, finding: Finding, reply: Reply) -> None:
        now, account = self._clock.now(), Account(time.monotonic() + SECONDS)
        live = tuple(dict.fromkeys(citation.article for citation in reply.citations)) if reply.kind is ReplyKind.ANSWER else ()
        canary = candidate.answer is not None and in_canary(setting.conversation.id, candidate.name, candidate.share)
        if candidate.answer is not None:
            with self._store.read() as unit:
                read_spent(account, candidate.answer.model.budget, unit, setting.conversation.id, now.date())
        shadow = live if canary else self._articles(candidate, replace(setting, account=account), finding, now.date())
        turn = ShadowTurn(
            candidate=candidate.name,
            conversation=setting.conversation.id,
            message=setting.message.id,
            at=now,
            live=live,
            shadow=shadow,
            seconds=sum(call.seconds for call in account.calls),
            cost=sum(call.cost for call in account.calls),
            canary=canary,
            trouble=account.fell_back.get("answer", ""),
        )
        with self._store.write() as unit:
            unit.shadows.record(turn)
            unit.model_calls.record(setting.conversation.id, setting.message.id, [replace(call, step=STEP) for call in account.calls])

    def _articles(self, candidate: Candidate, setting: Setting, finding: Finding, today: date) -> tuple[str, ...]:
        """Return the articles that the candidate would have cited, () where it would not have answered."""
        found = finding.retrieval
        assert found is not None, "only what was looked for is tried"
        policy = candidate.policy or setting.policy or self._policy
        if not found.ranked or policy.decide("answer", found.confidence) is not Disposition.AUTO:
            return ()
        first = (found.ranked[0].passage.article.id,)
        if candidate.answer is None:
            return first
        written = candidate.answer.write(question_of(setting, finding, today), setting.account)
        if written is None:  # the model failed, and the local step would have answered
            return first
        return tuple(dict.fromkeys(citation.article for citation in written.citations)) if written.text else ()
