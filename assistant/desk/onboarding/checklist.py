"""Checklists of joiners and leavers: what a YAML file may say, and what is refused with a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from string import Formatter
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import yaml

from assistant.desk.onboarding.calendar import DAYS, WorkCalendar
from assistant.domain.onboarding import CaseKind, Document, PlannedStep, StepKind
from kb.model import Platform

K = StepKind
OF_JOINERS = frozenset({K.LAPTOP, K.ACCOUNT, K.GROUPS, K.POLICIES, K.NOTIFY, K.READINESS, K.TASK})
OF_LEAVERS = frozenset({K.ACCESS, K.DISABLE, K.RETURN, K.HANDOVER, K.NOTIFY, K.TASK})
FILE_KEYS = ("checklist", "title", "workdays", "holidays", "zones", "steps")
STEP_KEYS = ("id", "title", "kind", "when", "hour", "needs", "owner", "approval", "late_after", "escalate_to", "only")
OWN_KEYS: Mapping[StepKind, tuple[str, ...]] = {
    K.LAPTOP: ("platform",),
    K.GROUPS: ("groups",),
    K.POLICIES: ("documents",),
    K.NOTIFY: ("to", "text"),
    K.TASK: ("text", "queue"),
    K.RETURN: ("text", "queue"),
}
CONDITIONS = ("department", "location", "title")
LEAVING = "leaving"
WORDS = frozenset({"name", "person", "email", "manager", "first_day", "last_day", "title", "department", "location", "laptop"})
"""What a text may have in braces."""
MOST_STEPS, MOST_DAYS, MOST_TEXT = 60, 120, 2_000
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
LATE = re.compile(r"(\d{1,3})(m|h|d)")


class ChecklistError(ValueError):
    """A checklist cannot be used; the message says why, one sentence for each fault."""


@dataclass(frozen=True, slots=True)
class Checklist:
    """A checklist. ``version`` is a digest of its text."""

    kind: CaseKind
    title: str
    version: str
    calendar: WorkCalendar
    steps: tuple[PlannedStep, ...]

    def groups(self) -> frozenset[str]:
        """Return every group that it gives."""
        return frozenset(group for step in self.steps for group in step.groups)

    def named_groups(self) -> frozenset[str]:
        """Return every group whose members own a step, are told of one, or hear that it is late."""
        named = {who for step in self.steps for who in (step.owner, step.escalate_to, *step.to)}
        return frozenset(who.partition(":")[2] for who in named if who.startswith("group:"))

    def people(self) -> frozenset[str]:
        """Return the ids of the people whom it names."""
        named = {who for step in self.steps for who in (step.owner, step.escalate_to, *step.to)}
        return frozenset(who.partition(":")[2] for who in named if who.startswith("person:"))


def read_checklist(text: str, name: str) -> Checklist:
    """Return the checklist in a YAML text; ``name`` says in errors where it stands.

    Raises:
        ChecklistError: it is no YAML, has keys that are none, steps that need one another in a circle or could never run, or contradicts itself.
    """
    try:
        rows = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ChecklistError(f"{name} is no YAML: {' '.join(str(error).split())[:300]}") from None
    if not isinstance(rows, dict):
        raise ChecklistError(f"{name} is no checklist: it has to begin with keys such as checklist and steps")
    faults: list[str] = []
    kind = _kind(rows, faults)
    calendar = _calendar(rows, faults)
    steps = _steps(rows, kind, faults)
    if not faults:
        faults += _contradictions(steps, kind)
    if faults:
        raise ChecklistError("\n".join(f"{name}: {fault}" for fault in faults))
    return Checklist(kind, str(rows.get("title") or kind.value), sha256(text.encode()).hexdigest()[:16], calendar, tuple(steps))


def unknown_names(checklist: Checklist, groups: frozenset[str], people: frozenset[str]) -> list[str]:
    """Return a sentence for every group and person that a checklist names and the directory does not know."""
    found = [f"the group {group} is given, and the directory has no such group" for group in sorted(checklist.groups() - groups)]
    found += [f"the group {group} is named, and the directory has no such group" for group in sorted(checklist.named_groups() - groups)]
    return found + [f"{person} is named, and the directory knows nobody of this id" for person in sorted(checklist.people() - people)]


# -- the file -----------------------------------------------------------------------------------------------------------


def _kind(rows: Mapping[str, Any], faults: list[str]) -> CaseKind:
    faults += [f"{key} is no key of a checklist; there are {', '.join(FILE_KEYS)}" for key in rows if key not in FILE_KEYS]
    said = rows.get("checklist")
    if said not in list(CaseKind):
        faults.append(f"checklist is {said!r} and has to be join or leave")
        return CaseKind.JOIN
    return CaseKind(said)


def _calendar(rows: Mapping[str, Any], faults: list[str]) -> WorkCalendar:
    workdays = rows.get("workdays", list(DAYS[:5]))
    if not isinstance(workdays, list) or not workdays or any(day not in DAYS for day in workdays):
        faults.append("workdays has to be a list of days such as monday")
        workdays = list(DAYS[:5])
    holidays = rows.get("holidays", [])
    if not isinstance(holidays, list) or not all(type(day) is date for day in holidays):
        faults.append("holidays has to be a list of days such as 2026-12-25")
        holidays = []
    zones = rows.get("zones", {})
    if not isinstance(zones, dict) or not all(isinstance(place, str) and _is_zone(zone) for place, zone in zones.items()):
        faults.append("zones has to name a time zone such as Europe/Stockholm for each location")
        zones = {}
    return WorkCalendar(frozenset(DAYS.index(day) for day in workdays), frozenset(holidays), zones)


def _is_zone(name: Any) -> bool:
    try:
        return isinstance(name, str) and bool(name) and ZoneInfo(name) is not None
    except (ValueError, OSError, LookupError):
        return False


def _steps(rows: Mapping[str, Any], kind: CaseKind, faults: list[str]) -> list[PlannedStep]:
    said = rows.get("steps")
    if not isinstance(said, list) or not said or not all(isinstance(row, dict) for row in said):
        faults.append("steps has to be a list of steps, each with id, title and kind")
        return []
    if len(said) > MOST_STEPS:
        faults.append(f"there are {len(said)} steps, and at most {MOST_STEPS} are taken")
    made = [step for row in said if (step := _step(row, kind, faults)) is not None]
    ids = [step.id for step in made]
    faults += [f"two steps are called {one}" for one in sorted({one for one in ids if ids.count(one) > 1})]
    return made


def _step(row: Mapping[Any, Any], kind: CaseKind, faults: list[str]) -> PlannedStep | None:
    name = row.get("id")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        faults.append(f"{name!r} is no id of a step: small letters, digits and hyphens, such as laptop")
        return None
    allowed = OF_JOINERS if kind is CaseKind.JOIN else OF_LEAVERS
    if row.get("kind") not in [one.value for one in allowed]:
        faults.append(f"step {name}: kind is {row.get('kind')!r}, and a checklist for {kind} has {', '.join(sorted(allowed))}")
        return None
    what = StepKind(row["kind"])
    keys = (*STEP_KEYS, *OWN_KEYS.get(what, ()))
    found = [f"{key} is no key of a step of kind {what}; there are {', '.join(keys)}" for key in row if key not in keys]
    step = _read(row, name, what, kind, found)
    faults += [f"step {name}: {fault}" for fault in found]
    return step


def _read(row: Mapping[Any, Any], name: str, what: StepKind, kind: CaseKind, faults: list[str]) -> PlannedStep:
    days, leaving = _when(row.get("when", 0), kind, faults)
    late_days, late_minutes = _late(row.get("late_after", 0), faults)
    hour = row.get("hour", 8)
    if type(hour) is not int or not 0 <= hour <= 23:
        faults.append(f"hour is {hour!r} and has to be 0 to 23")
        hour = 8
    if leaving and "hour" in row:
        faults.append("hour says nothing where when is leaving: the moment itself counts")
    if row.get("approval") != ("manager" if what is K.GROUPS else None):
        faults.append("approval: manager has to stand at a step that gives groups" if what is K.GROUPS else "only a step of kind groups is approved")
    if row.get("escalate_to") and not (late_days or late_minutes):
        faults.append("escalate_to is never told of it, because late_after is missing")
    return PlannedStep(
        id=name,
        title=_words(row, "title", faults, most=120),
        kind=what,
        days=days,
        hour=hour,
        leaving=leaving,
        needs=_names(row, "needs", faults),
        owner=_whom(row.get("owner"), "owner", faults),
        late_days=late_days,
        late_minutes=late_minutes,
        escalate_to=_whom(row["escalate_to"], "escalate_to", faults) if row.get("escalate_to") else "",
        only=_only(row.get("only", {}), faults),
        **_own(row, what, faults),
    )


def _own(row: Mapping[Any, Any], what: StepKind, faults: list[str]) -> dict[str, Any]:
    read: dict[str, Callable[[], Any]] = {
        "groups": lambda: _names(row, "groups", faults, least=1),
        "platform": lambda: _platform(row, faults),
        "documents": lambda: _documents(row, faults),
        "to": lambda: tuple(_whom(one, "to", faults) for one in _names(row, "to", faults, least=1)),
        "text": lambda: _text(row, faults),
        "queue": lambda: _words(row, "queue", faults, most=40, required=False),
    }
    return {key: read[key]() for key in OWN_KEYS.get(what, ())}


def _when(said: Any, kind: CaseKind, faults: list[str]) -> tuple[int, bool]:
    if said == LEAVING and kind is CaseKind.LEAVE:
        return 0, True
    if type(said) is not int or abs(said) > MOST_DAYS:
        ways = "working days after the last day, or leaving" if kind is CaseKind.LEAVE else "working days after the first day, such as -10"
        faults.append(f"when is {said!r} and has to be {ways}")
        return 0, False
    return said, False


def _late(said: Any, faults: list[str]) -> tuple[int, int]:
    found = LATE.fullmatch(said) if isinstance(said, str) else None
    if type(said) is int and 0 <= said <= MOST_DAYS:
        return said, 0
    if found is None:
        faults.append(f"late_after is {said!r} and has to be working days such as 2, or minutes or hours such as 30m or 4h")
        return 0, 0
    number = int(found[1])
    return (number, 0) if found[2] == "d" else (0, number * (60 if found[2] == "h" else 1))


def _words(row: Mapping[Any, Any], key: str, faults: list[str], most: int, required: bool = True) -> str:
    value = row.get(key, "")
    if not isinstance(value, str) or (required and not value.strip()) or len(value) > most:
        faults.append(f"{key} has to be a text of at most {most} characters")
        return ""
    return value.strip()


def _text(row: Mapping[Any, Any], faults: list[str]) -> str:
    text = _words(row, "text", faults, MOST_TEXT)
    try:
        used = {name for _, name, form, how in Formatter().parse(text) if name is not None and not (form or how)}
        odd = sorted(used - WORDS)
        plain = len(used) == len({name for _, name, _, _ in Formatter().parse(text) if name is not None})
    except ValueError:
        odd, plain = [], False
    if odd or not plain:
        faults.append(f"text has {', '.join(odd) or 'braces'} that it may not have; there are {', '.join(f'{{{one}}}' for one in sorted(WORDS))}")
    return text


def _names(row: Mapping[Any, Any], key: str, faults: list[str], least: int = 0) -> tuple[str, ...]:
    value = row.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value) or len(value) < least:
        faults.append(f"{key} has to be a list of names{' with at least one in it' if least else ''}")
        return ()
    faults += [f"{key} names {one} twice" for one in sorted({one for one in value if value.count(one) > 1})]
    return tuple(value)


def _whom(said: Any, key: str, faults: list[str]) -> str:
    kind, _, name = said.partition(":") if isinstance(said, str) else ("", "", "")
    if kind in ("manager", "joiner") and not name:
        return kind
    if kind in ("group", "person") and name:
        return f"{kind}:{name}"
    faults.append(f"{key} is {said!r} and has to be manager, joiner, group:NAME or person:ID")
    return "manager"


def _only(said: Any, faults: list[str]) -> dict[str, tuple[str, ...]]:
    if not isinstance(said, dict):
        faults.append("only has to name department, location or title, each with a list")
        return {}
    faults += [f"only has {key}, and it may have {', '.join(CONDITIONS)}" for key in said if key not in CONDITIONS]
    found = {key: _names(said, key, faults) for key in CONDITIONS if key in said}
    faults += [f"it can never run: only names no {key}" for key, values in found.items() if not values]
    return found


def _platform(row: Mapping[Any, Any], faults: list[str]) -> str:
    said = row.get("platform", "")
    if said and said not in list(Platform):
        faults.append(f"platform is {said!r} and has to be one of {', '.join(Platform)}")
        return ""
    return str(said)


def _documents(row: Mapping[Any, Any], faults: list[str]) -> tuple[Document, ...]:
    said = row.get("documents")
    if not isinstance(said, list) or not said or not all(isinstance(one, dict) and set(one) == {"title", "url"} for one in said):
        faults.append("documents has to be a list, each with title and url")
        return ()
    found = tuple(Document(str(one["title"]), str(one["url"])) for one in said)
    faults += [f"the document {one.title} has to be at https://" for one in found if urlsplit(one.url).scheme != "https"]
    return found


# -- what does not go together ------------------------------------------------------------------------------------------


def _contradictions(steps: list[PlannedStep], kind: CaseKind) -> list[str]:
    known = {step.id: step for step in steps}
    faults = [f"step {step.id} needs {one}, and there is no such step" for step in steps for one in step.needs if one not in known]
    if faults:
        return faults
    circle = _circle(known)
    if circle:
        return [f"the steps {' -> '.join(circle)} need one another in a circle, so none of them can ever run"]
    for step in steps:
        for other in (known[one] for one in step.needs):
            faults += _does_not_follow(step, other)
    return faults + (_of_joiners(known) if kind is CaseKind.JOIN else _of_leavers(steps))


def _circle(known: Mapping[str, PlannedStep]) -> list[str]:
    done: set[str] = set()

    def walk(step: str, path: list[str]) -> list[str]:
        if step in path:
            return [*path[path.index(step) :], step]
        if step in done:
            return []
        found = next((circle for one in known[step].needs if (circle := walk(one, [*path, step]))), [])
        done.add(step)
        return found

    return next((circle for step in known if (circle := walk(step, []))), [])


def _does_not_follow(step: PlannedStep, other: PlannedStep) -> list[str]:
    faults = []
    if not step.leaving and not other.leaving and (other.days, other.hour) > (step.days, step.hour):
        faults.append(f"step {step.id} is due before {other.id}, which it needs")
    if other.leaving and not step.leaving and step.days < 0:
        faults.append(f"step {step.id} is due before {other.id}, which it needs")
    for key, values in step.only.items():
        if key in other.only and not set(values) & set(other.only[key]):
            faults.append(f"step {step.id} needs {other.id}, and no case has both: they name no {key} in common")
    return faults


def _of_joiners(known: Mapping[str, PlannedStep]) -> list[str]:
    accounts = [step for step in known.values() if step.kind is K.ACCOUNT]
    faults = ["there are two steps that open the account"] if len(accounts) > 1 else []
    for step in known.values():
        if step.kind is K.GROUPS and not any(one.id in _behind(step, known) for one in accounts):
            faults.append(f"step {step.id} can never run: it gives groups, and does not need the step that opens the account")
        if step.kind is K.READINESS and step.days < 0:
            faults.append(f"step {step.id} looks at the first day and is due before it")
    twice = [step.id for step in known.values() if step.kind is K.READINESS]
    return faults + ([f"there are several looks at the first day: {', '.join(twice)}"] if len(twice) > 1 else [])


def _of_leavers(steps: Iterable[PlannedStep]) -> list[str]:
    return [
        f"step {step.id} takes access away and is not due at the moment of leaving: when has to be leaving"
        for step in steps
        if step.kind in (K.ACCESS, K.DISABLE) and not step.leaving
    ] + [
        f"step {step.id} waits for {step.needs[0]}: access ends at the moment of leaving, whatever else is open"
        for step in steps
        if step.kind in (K.ACCESS, K.DISABLE) and step.needs
    ]


def _behind(step: PlannedStep, known: Mapping[str, PlannedStep]) -> frozenset[str]:
    """Return the ids of everything that a step needs, and what that needs."""
    found: set[str] = set()
    waiting = list(step.needs)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += known[one].needs
    return frozenset(found)
