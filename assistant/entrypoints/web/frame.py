"""What every page of the console shares: who may open it, where its forms come from, and the navigation around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Cookie, Depends, HTTPException, Request, Response

from assistant.domain.configuration import Person, Role
from assistant.entrypoints.tokens import TokenRefused
from assistant.entrypoints.web.site import TEMPLATES, Site, site_of

SEE_OTHER = 303
OurSite = Annotated[Site, Depends(site_of)]
TITLES = {
    Role.AUTHOR: "knowledge-base author",
    Role.AGENT: "service desk agent",
    Role.OPERATOR: "operator",
    Role.AUDITOR: "auditor",
}
"""What a role is called on a page, the first of somebody's roles first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the navigation. Everybody may open it who has one of the ``roles``; no roles means everybody who is signed in."""

    section: str
    label: str
    href: str
    roles: frozenset[Role]


BEGINS = (
    (Role.AGENT, "/console/tickets"),
    (Role.AUTHOR, "/console/week"),
    (Role.OPERATOR, "/console/week"),
    (Role.AUDITOR, "/console/audit"),
)
"""Who is waiting? What should be written first? Is it getting better? Can the record be trusted?"""
ANYBODY: frozenset[Role] = frozenset()
STAFF = frozenset(Role)
READS_GAPS = frozenset({Role.AUTHOR, Role.AGENT, Role.OPERATOR})
RUNS = frozenset({Role.OPERATOR, Role.AUDITOR})
WORKS = frozenset({Role.AGENT, Role.OPERATOR})
"""Whoever works what the practices of the desk found."""
NAVIGATION: dict[str, tuple[Entry, ...]] = {
    "Review": (
        Entry("week", "Week", "/console/week", STAFF),
        Entry("ledger", "Ledger", "/console/ledger", STAFF),
        Entry("gaps", "Gaps", "/console/gaps", READS_GAPS),
        Entry("articles", "Articles", "/console/articles", frozenset({Role.AUTHOR})),
        Entry("experiments", "Experiments", "/console/experiments", READS_GAPS),
        Entry("tuning", "Tuning", "/console/tuning", RUNS),
    ),
    "Desk": (
        Entry("conversations", "Conversations", "/console/conversations", frozenset({Role.AGENT})),
        Entry("tickets", "Tickets", "/console/tickets", frozenset({Role.AGENT})),
        Entry("approvals", "Approvals", "/console/approvals", ANYBODY),
        Entry("actions", "Actions", "/console/actions", frozenset({Role.AGENT})),
    ),
    "Operations": (
        Entry("triage", "Triage", "/console/triage", frozenset({Role.AGENT})),
        Entry("alerts", "Alerts", "/console/alerts", WORKS),
        Entry("problems", "Problems", "/console/problems", WORKS),
        Entry("changes", "Changes", "/console/changes", WORKS | {Role.AUDITOR}),
        Entry("compliance", "Compliance", "/console/compliance", WORKS | {Role.AUDITOR}),
        Entry("joiners", "Joiners and leavers", "/console/joiners", ANYBODY),
        Entry("rollout", "Rollout", "/console/rollout", RUNS),
    ),
    "Service": (
        Entry("policy", "Policy", "/console/policy", RUNS),
        Entry("connectors", "Connectors", "/console/connectors", frozenset({Role.OPERATOR})),
        Entry("audit", "Audit", "/console/audit", frozenset({Role.AUDITOR})),
    ),
}


def signed_in(site: OurSite, firstline_session: Annotated[str, Cookie()] = "") -> Person:
    """Return the person of the session cookie, as the directory knows them now.

    Raises:
        TokenRefused: there is no session, it has ended, or the directory does not know the person any more.
    """
    person_id, _ = site.sessions.person_of(firstline_session)
    person = site.directory.person(person_id)
    if person is None:
        raise TokenRefused("the directory does not know this person")
    return person


def any_of(*roles: Role) -> Callable[[Person], Person]:
    """Return a dependency that admits people with at least one of these roles and answers 403 to everybody else."""
    wanted = frozenset(roles)
    named = " or ".join(TITLES[role] for role in TITLES if role in wanted)

    def admitted(person: Annotated[Person, Depends(signed_in)]) -> Person:
        if not person.roles & wanted:
            raise HTTPException(403, f"This page is for the role {named}. Your account does not have it. Sign in as somebody who has.")
        return person

    return admitted


agent = any_of(Role.AGENT)
author = any_of(Role.AUTHOR)
operator = any_of(Role.OPERATOR)
auditor = any_of(Role.AUDITOR)
staff = any_of(*STAFF)
reads_gaps = any_of(*READS_GAPS)
"""Whoever has a use for the gaps: authors write, agents know the tickets, operators look whether it gets better."""
runs = any_of(*RUNS)
"""Whoever answers for the service: its operator, and the auditor who checks it."""
works = any_of(*WORKS)
approver = signed_in
"""Anybody may have to approve: as a manager, as an owner, in somebody's place. The page shows each only what is theirs."""


def same_origin(request: Request) -> None:
    """Refuse a form that was sent from another site."""
    origin = request.headers.get("origin", "")
    if origin.partition("://")[2] != request.headers.get("host", ""):
        raise HTTPException(403, "this form was sent from another site")


def title_of(person: Person) -> str:
    """Return what the person is to the console, in words."""
    if person.roles >= STAFF:
        return "administrator"
    return ", ".join(title for role, title in TITLES.items() if role in person.roles) or "employee"


def entries(request: Request, person: Person) -> dict[str, list[Entry]]:
    """Return the navigation of a person: the groups of pages that exist here and that they may open."""
    there: frozenset[str] = request.app.state.pages
    mine = {group: [one for one in found if one.href in there and (not one.roles or one.roles & person.roles)] for group, found in NAVIGATION.items()}
    return {group: found for group, found in mine.items() if found}


def first_page(request: Request, person: Person) -> str:
    """Return the page with which the console begins for a person: the one that answers their role's question."""
    offered = [one.href for group in entries(request, person).values() for one in group]
    return next((page for role, page in BEGINS if role in person.roles and page in offered), offered[0])


def show(request: Request, template: str, person: Person, section: str, status: int = 200, /, **context: Any) -> Response:
    """Return a page of the console in its frame, with the entry of ``section`` marked in the navigation."""
    site = site_of(request)
    viewer = {"name": person.name, "role": title_of(person), "roles": person.roles}
    around = {"viewer": viewer, "section": section, "navigation": entries(request, person), "simulated": site.simulated, "played": time_of(site)}
    return TEMPLATES.TemplateResponse(request, template, {**context, **around}, status_code=status)


def time_of(site: Site) -> datetime | None:
    """Return the time of a demo whose clock can be set, where the company is; None where it is everybody's."""
    return site.clock.now().astimezone(ZoneInfo(site.workplace.company().timezone)) if site.passing is not None else None


def partial(request: Request, template: str, status: int = 200, /, **context: Any) -> Response:
    """Return a part of a page, for htmx to put in its place."""
    return TEMPLATES.TemplateResponse(request, template, context, status_code=status)
