"""The audit to read: records by number, narrowed down by filters, one record with everything in it, and whether the chain holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from assistant.domain.audit import AuditLine
from assistant.domain.configuration import Person
from assistant.entrypoints.web.frame import SEE_OTHER, OurSite, auditor, partial, same_origin, show
from assistant.entrypoints.web.ledger_pages import sheet
from assistant.entrypoints.web.site import Site
from assistant.governance.export import as_csv, moment
from assistant.governance.replay import Comparison, replay
from assistant.ports.audit import Audit, AuditUnreadable

SHOWN = 50
WINDOW = 25_000
"""Records that are looked through for one page; what is older is one press away."""
WORD = 120
FIELDS = ("conversation", "step", "decision", "outcome")
NUMBERED = Annotated[int, Query(ge=0, le=10**9)]
Word = Annotated[str, Query(max_length=WORD)]
Day = Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2100, 1, 1))]
router = APIRouter(prefix="/console/audit", include_in_schema=False)
Auditor = Annotated[Person, Depends(auditor)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records a page shows. ``person`` is an id, a whole name, or an alias."""

    person: str
    conversation: str
    step: str
    decision: str
    outcome: str
    since: date | None
    until: date | None

    def address(self) -> dict[str, str]:
        """Return the filter as parameters of an address."""
        return {name: str(value) for name in ("person", *FIELDS, "since", "until") if (value := getattr(self, name))}

    def holding(self, site: Site, audit: Audit) -> list[str] | None:
        """Return what the text of a record has to hold; None when nobody is meant by the person, so that no record can."""
        found = [_said(name, getattr(self, name)) for name in FIELDS if getattr(self, name)]
        if not self.person:
            return found
        named = {person for person, name in site.names().items() if name.casefold() == self.person.casefold()} | {self.person}
        alias = next((one.alias for one in audit.aliases() if one.person in named or one.alias == self.person), None)
        return [*found, f'"{alias}"'] if alias is not None else None


def wanted(
    person: Word = "", conversation: Word = "", step: Word = "", decision: Word = "", outcome: Word = "", since: Day = None, until: Day = None
) -> Wanted:
    """Return what an address asks for."""
    return Wanted(person.strip(), conversation.strip(), step.strip(), decision.strip(), outcome.strip(), since, until)


Asked = Annotated[Wanted, Depends(wanted)]


def _said(name: str, value: str) -> str:
    """Return how a field with this value stands in a record's canonical text."""
    return json.dumps({name: value}, ensure_ascii=False, separators=(",", ":"))[1:-1]


@router.get("")
def records(request: Request, site: OurSite, person: Auditor, asked: Asked, before: NUMBERED = 0) -> Response:
    """List records, the newest first. At most 25,000 are looked through at once; the page says how far it looked."""
    try:
        found, reached, first, last = _page(site, asked, before)
    except (AuditUnreadable, ValueError) as error:
        return show(request, "audit.html", person, "audit", 200, unreadable=str(error), lines=[], asked=asked, **_chain(site))
    full, names = len(found) == SHOWN, site.names()
    place = f"/console/audit?{urlencode(asked.address())}" if asked.address() else "/console/audit"
    context = {
        "lines": [_row(names, line) for line in found],
        "asked": asked,
        "filtered": bool(asked.address()),
        "next": found[-1].number if full else reached if reached > first else 0,
        "looked": (last, reached) if not full and reached > first else None,
        "place": place,
        "csv": f"/console/audit/records.csv?{urlencode(asked.address())}",
        "before": before,
        **_chain(site),
    }
    return show(request, "audit.html", person, "audit", **context)


def _page(site: Site, asked: Wanted, before: int) -> tuple[list[AuditLine], int, int, int]:
    """Return records, down to which number was looked, and the first and the last that could be meant."""
    with site.store.read() as unit:
        audit = unit.audit
        first, end = _between(site, audit, asked)
        end = min(end, before) if before else end
        holding = asked.holding(site, audit)
        if holding is None:
            return [], first, first, end
        down_to = max(first, end - WINDOW) if holding else first
        return audit.back(end, down_to, holding, SHOWN), down_to, first, end - 1


def _between(site: Site, audit: Audit, asked: Wanted) -> tuple[int, int]:
    """Return the number of the first record of the days that are asked for, and one more than that of the last."""
    head = audit.head()
    last, zone = (head.number if head is not None else 0), ZoneInfo(site.workplace.company().timezone)
    start = _first_from(audit, last, datetime.combine(asked.since, time(), zone)) if asked.since else 1
    end = _first_from(audit, last, datetime.combine(asked.until + timedelta(days=1), time(), zone)) if asked.until else last + 1
    return start, end


def _first_from(audit: Audit, last: int, at: datetime) -> int:
    """Return the number of the first record from a moment on: records are numbered as they were written, so it is found by halves."""
    low, high = 1, last + 1
    while low < high:
        middle = (low + high) // 2
        line = next(iter(audit.back(middle + 1, 1, (), 1)), None)
        if line is None or moment(line) < at:
            low = middle + 1
        else:
            high = middle
    return low


def _row(names: Mapping[str, str], line: AuditLine) -> dict[str, Any]:
    facts = line.facts
    return {
        "number": line.number,
        "at": datetime.fromisoformat(str(facts["at"])) if facts.get("at") else None,
        "who": names.get(str(facts.get("actor", "")), str(facts.get("actor", ""))),
        "about": names.get(str(facts.get("subject", "")), str(facts.get("subject", ""))),
        **{name: str(facts.get(name) or "") for name in (*FIELDS, "tool", "rule", "verdict", "action")},
    }


@router.get("/records.csv", dependencies=[Depends(auditor)])
def records_csv(site: OurSite, asked: Asked) -> Response:
    """Export the records that a filter leaves, the newest first, in the form of ``firstline audit export``."""
    return sheet("audit.csv", as_csv(_all(site, asked)))


def _all(site: Site, asked: Wanted) -> Iterator[AuditLine]:
    before = 0
    while True:
        found, reached, first, _ = _page(site, asked, before)
        yield from found
        if len(found) < SHOWN and reached <= first:
            return
        before = found[-1].number if len(found) == SHOWN else reached
        if before <= first:
            return


@router.get("/chain", dependencies=[Depends(auditor)])
def chain(request: Request, site: OurSite) -> Response:
    """Return the part of the page that says whether the chain holds."""
    return partial(request, "audit_chain.html", **_chain(site))


@router.post("/chain", dependencies=[Depends(same_origin), Depends(auditor)])
def verify(site: OurSite) -> Response:
    """Check every record against the chain, the anchors and the guards. It goes on when the page is left."""
    site.watching.chain.begin()
    return RedirectResponse("/console/audit", SEE_OTHER)


def _chain(site: Site) -> dict[str, Any]:
    return {"chain": site.watching.chain.standing}


@router.get("/{number}")
def record(request: Request, site: OurSite, person: Auditor, number: int) -> Response:
    """Show one record with everything in it, and what the policy of then says when it decides again."""
    try:
        with site.store.read() as unit:
            found = unit.audit.back(number + 1, number, (), 1)
            last = unit.audit.head()
    except (AuditUnreadable, ValueError) as error:
        raise HTTPException(409, f"The record cannot be read: {error}") from None
    if not found:
        raise HTTPException(404, f"There is no record {number}.")
    line = found[0]
    again = replay(line, site.watching.policies)
    context = {
        "line": line,
        "row": _row(site.names(), line),
        "facts": [(name, _plain(value)) for name, value in sorted(line.facts.items()) if value not in ("", None, [], {})],
        "again": again,
        "same": again.comparison is Comparison.SAME,
        "wrong": again.comparison in (Comparison.DIFFERENT, Comparison.IMPOSSIBLE),
        "before": number - 1,
        "after": number + 1 if last is not None and number < last.number else 0,
    }
    return show(request, "audit_record.html", person, "audit", **context)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)
