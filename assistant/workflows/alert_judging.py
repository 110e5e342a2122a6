"""What operators do with groups of alerts: confirm, split, merge, dismiss, and take it back. Each is audited, and something is learned from it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import comb
from typing import Any

from assistant.desk.correlation.profile import Profile
from assistant.desk.correlation.reading import signature_of
from assistant.desk.correlation.retuning import evidence
from assistant.domain.alert import Alert, AlertGroup, Judgement, Standing, Verdict
from assistant.domain.audit import AuditEntry
from assistant.domain.ticket import TicketStatus
from assistant.ports.clock import Clock
from assistant.ports.store import Store, UnitOfWork
from assistant.workflows.alert_keeping import Keeping
from assistant.workflows.alerting import Alerting

MOST_ALERTS = 20_000
OPEN = (Standing.SINGLE, Standing.CANDIDATE, Standing.INCIDENT)
KEPT = ("standing", "ticket", "settled", "told", "category", "queue")
Step = Callable[["_Judging"], Judgement]


class CannotJudge(ValueError):
    """That cannot be done with this group any more; the message says why."""


@dataclass(frozen=True, slots=True)
class AlertJudging:
    """Operators' decisions over ready parts. ``by`` is a person's id, or ``operator`` for a command on the host."""

    store: Store
    clock: Clock
    alerting: Alerting

    def confirm(self, group: str, by: str) -> Judgement:
        """Say that a group is one incident: it gets a ticket, if it has none.

        Raises:
            CannotJudge: there is no such open group.
        """
        return self._judged(by, lambda judging: judging.confirm(group))

    def split(self, group: str, alerts: Sequence[str], by: str) -> Judgement:
        """Take some alerts out of a group, into one of their own.

        Raises:
            CannotJudge: there is no such open group, or nothing would be left on one of the two sides.
        """
        return self._judged(by, lambda judging: judging.split(group, frozenset(alerts)))

    def merge(self, group: str, other: str, by: str) -> Judgement:
        """Put the alerts of ``other`` into a group; the other's ticket is closed as a double.

        Raises:
            CannotJudge: one of them is not there or not open, or they are the same.
        """
        return self._judged(by, lambda judging: judging.merge(group, other))

    def dismiss(self, group: str, by: str) -> Judgement:
        """Say that a group is no incident, a false positive; its ticket is closed.

        Raises:
            CannotJudge: there is no such group, or it was dismissed or merged.
        """
        return self._judged(by, lambda judging: judging.dismiss(group))

    def undo(self, judgement: str, by: str) -> Judgement:
        """Take back the last decision about a group.

        Raises:
            CannotJudge: there is no such decision, it was taken back, or something was decided about its groups since.
        """
        return self._judged(by, lambda judging: judging.undo(judgement))

    def _judged(self, by: str, step: Step) -> Judgement:
        now = self.clock.now()
        with self.alerting.resting(), self.store.write() as unit:
            held = self.alerting.as_of(unit)
            unit.alerts.advance(held.revision)
            judging = _Judging(unit, self.alerting.keeping(unit, held), by)
            made = step(judging)
            unit.alerts.judge(made)
            became = "undone" if made.undone_at is not None else made.verdict.value
            detail = {"group": made.group, "other": made.other, "judgement": made.id, "verdict": made.verdict.value, "alerts": len(made.moved)}
            unit.audit.append([AuditEntry(now, by, "judge alerts", became, detail=detail)])
        return made


@dataclass(frozen=True, slots=True)
class _Judging:
    """One decision in one transaction."""

    unit: UnitOfWork
    keeping: Keeping
    by: str

    def _group(self, group: str, standings: Sequence[Standing] = OPEN) -> AlertGroup:
        found = self.unit.alerts.group(group)
        if found is None:
            raise CannotJudge("there is no such group of alerts")
        if found.standing not in standings:
            raise CannotJudge(f"the group is {found.standing.value}")
        return found

    def _made(self, verdict: Verdict, group: AlertGroup, other: str = "", **said: Any) -> Judgement:
        before = {"group": _facts(group), **said.pop("before", {})}
        alone = group.standing is Standing.INCIDENT and not group.settled
        return Judgement(
            f"j_{self.keeping.held.revision:09d}{secrets.token_hex(4)}",
            verdict,
            group.id,
            other,
            self.by,
            self.keeping.now,
            alone=alone,
            before=before,
            **said,
        )

    def confirm(self, group: str) -> Judgement:
        """See ``AlertJudging``."""
        known = self._group(group)
        alerts = self.unit.alerts.alerts_of(group, MOST_ALERTS)
        settled = self.keeping.stand(replace(known, settled=True, changed_at=self.keeping.now), Standing.INCIDENT, alerts)
        self.unit.alerts.keep_groups([settled])
        pairs = comb(len(alerts), 2)
        return self._made(Verdict.CONFIRM, known, pairs_judged=pairs, pairs_kept=pairs, pairs=self._evidence(alerts, ()))

    def split(self, group: str, chosen: frozenset[str]) -> Judgement:
        """See ``AlertJudging``."""
        known = self._group(group)
        alerts = self.unit.alerts.alerts_of(group, MOST_ALERTS)
        out = [one for one in alerts if one.id in chosen]
        stay = [one for one in alerts if one.id not in chosen]
        if not out or not stay:
            raise CannotJudge("choose some of the group's alerts, and not all of them")
        made = f"i_{secrets.token_hex(7)}"
        self.unit.alerts.move([one.id for one in out], made)
        self._rebuild(replace(known, settled=True), stay)
        self._rebuild(AlertGroup(made, Standing.SINGLE, out[0].first_at, out[0].last_at, self.keeping.now, settled=True), out)
        kept, judged = comb(len(out), 2) + comb(len(stay), 2), comb(len(alerts), 2)
        pairs = self._evidence(out, stay)
        return self._made(Verdict.SPLIT, known, made, pairs_judged=judged, pairs_kept=kept, moved=tuple(one.id for one in out), pairs=pairs)

    def merge(self, group: str, other: str) -> Judgement:
        """See ``AlertJudging``."""
        if group == other:
            raise CannotJudge("a group cannot be merged with itself")
        known, gone = self._group(group), self._group(other)
        mine, theirs = self.unit.alerts.alerts_of(group, MOST_ALERTS), self.unit.alerts.alerts_of(other, MOST_ALERTS)
        ticket = known.ticket or gone.ticket
        if gone.ticket and known.ticket:
            self._close(gone.ticket, f"the same incident as {known.ticket}")
        self.unit.alerts.move_all(other, group)
        self.unit.alerts.keep_groups([replace(gone, standing=Standing.MERGED, into=group, firing=0, changed_at=self.keeping.now, profile={})])
        standing = Standing.INCIDENT if ticket else known.standing
        told = known.told if known.ticket else gone.told
        self._rebuild(replace(known, settled=True, ticket=ticket, standing=standing, told=told), [*mine, *theirs])
        moved, before = tuple(one.id for one in theirs), {"other": _facts(gone)}
        return self._made(Verdict.MERGE, known, other, moved=moved, before=before, pairs=self._evidence(mine, theirs, same=True))

    def dismiss(self, group: str) -> Judgement:
        """See ``AlertJudging``."""
        known = self._group(group, (*OPEN, Standing.RESOLVED))
        if known.ticket:
            self._close(known.ticket, "it was no incident")
        self.unit.alerts.keep_groups([replace(known, standing=Standing.DISMISSED, settled=True, changed_at=self.keeping.now)])
        return self._made(Verdict.DISMISS, known)

    def undo(self, judgement: str) -> Judgement:
        """See ``AlertJudging``."""
        made = self.unit.alerts.judgement(judgement)
        if made is None or not made.stands:
            raise CannotJudge("there is no such decision, or it was taken back")
        for group in filter(None, (made.group, made.other)):
            last = [one for one in self.unit.alerts.judgements_of(group) if one.stands][-1]
            if last.id != made.id:
                raise CannotJudge("something was decided about this group since; take that back first")
        if made.verdict is Verdict.SPLIT:
            self._rejoin(made)
        elif made.verdict is Verdict.MERGE:
            self._part(made)
        self._restore(made.group, made.before["group"])
        return replace(made, undone_at=self.keeping.now, undone_by=self.by)

    def _rejoin(self, made: Judgement) -> None:
        out = self._group(made.other, tuple(Standing))
        if out.ticket:
            self._close(out.ticket, "the split was taken back")
        self.unit.alerts.move_all(made.other, made.group)
        gone = replace(out, standing=Standing.MERGED, into=made.group, ticket="", firing=0, profile={}, changed_at=self.keeping.now)
        self.unit.alerts.keep_groups([gone])
        self._rebuild(self._group(made.group, tuple(Standing)), self.unit.alerts.alerts_of(made.group, MOST_ALERTS))

    def _part(self, made: Judgement) -> None:
        self.unit.alerts.move(made.moved, made.other)
        self._rebuild(self._group(made.group, tuple(Standing)), self.unit.alerts.alerts_of(made.group, MOST_ALERTS))
        gone = replace(self._group(made.other, tuple(Standing)), into="", **_of_facts(made.before["other"]))
        self._rebuild(gone, self.unit.alerts.alerts_of(made.other, MOST_ALERTS))
        self._restore(made.other, made.before["other"])

    def _restore(self, group: str, facts: dict[str, Any]) -> None:
        """Let a group stand as it did; its ticket is open again where it was closed, and closed where there was none."""
        known = self._group(group, tuple(Standing))
        if known.ticket and not facts["ticket"]:
            self._close(known.ticket, "the decision that opened it was taken back")
        elif facts["ticket"] and facts["standing"] == Standing.INCIDENT.value:
            ticket = self.unit.tickets.ticket(facts["ticket"])
            if ticket is not None and not ticket.status.is_open:
                self.unit.tickets.change_status(ticket.id, TicketStatus.OPEN, self.by, "the decision that closed it was taken back", self.keeping.now)
        self.unit.alerts.keep_groups([replace(known, changed_at=self.keeping.now, **_of_facts(facts))])

    def _rebuild(self, group: AlertGroup, alerts: Sequence[Alert]) -> None:
        """Count a group anew from its alerts. What was sure of the whole is sure of its parts: people said so."""
        profile = Profile.over(signature_of(one.id, one.report) for one in alerts)
        self.keeping.rebuilt(group, profile, alerts)

    def _close(self, ticket: str, why: str) -> None:
        known = self.unit.tickets.ticket(ticket)
        if known is not None and known.status.is_open:
            self.unit.tickets.change_status(ticket, TicketStatus.CLOSED, self.by, why, self.keeping.now)

    def _evidence(self, one: Sequence[Alert], other: Sequence[Alert], *, same: bool = False) -> tuple[tuple[tuple[float, ...], bool], ...]:
        signed = [[signature_of(alert.id, alert.report) for alert in alerts] for alerts in (one, other)]
        return evidence(signed[0], signed[1], self.keeping.held.correlator, same=same)


def _facts(group: AlertGroup) -> dict[str, Any]:
    return {name: getattr(group, name) for name in KEPT} | {"standing": group.standing.value}


def _of_facts(facts: dict[str, Any]) -> dict[str, Any]:
    return facts | {"standing": Standing(facts["standing"])}
