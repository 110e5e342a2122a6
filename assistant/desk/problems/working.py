"""What people do with problems: every step is checked here and stands in the audit; what is told to others is put into the outbox beside it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from assistant.desk.problems.gathering import STEP_NAME, Placing
from assistant.domain.audit import AuditEntry
from assistant.domain.problem import ACTIVE, Event, How, IllegalStep, Kind, KnownError, Link, Problem, ProblemState, Said, advance
from assistant.governance.problem_rules import rules_of
from assistant.governance.redaction import redact
from assistant.ports.store import OutboxEntry, UnitOfWork

TELL, SETTLE = "problem.tell", "problem.settle"
TITLE_LENGTH, WORDS_LENGTH, REASON_LENGTH, KEY_LENGTH = 120, 2_000, 300, 40


class NotPossible(ValueError):
    """That cannot be done with the problem; the message says why, for whoever wanted it."""


@dataclass(frozen=True, slots=True)
class Working:
    """The steps that people take, each in the transaction of its caller."""

    placing: Placing

    def accept(self, unit: UnitOfWork, problem_id: str, title: str, concerns: Collection[str], actor: str, at: datetime) -> Problem:
        """Open a candidate, under the name that people are told and for those whom it concerns, () for everybody.

        Raises:
            NotPossible: there is none, or its name is empty or too long.
        """
        problem = _moved(_load(unit, problem_id), Event.ACCEPT)
        named = _words(title or problem.title, TITLE_LENGTH, "A name")
        opened = replace(problem, title=named, concerns=tuple(sorted(concerns)), opened_by=actor, opened_at=at, changed_at=at)
        return _kept(unit, opened, actor, Event.ACCEPT.value, at)

    def dismiss(self, unit: UnitOfWork, problem_id: str, why: str, actor: str, at: datetime) -> Problem:
        """Say that the tickets are no problem; they stay as they are, and do not make one again by themselves."""
        problem = _moved(_load(unit, problem_id), Event.DISMISS)
        reason = _words(why, REASON_LENGTH, "The reason")
        return _kept(unit, replace(problem, resolution=reason, changed_at=at), actor, Event.DISMISS.value, at)

    def restore(self, unit: UnitOfWork, problem_id: str, actor: str, at: datetime) -> Problem:
        """Look at a dismissed problem again: it is a candidate once more."""
        problem = _moved(_load(unit, problem_id), Event.RESTORE)
        return _kept(unit, replace(problem, resolution="", changed_at=at), actor, Event.RESTORE.value, at)

    def describe(
        self, unit: UnitOfWork, problem_id: str, title: str, concerns: Collection[str], known: KnownError, actor: str, at: datetime
    ) -> Problem:
        """Set name, audience, cause and workaround of a problem that people are told of; with a workaround it is a known error."""
        problem = _load(unit, problem_id)
        if problem.state not in ACTIVE:
            raise NotPossible(f"The problem is {problem.state.label}; open it first.")
        words = KnownError(_optional(known.cause, WORDS_LENGTH, "The cause"), _optional(known.workaround, WORDS_LENGTH, "The workaround"))
        if words.workaround:
            problem = _moved(problem, Event.KNOW)
        elif problem.state is ProblemState.KNOWN_ERROR:
            problem = _moved(problem, Event.FORGET)
        named = _words(title, TITLE_LENGTH, "A name")
        changed = replace(problem, title=named, concerns=tuple(sorted(concerns)), known=words, changed_at=at)
        return _kept(unit, changed, actor, "described", at, state=changed.state.value)

    def add(self, unit: UnitOfWork, problem_id: str, ticket_id: str, actor: str, at: datetime) -> Problem:
        """Put a ticket to a problem, out of the one that it belonged to."""
        problem, ticket = _load(unit, problem_id), unit.tickets.ticket(ticket_id.strip().upper())
        if ticket is None:
            raise NotPossible(f"There is no ticket {ticket_id.strip()[:KEY_LENGTH]}.")
        if problem.state not in (*ACTIVE, ProblemState.CANDIDATE):
            raise NotPossible(f"The problem is {problem.state.label}; no ticket can come to it.")
        before = unit.problems.link_of(ticket.id)
        if before is not None and before.problem == problem_id:
            return problem
        if before is not None:
            self.remove(unit, before.problem, ticket.id, actor, at)
        person = "" if ticket.requester == "firstline" else ticket.requester
        unit.problems.link(Link(problem_id, ticket.id, person, at, How.AGENT, actor))
        _audit(unit, actor, "ticket added", problem_id, at, ticket=ticket.id)
        return self.placing.refresh(unit, problem_id, at)

    def remove(self, unit: UnitOfWork, problem_id: str, ticket_id: str, actor: str, at: datetime) -> Problem:
        """Take a ticket out of a problem; it is not put back by itself."""
        _load(unit, problem_id)
        link = unit.problems.link_of(ticket_id)
        if link is None or link.problem != problem_id:
            raise NotPossible(f"Ticket {ticket_id[:KEY_LENGTH]} does not belong to {problem_id}.")
        unit.problems.link(replace(link, removed=True, by=actor))
        _audit(unit, actor, "ticket removed", problem_id, at, ticket=ticket_id)
        return self.placing.refresh(unit, problem_id, at)

    def tell(self, unit: UnitOfWork, problem_id: str, key: str, text: str, next_update: datetime | None, actor: str, at: datetime) -> Problem:
        """Send one message to everybody of the problem, each once; the same ``key`` again sends nothing. Who asks from now on is told it too."""
        problem = _load(unit, problem_id)
        if problem.state not in ACTIVE:
            raise NotPossible(f"The problem is {problem.state.label}; nobody waits for news of it.")
        words = _words(text, WORDS_LENGTH, "The message")
        if next_update is not None and next_update <= at:
            raise NotPossible("The next update has to be in the future.")
        if not self._said(unit, problem, key, Kind.STATUS, words, actor, at):
            return problem
        told = replace(problem, said=words, said_at=at, next_update=next_update, changed_at=at)
        return _kept(unit, told, actor, "told", at, people=len(_people(unit, problem_id)))

    def resolve(self, unit: UnitOfWork, problem_id: str, key: str, text: str, actor: str, at: datetime) -> Problem:
        """End a problem for everybody: its open tickets are closed with one note, and each person is asked whether that solved it."""
        problem = _load(unit, problem_id)
        if any(one.key == _key(problem_id, key) for one in unit.problems.said(problem_id)):
            return problem
        moved = _moved(problem, Event.RESOLVE)
        words = _words(text, WORDS_LENGTH, "What solved it")
        policy = self.placing.policy(unit)
        solved = replace(moved, resolution=words, resolved_at=at, next_update=None, changed_at=at)
        self._said(unit, solved, key, Kind.RESOLUTION, words, actor, at)
        due = at + rules_of(policy).undo
        unit.outbox.put(OutboxEntry(f"{SETTLE}:{_key(problem_id, key)}", SETTLE, _round(solved), at, due))
        return _kept(unit, solved, actor, Event.RESOLVE.value, at, people=len(_people(unit, problem_id)))

    def undo(self, unit: UnitOfWork, problem_id: str, key: str, text: str, actor: str, at: datetime) -> Problem:
        """Take the end of a problem back within its time: the tickets that it closed are open again, and those who were told hear of it."""
        problem = _load(unit, problem_id)
        limit = rules_of(self.placing.policy(unit)).undo
        if problem.state is ProblemState.RESOLVED and problem.resolved_at is not None and at - problem.resolved_at > limit:
            raise NotPossible(f"The end can be taken back for {limit.total_seconds() / 3600:.0f} hours; that time is over.")
        moved = _moved(problem, Event.UNDO)
        if moved.known.workaround:
            moved = replace(moved, state=advance(moved.state, Event.KNOW))
        words = _words(text, WORDS_LENGTH, "Why it is not solved")
        back = replace(moved, resolution="", resolved_at=None, said=words, said_at=at, changed_at=at)
        self._said(unit, back, key, Kind.REOPENED, words, actor, at)
        return _kept(unit, back, actor, Event.UNDO.value, at)

    def _said(self, unit: UnitOfWork, problem: Problem, key: str, kind: Kind, words: str, actor: str, at: datetime) -> bool:
        """Store a message and put an errand for each person; return False when it was said before."""
        whole, people = _key(problem.id, key), _people(unit, problem.id)
        if not unit.problems.say(Said(whole, problem.id, at, actor, kind, words, len(people - {""}))):
            return False
        for person in sorted(people):
            body = {"problem": problem.id, "message": whole, "kind": kind.value, "person": person, **_round(problem)}
            unit.outbox.put(OutboxEntry(f"{TELL}:{whole}:{_digest(person)}", TELL, body, at, at))
        return True


def settle(unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> None:
    """Close a problem whose end was not taken back in its time."""
    problem = unit.problems.load(str(entry.body.get("problem", "")))
    if problem is None or problem.state is not ProblemState.RESOLVED or not same_round(problem, entry.body):
        return
    _kept(unit, replace(problem, state=advance(problem.state, Event.SETTLE), changed_at=at), "firstline", Event.SETTLE.value, at)


def same_round(problem: Problem, body: dict[str, Any]) -> bool:
    """Say whether a problem stands as it did when an errand was put: still ended, or still going on, by the same end."""
    return bool(_round(problem)["round"] == body.get("round"))


def _round(problem: Problem) -> dict[str, Any]:
    return {"problem": problem.id, "round": problem.resolved_at.isoformat() if problem.resolved_at else ""}


def _people(unit: UnitOfWork, problem_id: str) -> set[str]:
    """Return whom the tickets of a problem are of; "" stands for those that nobody asked for."""
    return {link.person for link in unit.problems.links(problem_id) if not link.removed}


def _key(problem_id: str, key: str) -> str:
    return f"{problem_id}:{_digest(key)}"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def _load(unit: UnitOfWork, problem_id: str) -> Problem:
    problem = unit.problems.load(problem_id)
    if problem is None:
        raise NotPossible(f"There is no problem {problem_id[:KEY_LENGTH]}.")
    return problem


def _moved(problem: Problem, event: Event) -> Problem:
    try:
        return replace(problem, state=advance(problem.state, event))
    except IllegalStep as error:
        raise NotPossible(str(error)) from None


def _words(text: str, most: int, what: str) -> str:
    words = _optional(text, most, what)
    if not words:
        raise NotPossible(f"{what} has 1 to {most} characters.")
    return words


def _optional(text: str, most: int, what: str) -> str:
    words = redact("\n".join(" ".join(line.split()) for line in text.strip().splitlines()))
    if len(words) > most:
        raise NotPossible(f"{what} has at most {most} characters.")
    return words


def _kept(unit: UnitOfWork, problem: Problem, actor: str, decision: str, at: datetime, **detail: Any) -> Problem:
    unit.problems.save(problem)
    _audit(unit, actor, decision, problem.id, at, **detail)
    return replace(problem, version=problem.version + 1)


def _audit(unit: UnitOfWork, actor: str, decision: str, problem: str, at: datetime, **detail: Any) -> None:
    unit.audit.append([AuditEntry(at, actor, STEP_NAME, decision, detail={"problem": problem, **detail})])
