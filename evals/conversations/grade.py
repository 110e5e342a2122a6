"""Judges a play: the end first, then actions, then citations, then words. Each fault is one line that a person can read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from evals.conversations.case import Account, Case, End
from evals.conversations.language import language_of
from evals.conversations.played import Left, Played, Shown

WITH_PEOPLE = {"filed": "TICKET_FILED", "handed_off": "HANDED_OFF"}


def faults(case: Case, played: Played) -> list[str]:
    """Return what was not as the case expects, most important first; nothing when it passed. Of several ends the one counts that fits best."""
    if played.broken:
        return [f"turn {_last(played)}: {played.broken}"]
    judged = [[line for check in CHECKS for line in check(end, played)] for end in case.expect]
    best = min(judged, key=len)
    unsupported = [f"turn {one.turn}: “{one.sentence[:100]}” is not supported by what it cites: {one.why}" for one in played.cited if one.why]
    failed = [f"turn {line.turn}: the service failed: {line.text[:120]}" for line in _said(played) if line.kind == "error"]
    return [*best, *failed, *unsupported]


def _end(end: End, played: Played) -> Iterator[str]:
    left, turn = played.left, _last(played)
    if end.state and left.state not in end.state:
        yield f"turn {turn}: the conversation should end {_or(end.state)}, it is {left.state or 'not begun'}"
    if end.outcome and left.outcome not in end.outcome:
        yield f"turn {turn}: the outcome should be {_or(end.outcome)}, it is {left.outcome or 'none'}"
    yield from _ticket(end, left, turn)
    for name, status in end.tickets.items():
        if left.tickets.get(name) != status:
            yield f"turn {turn}: ticket {name} should be {status}, it is {left.tickets.get(name, 'not there')}"


def _ticket(end: End, left: Left, turn: int) -> Iterator[str]:
    if end.ticket == "none" and left.with_people:
        yield f"turn {turn}: no ticket should be with people, {left.ticket} is ({left.queue})"
    if end.ticket in WITH_PEOPLE and left.outcome != WITH_PEOPLE[end.ticket]:
        yield f"turn {turn}: a ticket should be {end.ticket.replace('_', ' ')}, the outcome is {left.outcome or 'none'}"
        return
    if end.queue and left.queue not in end.queue:
        yield f"turn {turn}: the ticket should be in {_or(end.queue)}, it is in {left.queue or 'none'}"
    if end.category and left.category not in end.category:
        yield f"turn {turn}: the ticket's category should be {_or(end.category)}, it is {left.category or 'none'}"
    if end.attached and end.attached not in (left.ticket if left.attached else "", left.subject if left.attached else ""):
        yield f"turn {turn}: it should be added to the open ticket {end.attached}, it is in {left.ticket or 'none'}"


def _actions(end: End, played: Played) -> Iterator[str]:
    left, turn = played.left, _last(played)
    for tool, wanted in end.actions.items():
        if left.actions.get(tool) not in wanted:
            yield f"turn {turn}: {tool} should be {_or(wanted)}, it is {left.actions.get(tool, 'not begun')}"
    for tool, status in left.actions.items():
        if tool not in end.actions:
            yield f"turn {turn}: {tool} should not have been begun, it is {status}"
    yield from _account(end.account, left, turn)


def _account(wanted: Account, left: Left, turn: int) -> Iterator[str]:
    if wanted.locked is not None and wanted.locked != left.locked:
        yield f"turn {turn}: the account should be {'locked' if wanted.locked else 'open'}, it is {'locked' if left.locked else 'open'}"
    if wanted.password_reset is not None and wanted.password_reset != left.password_reset:
        yield f"turn {turn}: the password should {'' if wanted.password_reset else 'not '}have been reset"
    for group in wanted.member_of:
        if group not in left.groups:
            yield f"turn {turn}: the person should be a member of {group}"
    for group in wanted.not_member_of:
        if group in left.groups:
            yield f"turn {turn}: the person should be no member of {group}"


def _citations(end: End, played: Played) -> Iterator[str]:
    shown = {article: line.turn for line in reversed(_said(played)) for article in line.cites}
    for one in end.cites:
        if not set(one) & set(shown):
            yield f"no answer cites {_or(one)}; cited were {', '.join(sorted(shown)) or 'none'}"
    for article in end.never_cites:
        if article in shown:
            yield f"turn {shown[article]}: {article} should not be cited"


def _words(end: End, played: Played) -> Iterator[str]:
    said = _said(played)
    yield from _kinds(end, said)
    for wordings in end.says:
        if not any(one.casefold() in line.text.casefold() for one in wordings for line in said):
            yield f"no reply says {_or([f'“{one}”' for one in wordings])}"
    for word in end.never_says:
        turn = next((line.turn for line in said if word.casefold() in line.text.casefold()), None)
        if turn is not None:
            yield f"turn {turn}: “{word}” should not be said"
    yield from _language(end, said)


def _kinds(end: End, said: list[Shown]) -> Iterator[str]:
    kinds = {line.kind: line.turn for line in reversed(said)}
    for kind in end.shows:
        if kind not in kinds:
            yield f"no reply is of kind {kind}; there were {', '.join(kinds) or 'none'}"
    for kind in end.never_shows:
        if kind in kinds:
            yield f"turn {kinds[kind]}: no reply should be of kind {kind}"


def _language(end: End, said: list[Shown]) -> Iterator[str]:
    if end.language is None:
        return
    for line in said:
        found = language_of(line.own) if line.own else end.language
        if found not in (end.language, ""):
            yield f"turn {line.turn}: the reply should be in {end.language}, it is in {found}: {line.own[:80]}"


CHECKS: tuple[Callable[[End, Played], Iterator[str]], ...] = (_end, _actions, _citations, _words)


def _said(played: Played) -> list[Shown]:
    return [line for line in played.lines if line.who == "firstline"]


def _last(played: Played) -> int:
    return played.lines[-1].turn if played.lines else 0


def _or(words: tuple[str, ...] | list[str]) -> str:
    return " or ".join(words)
