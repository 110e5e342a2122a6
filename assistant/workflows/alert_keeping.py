"""Writes down what becomes of groups of alerts, and what follows for their tickets, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from assistant.desk.correlation.following import Taken
from assistant.desk.correlation.grouping import Correlator
from assistant.desk.correlation.profile import Profile
from assistant.desk.correlation.standing import assigned, confidence_of, standing_of
from assistant.desk.correlation.telling import body_of, common, note_of, reasons_for, subject_of, title_of
from assistant.domain.alert import DEVICES_LISTED, Alert, AlertGroup, Standing
from assistant.domain.audit import AuditEntry
from assistant.domain.ticket import ASSISTANT, TicketDraft, TicketStatus
from assistant.governance.correlation_rules import CorrelationRules
from assistant.ports.identity import Workplace
from assistant.ports.store import UnitOfWork
from assistant.ports.ticketing import UnknownTicket

STEP, ORIGIN = "correlate", "alerts"
TEXT_AGE = timedelta(seconds=5)
"""A ticket's text is written anew no more often: while hundreds of alerts join, each would write all devices again."""
Tally = tuple[int, int, int, int]


@dataclass(slots=True)
class Held:
    """The open groups in memory, as of a revision of the tables."""

    correlator: Correlator
    revision: int
    untold: dict[str, datetime] = field(default_factory=dict)
    """Incidents whose ticket does not say yet what joined, and when it is to say more."""


def _since(group: AlertGroup, what: str) -> datetime:
    """Return when the ticket's text, or its last note, was written."""
    last = group.told.get(what)
    return datetime.fromisoformat(str(last)) if last is not None else datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Keeping:
    """Writes what became of groups, in one transaction."""

    unit: UnitOfWork
    held: Held
    rules: CorrelationRules
    policy: str
    """Its version."""
    workplace: Workplace
    now: datetime
    zone: str = field(init=False)

    def __post_init__(self) -> None:
        """Ask once where the organisation is."""
        self.zone = self.workplace.company().timezone

    def keep(self, taken: Taken, worked_on: Sequence[int]) -> None:
        """Store what became of a batch of reports, by their numbers."""
        unit, into = self.unit, {gone: kept for kept, gone in taken.united}
        ends = {gone: _end(into, gone) for gone in into}
        alerts = [replace(one, group=ends.get(one.group, one.group)) for one in (*taken.earlier, *taken.alerts.values())]
        unit.alerts.keep(alerts)
        self._unite(ends)
        unit.alerts.worked_on(worked_on)
        by_group: dict[str, list[Alert]] = {}
        for alert in alerts:
            by_group.setdefault(alert.group, []).append(alert)
        self.refresh(by_group)

    def _unite(self, ends: Mapping[str, str]) -> None:
        """Put the alerts of each group that is gone where they end up; groups between, which this batch began, were never stored."""
        rows, known = self.unit.alerts.these(ends), self.unit.alerts.these(ends.values())
        for gone, end in ends.items():
            row, stays = rows.get(gone), known.get(end)
            if row is None:
                continue
            self.unit.alerts.move_all(gone, end)
            merged = replace(row, standing=Standing.MERGED, into=end, changed_at=self.now, profile={}, firing=0)
            if row.ticket and (stays is None or not stays.ticket):
                # The ticket that people know goes on with the group that stays.
                known[end] = replace(stays or row, id=end, ticket=row.ticket, standing=Standing.INCIDENT, told=row.told)
                self.unit.alerts.keep_groups([known[end]])
                merged = replace(merged, ticket="")
            elif row.ticket and stays is not None:
                self._close_double(row.ticket, stays.ticket)
            self.unit.alerts.keep_groups([merged])

    def _close_double(self, ticket: str, other: str) -> None:
        known = self.unit.tickets.ticket(ticket)
        if known is not None and known.status.is_open:
            self.unit.tickets.change_status(ticket, TicketStatus.CLOSED, ASSISTANT, f"it turned out to be the same incident as {other}", self.now)
        self.unit.tickets.comment(other, ASSISTANT, f"{ticket} turned out to be the same incident and was closed.", self.now, public=False)

    def refresh(self, by_group: dict[str, list[Alert]]) -> None:
        """Count groups anew and store how they stand; ``by_group`` has the alerts of each that are at hand."""
        known, tally = self.unit.alerts.these(by_group), self.unit.alerts.tally(by_group)
        made = []
        for group_id, alerts in by_group.items():
            if group_id in tally:
                made.append(self._refreshed(group_id, known.get(group_id), alerts, tally[group_id]))
        self.unit.alerts.keep_groups(made)

    def _refreshed(self, group_id: str, before: AlertGroup | None, alerts: Sequence[Alert], tally: Tally) -> AlertGroup:
        live = self.held.correlator.groups.get(group_id)
        stored = Profile.of_plain(before.profile) if before is not None and before.profile else Profile()
        profile = live.profile if live is not None else stored
        known = before or AlertGroup(group_id, Standing.SINGLE, alerts[0].first_at, alerts[0].last_at, self.now)
        first, last = min(one.first_at for one in alerts), max(one.last_at for one in alerts)
        spread = replace(known, first_at=min(known.first_at, first), last_at=max(known.last_at, last))
        return self._counted(spread, profile, alerts, tally, before)

    def rebuilt(self, group: AlertGroup, profile: Profile, alerts: Sequence[Alert]) -> None:
        """Store a group as counted anew from these alerts, which are all that it has."""
        tally = self.unit.alerts.tally([group.id])[group.id]
        spread = replace(group, first_at=min(one.first_at for one in alerts), last_at=max(one.last_at for one in alerts))
        self.unit.alerts.keep_groups([self._counted(spread, profile, alerts, tally, group)])

    def _counted(self, group: AlertGroup, profile: Profile, alerts: Sequence[Alert], tally: Tally, before: AlertGroup | None) -> AlertGroup:
        count, firing, calm_firing, items = tally
        fields: dict[str, Any] = common(profile, alerts, before)
        worst = min([one.report.severity for one in alerts] + ([before.severity] if before else []), key=lambda one: one.rank)
        made = replace(
            group,
            changed_at=self.now,
            severity=worst,
            alerts=count,
            firing=firing,
            items=items,
            confidence=confidence_of(profile),
            why=reasons_for(fields, profile, self.zone),
            profile=profile.plain(),
            title=title_of(fields, profile, items),
            calm_since=None if firing else (group.calm_since or self.now),
            **fields,
        )
        return self.stand(made, standing_of(made, calm_firing, self.rules), alerts)

    # -- standing -----------------------------------------------------------------------------------------------------------

    def stand(self, group: AlertGroup, standing: Standing, alerts: Sequence[Alert] = ()) -> AlertGroup:
        """Return a group that stands so from now on, with what follows for its ticket."""
        changed = replace(group, standing=standing)
        if standing is Standing.INCIDENT and not group.ticket:
            return self._opened(changed, alerts)
        if standing is Standing.INCIDENT and group.standing is Standing.RESOLVED:
            return self._reopened(changed)
        if standing is Standing.INCIDENT and group.ticket:
            return self._told(changed)
        return changed

    def _opened(self, group: AlertGroup, alerts: Sequence[Alert]) -> AlertGroup:
        place = self.workplace
        said = alerts[0].report.text if alerts else ""
        category, queue = assigned(self.rules, group, said, place.queues(), place.services())
        made = replace(group, category=category, queue=queue)
        body = body_of(made, self.unit.alerts.devices_of(group.id, DEVICES_LISTED), self.zone)
        draft = TicketDraft(f"{ORIGIN}:{group.id}", ASSISTANT, subject_of(made), queue, category, body, ORIGIN)
        ticket = self.unit.tickets.create(draft, self.now)
        self.unit.tickets.file(ticket.id, body, queue, self.now)
        self._audit(group, "incident", {"ticket": ticket.id, "queue": queue})
        return replace(made, ticket=ticket.id, told=self._said(made))

    def _said(self, group: AlertGroup) -> dict[str, object]:
        at = self.now.isoformat()
        return {"alerts": group.alerts, "items": group.items, "at": at, "described": group.alerts, "described_at": at}

    def _reopened(self, group: AlertGroup) -> AlertGroup:
        ticket = self.unit.tickets.ticket(group.ticket)
        if ticket is not None and not ticket.status.is_open:
            self.unit.tickets.change_status(group.ticket, TicketStatus.OPEN, ASSISTANT, f"{group.firing} of its alerts fire again", self.now)
        self._audit(group, "reopened", {"ticket": group.ticket})
        return replace(self._told(group, anyway=True), calm_since=None)

    def _told(self, group: AlertGroup, *, anyway: bool = False) -> AlertGroup:
        """Bring the text of the ticket up to date, and note what is new; either when the last time is long enough ago, or else later."""
        told, (noted, described) = dict(group.told), (group.told.get(what) == group.alerts for what in ("alerts", "described"))
        if noted and described and not anyway:
            self.held.untold.pop(group.id, None)
            return group
        if anyway or (not described and self.now - _since(group, "described_at") >= TEXT_AGE):
            devices = self.unit.alerts.devices_of(group.id, DEVICES_LISTED)
            try:
                self.unit.tickets.describe(group.ticket, body_of(group, devices, self.zone), self.now)
            except UnknownTicket:  # its time was over
                self.held.untold.pop(group.id, None)
                return group
            told |= {"described": group.alerts, "described_at": self.now.isoformat()}
        if anyway or (not noted and self.now - _since(group, "at") >= self.rules.note):
            before = int(group.told.get("alerts", 0)), int(group.told.get("items", 0))
            if group.alerts > before[0]:
                self.unit.tickets.comment(group.ticket, ASSISTANT, note_of(before, group), self.now, public=False)
            told |= {"alerts": group.alerts, "items": group.items, "at": self.now.isoformat()}
        made = replace(group, told=told)
        self._remember(made)
        return made

    def _remember(self, group: AlertGroup) -> None:
        """Remember when the ticket is to say more."""
        text = [_since(group, "described_at") + TEXT_AGE] if group.told.get("described") != group.alerts else []
        note = [_since(group, "at") + self.rules.note] if group.told.get("alerts") != group.alerts else []
        self.held.untold.pop(group.id, None)
        if text or note:
            self.held.untold[group.id] = min(text + note)

    def tell(self, groups: Sequence[str]) -> None:
        """Say in their tickets what joined incidents since."""
        known = self.unit.alerts.these(groups)
        for one in groups:
            if one not in known or known[one].standing is not Standing.INCIDENT:
                self.held.untold.pop(one, None)
        self.unit.alerts.keep_groups([self._told(one) for one in known.values() if one.standing is Standing.INCIDENT])

    def resolve(self, groups: Sequence[str]) -> None:
        """Resolve incidents, and let candidates go, of which nothing fires any more."""
        kept = []
        for group in self.unit.alerts.these(groups).values():
            ticket = self.unit.tickets.ticket(group.ticket) if group.ticket else None
            if ticket is not None and ticket.status.is_open:
                minutes = self.rules.calm.total_seconds() / 60
                why = f"all {group.alerts} alerts ended, and none fired for {minutes:g} minutes"
                self.unit.tickets.change_status(group.ticket, TicketStatus.RESOLVED, ASSISTANT, why, self.now)
                self._audit(group, "resolved", {"ticket": group.ticket})
            kept.append(replace(group, standing=Standing.RESOLVED, changed_at=self.now))
        self.unit.alerts.keep_groups(kept)

    def show(self, groups: Sequence[str]) -> None:
        """Show single critical alerts that hold as candidates."""
        minutes = self.rules.alone.total_seconds() / 60
        why = (f"One critical alert holds for {minutes:g} minutes.",)
        shown = [replace(one, standing=Standing.CANDIDATE, why=why, changed_at=self.now) for one in self.unit.alerts.these(groups).values()]
        self.unit.alerts.keep_groups(shown)

    def _audit(self, group: AlertGroup, decision: str, detail: dict[str, object]) -> None:
        facts = {"group": group.id, "alerts": group.alerts, "devices": group.items, **detail}
        entry = AuditEntry(self.now, ASSISTANT, STEP, decision, confidence=group.confidence, policy=self.policy, detail=facts)
        self.unit.audit.append([entry])


def _end(into: Mapping[str, str], group: str) -> str:
    while group in into:
        group = into[group]
    return group
