"""The board of problems, and one page for each: whom it hits, why its tickets belong together, what was told, and how it ends for all."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from assistant.desk.problems.board import Member, around, members, summary
from assistant.desk.problems.working import REASON_LENGTH, TITLE_LENGTH, WORDS_LENGTH, NotPossible
from assistant.domain.configuration import Person
from assistant.domain.problem import ACTIVE, Kind, KnownError, Problem, ProblemState, Said
from assistant.entrypoints.web.frame import SEE_OTHER, OurSite, agent, same_origin, show, works
from assistant.entrypoints.web.site import Site
from assistant.governance.problem_rules import rules_of
from assistant.ports.problems import ProblemChanged
from assistant.ports.store import UnitOfWork

PAGE = 25
UNPROCESSABLE = 422
TO_DO, ACTIVE_NOW = "candidates", "active"
STATES: Mapping[str, tuple[str, frozenset[ProblemState]]] = {
    TO_DO: ("To decide", frozenset({ProblemState.CANDIDATE})),
    ACTIVE_NOW: ("Being worked on", ACTIVE),
    "over": ("Over", frozenset({ProblemState.RESOLVED, ProblemState.CLOSED})),
    "dismissed": ("Dismissed", frozenset({ProblemState.DISMISSED})),
    "all": ("All", frozenset(ProblemState)),
}
SAID = {Kind.STATUS: "Told everybody", Kind.RESOLUTION: "Closed for everybody", Kind.REOPENED: "Opened again"}
Act = Literal["accept", "dismiss", "restore", "describe", "add", "remove", "tell", "resolve", "reopen"]
router = APIRouter(include_in_schema=False)
Worker = Annotated[Person, Depends(works)]
Short = Annotated[str, Query(max_length=40)]
Words = Annotated[str, Form(max_length=4 * WORDS_LENGTH)]


@router.get("/console/problems")
def problems(request: Request, site: OurSite, person: Worker, state: Short = "", after: Short = "") -> Response:
    """List problems, the latest first; at first those that wait for a decision, or else those that people work on."""
    with site.store.read() as unit:
        counts = unit.problems.counts()
        first = TO_DO if counts.get(ProblemState.CANDIDATE) or not any(counts.get(one) for one in ACTIVE) else ACTIVE_NOW
        shown = state if state in STATES else first
        found = unit.problems.listed(STATES[shown][1], PAGE + 1, after)
        sizes = unit.problems.sizes([one.id for one in found[:PAGE]])
    context = {
        "rows": [{"problem": one, "tickets": sizes[one.id][0], "people": sizes[one.id][1]} for one in found[:PAGE]],
        "largest": max((people for _, people in sizes.values()), default=1),
        "tabs": {name: (label, sum(counts.get(one, 0) for one in states)) for name, (label, states) in STATES.items()},
        "state": shown,
        "more": f"/console/problems?{urlencode({'state': shown, 'after': found[PAGE - 1].id})}" if len(found) > PAGE else "",
        "first": f"/console/problems?{urlencode({'state': shown})}" if after else "",
        "rules": rules_of(site.practices.problems.placing.policy_of(site.store)),
    }
    return show(request, "problems.html", person, "problems", **context)


@router.get("/console/problems/{problem_id}")
def problem(request: Request, site: OurSite, person: Worker, problem_id: str) -> Response:
    """Show one problem."""
    return _page(request, site, person, problem_id)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a form says."""

    key: str
    title: str
    text: str
    cause: str
    workaround: str
    ticket: str
    next_update: datetime | None
    concerns: Sequence[str]


@router.post("/console/problems/{problem_id}/{act}", dependencies=[Depends(same_origin)])
def change(
    request: Request,
    site: OurSite,
    person: Annotated[Person, Depends(agent)],
    problem_id: str,
    act: Act,
    key: Annotated[str, Form(max_length=80)] = "",
    title: Words = "",
    text: Words = "",
    cause: Words = "",
    workaround: Words = "",
    ticket: Annotated[str, Form(max_length=80)] = "",
    next_update: Annotated[str, Form(max_length=40)] = "",
    concerns: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Do something with a problem and show it, or show why that was not possible."""
    try:
        wanted = Wanted(key, title, text, cause, workaround, ticket, _moment(site, next_update), _audience(site, concerns or []))
        _do(site, person, problem_id, act, wanted)
    except NotPossible as why:
        return _page(request, site, person, problem_id, str(why))
    except ProblemChanged:
        return _page(request, site, person, problem_id, "Somebody changed this problem just now. Look at it again.")
    return RedirectResponse(f"/console/problems/{problem_id}", SEE_OTHER)


def _do(site: Site, person: Person, problem_id: str, act: Act, wanted: Wanted) -> None:
    now, desk, me = site.clock.now(), site.practices.problems, person.id
    key = f"{act}:{wanted.key}" if wanted.key else secrets.token_hex(8)
    with site.store.write() as unit:
        _load(unit, problem_id)
        known = KnownError(wanted.cause, wanted.workaround)
        acts: Mapping[str, Callable[[], Problem]] = {
            "accept": lambda: desk.accept(unit, problem_id, wanted.title, wanted.concerns, me, now),
            "dismiss": lambda: desk.dismiss(unit, problem_id, wanted.text, me, now),
            "restore": lambda: desk.restore(unit, problem_id, me, now),
            "describe": lambda: desk.describe(unit, problem_id, wanted.title, wanted.concerns, known, me, now),
            "add": lambda: desk.add(unit, problem_id, wanted.ticket, me, now),
            "remove": lambda: desk.remove(unit, problem_id, wanted.ticket, me, now),
            "tell": lambda: desk.tell(unit, problem_id, key, wanted.text, wanted.next_update, me, now),
            "resolve": lambda: desk.resolve(unit, problem_id, key, wanted.text, me, now),
            "reopen": lambda: desk.undo(unit, problem_id, key, wanted.text, me, now),
        }
        acts[act]()


def _page(request: Request, site: Site, person: Person, problem_id: str, wrong: str = "") -> Response:
    names, now, people = site.names(), site.clock.now(), site.directory.people()
    rules = rules_of(site.practices.problems.placing.policy_of(site.store))
    with site.store.read() as unit:
        found = _load(unit, problem_id)
        its = members(unit, found, {one.id: one.location for one in people})
        near = around(unit, found, rules, its) if found.state in (*ACTIVE, ProblemState.CANDIDATE) else []
        said = unit.problems.said(found.id)
    undo_until = found.resolved_at + rules.undo if found.resolved_at is not None and found.state is ProblemState.RESOLVED else None
    context: dict[str, Any] = {
        "problem": found,
        "members": [_row(one, names) for one in its if not one.link.removed],
        "near": [_row(one, names) for one in near],
        "summary": summary(its),
        "timeline": _timeline(found, its, names, said),
        "audiences": _audiences(site, people),
        "concerns": [_said_of(one) for one in found.concerns],
        "may": person.is_agent,
        "changed_by": names.get(found.change.by, found.change.by) if found.change else "",
        "opened_by": names.get(found.opened_by, found.opened_by),
        "undo_until": undo_until if undo_until is not None and undo_until > now else None,
        "key": secrets.token_hex(8),
        "wrong": wrong,
        "lengths": {"title": TITLE_LENGTH, "words": WORDS_LENGTH, "reason": REASON_LENGTH},
        "zone": site.workplace.company().timezone,
        "rules": rules,
    }
    return show(request, "problem.html", person, "problems", UNPROCESSABLE if wrong else 200, **context)


def _load(unit: UnitOfWork, problem_id: str) -> Problem:
    found = unit.problems.load(problem_id)
    if found is None:
        raise HTTPException(404, f"There is no problem {problem_id[:40]}.")
    return found


def _row(one: Member, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "ticket": one.link.ticket,
        "subject": one.ticket.subject if one.ticket is not None else "",
        "status": one.ticket.standing if one.ticket is not None else "",
        "person": names.get(one.link.person, one.link.person) or "Alerts",
        "site": one.site,
        "at": one.came,
        "how": one.link.how.value,
        "sure": one.link.confidence,
        "asked": one.link.asked_at is not None,
        "answer": one.link.answer,
    }


def _timeline(found: Problem, its: Sequence[Member], names: Mapping[str, str], said: Sequence[Said]) -> list[dict[str, Any]]:
    lines: list[tuple[datetime, str, str, str]] = [(found.since, "The first ticket was opened", "", "")]
    if found.change is not None:
        change = found.change
        lines.append((change.at, f"Last change on {found.service}: {change.title} ({change.id})", names.get(change.by, change.by), ""))
    lines.append((found.made_at, "Found among the tickets", "Firstline", ""))
    if found.opened_at is not None:
        lines.append((found.opened_at, "Accepted as a problem", names.get(found.opened_by, "Firstline"), ""))
    told = [one.link.at for one in its if one.link.how.value == "chat"]
    if told:
        number = f"{len(told)} {'person' if len(told) == 1 else 'people'} asked in a conversation, and were told"
        lines.append((max(told), number, "Firstline", ""))
    for one in said:
        what = f"{SAID[one.kind]} ({one.people} {'person' if one.people == 1 else 'people'})"
        lines.append((one.at, what, names.get(one.by, one.by), one.text))
    return [{"at": at, "what": what, "who": who, "text": text} for at, what, who, text in sorted(lines, key=lambda line: line[0], reverse=True)]


def _audiences(site: Site, people: Sequence[Person]) -> dict[str, dict[str, str]]:
    """Return whom a problem can concern: everything that the directory knows of sites and groups."""
    sites = sorted({one.location for one in people if one.location})
    return {"Sites": {f"site:{one}": one for one in sites}, "Groups": {f"group:{one}": one for one in sorted(site.directory.groups())}}


def _audience(site: Site, wanted: Sequence[str]) -> tuple[str, ...]:
    known = {token for group in _audiences(site, site.directory.people()).values() for token in group}
    unknown = [one for one in wanted if one not in known]
    if unknown:
        raise NotPossible(f"Nobody is in {unknown[0].partition(':')[2][:40]}.")
    return tuple(wanted)


def _said_of(token: str) -> str:
    kind, _, name = token.partition(":")
    return f"{name} (group)" if kind == "group" else name


def _moment(site: Site, text: str) -> datetime | None:
    """Return a moment as a form's field holds it: without a zone, in the organisation's."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise NotPossible("The next update is not a moment.") from None
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(site.workplace.company().timezone))).astimezone(UTC)
