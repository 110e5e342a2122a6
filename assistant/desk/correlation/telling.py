"""What a group of alerts is called, and why its alerts belong together, in sentences that only state what was counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from assistant.desk.correlation.profile import Profile
from assistant.desk.correlation.scoring import RULES
from assistant.domain.alert import FIELDS, Alert, AlertGroup
from assistant.domain.ticket import TicketBody
from kb.evidence import STOPWORDS

MOST, FEW_SITES = 0.6, 4
DEVICES_SHOWN = 60
CALLED = {"check": "check", "version": "version", "reason": "failure reason", "service": "service", "site": "site", "item": "device"}
SEVERAL = "several checks"
WORDS_LOOKED_AT, WORDS_SAID = 20, 6


def common(profile: Profile, alerts: Iterable[Alert], before: AlertGroup | None) -> dict[str, str]:
    """Return the value of each field that most of a group's alerts with that field share, written as it came; "" where there is none."""
    spelled: dict[tuple[str, str], str] = {}
    for alert in alerts:
        for name in FIELDS:
            value = getattr(alert.report, name)
            spelled.setdefault((name, value.strip().casefold()), value.strip())
    found = {}
    for name in ("check", "version", "reason", "service", "site"):
        value, count = profile.top(name)
        known = getattr(before, name) if before is not None else ""
        as_known = known if known.casefold() == value else value
        found[name] = spelled.get((name, value), as_known) if value and count >= MOST * profile.known[name] else ""
    return found


def title_of(fields: dict[str, str], profile: Profile, items: int) -> str:
    """Return what a group is called: what failed, of what version, where, on how many devices."""
    top, _ = profile.top("check")
    what = fields["check"] or (top and SEVERAL) or fields["service"] or "Alerts"
    version = f" {fields['version']}" if fields["version"] and fields["version"].casefold() not in what.casefold() else ""
    if fields["check"] == "" and fields["service"]:
        what = f"{fields['service']}: {what}" if what != fields["service"] else what
    sites = len(profile.counts["site"])
    where = f" at {fields['site']}" if fields["site"] and sites == 1 else f" at {sites} sites" if sites > 1 else ""
    only = profile.top("item")[0] if items == 1 else ""
    how_many = f", {items} devices" if items > 1 else f", {only}" if only else ""
    title = f"{what}{version}{where}{how_many}"[:200]
    return f"{title[:1].upper()}{title[1:]}"


def subject_of(group: AlertGroup) -> str:
    """Return the subject of an incident's ticket: what the group is called, without the number of devices, which goes on growing."""
    return group.title.removesuffix(f", {group.items} devices")


def reasons_for(fields: dict[str, str], profile: Profile, zone: str) -> tuple[str, ...]:
    """Return why the alerts belong together, as sentences with counts; what spoke most for it comes first."""
    size = profile.size
    if size < 2:
        return ()
    spoke = dict(zip((rule.name for rule in RULES), profile.evidence, strict=False))
    said: list[tuple[float, str]] = []
    for name in ("check", "version", "reason", "site", "service"):
        if fields[name] and profile.known[name] > 1:
            count, known = profile.top(name)[1], profile.known[name]
            rest = f", {size - known} do not say" if known < size else ""
            said.append((spoke.get(f"same {name}", 0.0), f"{count} of {size} alerts have the {CALLED[name]} “{fields[name]}”{rest}."))
    said += _other_reasons(spoke, profile)
    said.sort(key=lambda pair: -pair[0])
    return (*(sentence for _, sentence in said), f"All of them came {_span(profile, zone)}.")


def _other_reasons(spoke: dict[str, float], profile: Profile) -> list[tuple[float, str]]:
    said = []
    if spoke.get("named by the other", 0.0) > 0:
        said.append((spoke["named by the other"], "Some name the device or the service of others in their text."))
    named = profile.names[profile.name]
    if spoke.get("same rare name", 0.0) > 0 and named > 1:
        said.append((spoke["same rare name"], f"{named} of {profile.size} alerts name “{profile.name}”, which few others do."))
    if spoke.get("same words", 0.0) > 0 and profile.worded > 1:
        often = (word for word, count in profile.words.most_common(WORDS_LOOKED_AT) if count >= MOST * profile.worded)
        shared = [word for word in often if word not in STOPWORDS][:WORDS_SAID]
        if shared:
            said.append((spoke["same words"], f"Their texts share the words {', '.join(f'“{word}”' for word in shared)}."))
    device, count = profile.top("item")
    if count > 1:
        said.append((spoke.get("same device", 0.0), f"{count} of {profile.size} alerts come from the device “{device}”."))
    return said


def _span(profile: Profile, zone: str) -> str:
    first, last = (datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(zone)) for moment in (profile.first, profile.last))
    minutes = (profile.last - profile.first) / 60
    how_long = "one minute" if minutes < 1.5 else f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"
    return f"within {how_long}, from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}"


def strongest(profile: Profile) -> list[tuple[str, float]]:
    """Return what spoke for and against, by rule: the mean in log odds of the alerts that joined, the strongest first."""
    if not profile.joined:
        return []
    means = [(rule.name, total / profile.joined) for rule, total in zip(RULES, profile.evidence, strict=False) if rule.name != "base"]
    return sorted(((name, mean) for name, mean in means if abs(mean) >= 0.05), key=lambda pair: -abs(pair[1]))


def body_of(group: AlertGroup, devices: Sequence[str], zone: str) -> TicketBody:
    """Return an incident as a ticket's body: what, which devices, since when, and why these belong together."""
    first, last = (moment.astimezone(ZoneInfo(zone)) for moment in (group.first_at, group.last_at))
    listed = ", ".join(devices[:DEVICES_SHOWN]) + (f" and {group.items - DEVICES_SHOWN} more" if group.items > DEVICES_SHOWN else "")
    facts = [
        ("Devices", listed or "none named"),
        ("Check", group.check or SEVERAL),
        ("Version", group.version),
        ("Failure reason", group.reason),
        ("Service", group.service),
        ("Site", group.site),
        ("First alert", f"{first:%Y-%m-%d %H:%M}"),
        ("Last alert", f"{last:%Y-%m-%d %H:%M}"),
        ("Alerts", f"{group.alerts}, of which {group.firing} still fire"),
        ("Severity", group.severity.value),
        ("Why these belong together", " ".join(group.why)),
        ("Incident in Firstline", group.id),
    ]
    summary = f"{group.title}. Monitoring reported {group.alerts} alerts that seem to have one cause."
    device = devices[0] if len(devices) == 1 else ""
    return TicketBody(summary, device=device, facts=tuple((name, value) for name, value in facts if value))


def note_of(before: tuple[int, int], group: AlertGroup) -> str:
    """Return what is noted about alerts that joined since the ticket last said how many there are."""
    alerts, items = group.alerts - before[0], group.items - before[1]
    new_devices = f", {items} {'device' if items == 1 else 'devices'} more" if items > 0 else ""
    return f"{alerts} {'alert' if alerts == 1 else 'alerts'} joined{new_devices}: {group.alerts} in all, {group.firing} still fire."
