"""What joiners and leavers are handled with, and who is meant by the names of a checklist."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from assistant.desk.fulfilment import Fulfilment
from assistant.desk.onboarding.calendar import WorkCalendar
from assistant.desk.onboarding.checklist import Checklist
from assistant.domain.action import Action, Plan
from assistant.domain.audit import AuditEntry
from assistant.domain.configuration import Device, Person
from assistant.domain.onboarding import Case, CaseKind
from assistant.ports.clock import Clock
from assistant.ports.devices import PeoplesDevices
from assistant.ports.identity import Directory, Workplace
from assistant.ports.inventory import Inventory
from assistant.ports.notify import Notifier
from assistant.ports.store import OutboxEntry, Store, UnitOfWork

STEP, UNDO, LATE, MAIL, ENDED = "joiner.step", "joiner.undo", "joiner.late", "joiner.mail", "joiner.ended"
CODE_LENGTH = 32
Undoing = Callable[[Action], tuple[str, dict[str, str], Plan] | None]


@dataclass(frozen=True, slots=True)
class Around:
    """Ready parts for cases."""

    store: Store
    clock: Clock
    directory: Directory
    workplace: Workplace
    fleet: PeoplesDevices
    inventory: Inventory
    notifier: Notifier
    fulfilment: Fulfilment
    checklists: Mapping[CaseKind, Checklist]
    undoing: Undoing
    """How an action is taken back."""
    secret: bytes
    url: Callable[[], str]
    managed: Callable[[str], Device | None] = lambda _device: None
    """Asks device management about one device; None where it does not know it."""

    def calendar(self, case: Case) -> WorkCalendar:
        """Return the working days that count for a case: those of the checklist as it is now."""
        return self.checklists[case.kind].calendar

    def code(self, case: Case, step: str) -> str:
        """Return what opens the page on which documents are acknowledged: it says nothing, and only we can make it."""
        facts = "\n".join(("firstline", "joiner", case.id, step, case.person))
        return hmac.new(self.secret, facts.encode(), "sha256").hexdigest()[:CODE_LENGTH]

    def addresses(self, case: Case, whom: str, at: datetime) -> list[str]:
        """Return the addresses of those who are meant; the person's private one while the account is not in use."""
        kind, _, name = whom.partition(":")
        if kind == "joiner":
            return [address for address in [self._address_of_person(case, at)] if address]
        if kind == "group":
            found = [person for person in self.directory.people() if name in person.groups]
        else:
            one = self.directory.person(case.manager if kind == "manager" else name)
            found = [one] if one is not None else []
        return sorted({person.email for person in found if person.email})

    def _address_of_person(self, case: Case, at: datetime) -> str:
        in_use = at >= case.moment if case.kind is CaseKind.JOIN else at < case.moment
        known = self.directory.person(case.person) if in_use else None
        return (known.email if known is not None else "") or case.who.private

    def named(self, whom: str, case: Case) -> str:
        """Return who is meant, in words."""
        kind, _, name = whom.partition(":")
        if kind == "joiner":
            return case.who.name
        if kind == "group":
            return f"the group {name}"
        one = self.directory.person(case.manager if kind == "manager" else name)
        return one.name if one is not None else (case.manager if kind == "manager" else name)

    def manager(self, case: Case) -> Person | None:
        """Return the manager of the person, None when the directory knows none."""
        return self.directory.person(case.manager) if case.manager else None


def mail(unit: UnitOfWork, case: Case, step: str, whom: str, about: str, mark: str, at: datetime) -> None:
    """Have somebody told something; ``mark`` tells this time from others."""
    body = {"case": case.id, "step": step, "whom": whom, "about": about}
    unit.outbox.put(OutboxEntry(f"{MAIL}:{case.id}:{step}:{about}:{mark}:{whom.partition(':')[0]}", MAIL, body, at, at))


def note(unit: UnitOfWork, case: Case, step: str, decision: str, at: datetime, by: str = "firstline", **detail: object) -> None:
    """Write one line of the audit about a case: ids only."""
    facts = {"case": case.id, "kind": case.kind.value, "checklist": case.checklist, **({"step": step} if step else {}), **detail}
    entry = AuditEntry(at, by, "joiner" if case.kind is CaseKind.JOIN else "leaver", decision, case.id, detail=facts, subject=case.person)
    unit.audit.append([entry])
