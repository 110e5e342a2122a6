"""The table ``[changes]`` of the policy: what may be done about failed checks, how risky that is, who authorises it, when and how carefully."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assistant.domain.window import DAYS, Window
from assistant.governance.compliance_rules import CLOCK, ComplianceRules
from assistant.governance.policy import Policy

TABLE = "changes"


@dataclass(frozen=True, slots=True)
class RemedyRule:
    """What may be done about a check that fails. ``risk`` is the least risk class of a change with it."""

    id: str
    check: str
    does: str
    service: str
    risk: str
    rollback: str = ""


@dataclass(frozen=True, slots=True)
class Risk:
    """A class of risk: up to how many devices, which tool's rule authorises it, and whether it waits for a window."""

    name: str
    devices_at_most: int
    authority: str
    waits: bool = True


@dataclass(frozen=True, slots=True)
class ChangeRules:
    """How changes are opened and carried out."""

    remedies: tuple[RemedyRule, ...] = ()
    risks: tuple[Risk, ...] = ()
    """From the least to the greatest."""
    windows: tuple[Window, ...] = ()
    """A zone of "" is the organisation's."""
    waves: tuple[int, ...] = (1,)
    at_once: int = 1
    settle_minutes: float = 5.0
    stop_above: float = 0.0
    queue: str = "service-desk"
    ask_again_days: float = 7.0
    longest_hours: float = 24.0

    def risk_of(self, remedy: RemedyRule, devices: int) -> Risk:
        """Return the risk of a change: the remedy's own class, or the first greater one that allows so many devices; else the greatest."""
        place = next(n for n, one in enumerate(self.risks) if one.name == remedy.risk)
        return next((one for one in self.risks[place:] if devices <= one.devices_at_most), self.risks[-1])


def rules_of(policy: Policy) -> ChangeRules:
    """Return what a policy says."""
    return cast(ChangeRules, policy.practices[TABLE])


def read(table: Mapping[str, Any]) -> ChangeRules:
    """Return the rules in a table of the policy file.

    Raises:
        TypeError: a value has a wrong form.
        ValueError: there is a key that nobody knows, or the rules contradict themselves.
    """
    scalars = ("waves", "at_once", "settle_minutes", "stop_above", "queue", "ask_again_days", "longest_hours")
    _only(TABLE, table, "remedies", "risks", "windows", *scalars)
    plain = ChangeRules()
    rules = ChangeRules(
        remedies=tuple(_remedy(row) for row in table.get("remedies", ())),
        risks=tuple(_risk(row) for row in table.get("risks", ())),
        windows=tuple(_window(row) for row in table.get("windows", ())),
        waves=tuple(_whole(f"{TABLE}.waves", size) for size in table.get("waves", plain.waves)),
        at_once=_whole(f"{TABLE}.at_once", table.get("at_once", plain.at_once)),
        settle_minutes=_number(f"{TABLE}.settle_minutes", table.get("settle_minutes", plain.settle_minutes)),
        stop_above=_number(f"{TABLE}.stop_above", table.get("stop_above", plain.stop_above)),
        queue=str(table.get("queue", plain.queue)),
        ask_again_days=_number(f"{TABLE}.ask_again_days", table.get("ask_again_days", plain.ask_again_days)),
        longest_hours=_number(f"{TABLE}.longest_hours", table.get("longest_hours", plain.longest_hours)),
    )
    faults = _faults(rules)
    if faults:
        raise ValueError("; ".join(faults))
    return rules


def faults_with(policy: Policy, compliance: ComplianceRules) -> list[str]:
    """Say how the rules contradict the checks, the tools and the chains of the same policy."""
    rules, checks = rules_of(policy), {one.id for one in compliance.checks}
    faults = [f"{TABLE}.remedies {one.id}: there is no check {one.check}" for one in rules.remedies if one.check not in checks]
    for risk in rules.risks:
        rule = policy.tools.get(risk.authority)
        if rule is None or not rule.of_practice:
            faults.append(f"{TABLE}.risks {risk.name}: its authority {risk.authority} is no tool that a practice may begin")
        elif risk.devices_at_most > rule.touches_at_most:
            more = f"allows {risk.devices_at_most} devices, and tools.{risk.authority} only {rule.touches_at_most}"
            faults.append(f"{TABLE}.risks {risk.name}: it {more}")
        elif not rule.chain:
            bare = sorted(one.id for one in rules.remedies if one.risk == risk.name and not one.rollback)
            faults += [f"{TABLE}.remedies {one}: nothing takes it back, and nobody authorises the risk {risk.name}" for one in bare]
    return faults


def _faults(rules: ChangeRules) -> list[str]:
    risks, faults = [one.name for one in rules.risks], []
    faults += [f"{TABLE} names {name} twice" for name in _doubles([one.id for one in rules.remedies]) + _doubles(risks)]
    faults += [f"{TABLE}: {name} has two remedies; which one is to be taken?" for name in _doubles([one.check for one in rules.remedies])]
    for one in rules.remedies:
        if one.risk not in risks:
            faults.append(f"{TABLE}.remedies {one.id}: there is no risk {one.risk}, so nobody could authorise it")
        if one.rollback == one.id:
            faults.append(f"{TABLE}.remedies {one.id}: it cannot take itself back")
    return [*faults, *_care_faults(rules)]


def _care_faults(rules: ChangeRules) -> list[str]:
    faults = []
    sizes = [one.devices_at_most for one in rules.risks]
    if sizes != sorted(sizes):
        faults.append(f"{TABLE}.risks stand from the least to the greatest, so devices_at_most must not fall")
    if not rules.windows and any(one.waits for one in rules.risks):
        faults.append(f"{TABLE}.risks wait for a window, and there is none")
    if not rules.waves or min(rules.waves, default=0) < 1 or rules.at_once < 1:
        faults.append(f"{TABLE}: waves and at_once are whole numbers, 1 or more")
    if not 0 <= rules.stop_above < 1:
        faults.append(f"{TABLE}.stop_above is the share of a wave that may fail, from 0 to less than 1")
    if rules.settle_minutes < 0 or rules.ask_again_days < 0 or not 0 < rules.longest_hours <= 168:
        faults.append(f"{TABLE}: settle_minutes and ask_again_days are 0 or more, longest_hours more than 0 and at most 168")
    return faults


def _remedy(row: Mapping[str, Any]) -> RemedyRule:
    _only(f"{TABLE}.remedies {row.get('id')!r}", row, "id", "check", "does", "service", "risk", "rollback")
    for name in ("id", "check", "does", "service", "risk"):
        if not isinstance(row[name], str) or not row[name].strip():
            raise TypeError(f"{TABLE}.remedies {row.get('id')!r}: {name} says nothing")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", row["id"]):
        raise ValueError(f"{TABLE}.remedies {row['id']!r}: an id has lower-case letters, digits and -, at most 60")
    return RemedyRule(row["id"], row["check"], row["does"], row["service"], row["risk"], str(row.get("rollback", "")))


def _risk(row: Mapping[str, Any]) -> Risk:
    name = f"{TABLE}.risks {row.get('name')!r}"
    _only(name, row, "name", "devices_at_most", "authority", "waits")
    waits = row.get("waits", True)
    if not isinstance(waits, bool):
        raise TypeError(f"{name}: waits is true or false")
    return Risk(str(row["name"]), _whole(f"{name}: devices_at_most", row["devices_at_most"]), str(row["authority"]), waits)


def _window(row: Mapping[str, Any]) -> Window:
    name = f"{TABLE}.windows"
    _only(name, row, "days", "from", "to", "zone")
    days, start, end, zone = tuple(row["days"]), str(row["from"]), str(row["to"]), str(row.get("zone", ""))
    unknown = [day for day in days if day not in DAYS]
    if unknown:
        raise ValueError(f"{name}: {', '.join(map(str, unknown))} is no day; they are {', '.join(DAYS)}")
    if not days or start == end:
        raise ValueError(f"{name}: from {start} to {end} on {', '.join(days) or 'no day'} it never opens")
    if not CLOCK.fullmatch(start) or not CLOCK.fullmatch(end):
        raise ValueError(f"{name}: from {start} to {end}: times are written as 22:00")
    try:
        ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name}: {zone} is no time zone") from None
    return Window(days, start, end, zone)


def _doubles(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if list(names).count(name) > 1})


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise TypeError(f"{name} is {value!r} and has to be a whole number, 1 or more")
    return value


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} is {value!r} and has to be a number")
    return float(value)


def _only(name: str, row: Mapping[str, Any], *known: str) -> None:
    unknown = sorted(set(row) - set(known))
    if unknown:
        raise ValueError(f"{name}: unknown: {', '.join(unknown)}")
