"""Keeps no longer than the settings say, and erases people: everywhere, in steps that can be broken off and gone on with."""

from __future__ import annotations

import contextlib
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.exc import OperationalError

from assistant.adapters.store.erasure import Erasure, SqlErasures, digest_of, known_as
from assistant.adapters.store.retention import STORED, SqlRetention, empty_log, wipe_free_space
from assistant.bootstrap import Assistant
from assistant.domain.audit import AuditEntry
from assistant.governance.retention import Kind, Periods
from kb.adapters.store.engine import reading, writing

log = logging.getLogger("firstline.privacy")
WIPE_TRIES = 20
WIPE_PAUSE_SECONDS = 1.0
MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure came to: numbers by kind, and what other systems still hold."""

    counts: dict[str, int]
    elsewhere: tuple[str, ...]
    wiped: bool
    """Whether nothing is left in the free space of the database's files; if not, the running service or the same call again sees to it."""


def periods_of(assistant: Assistant) -> Periods:
    """Return how long each kind is kept."""
    settings = assistant.settings
    return Periods(
        {
            Kind.CONVERSATIONS: settings.retain_conversations_days,
            Kind.TICKETS: settings.retain_tickets_days,
            Kind.INTENTS: settings.retain_intents_days,
            Kind.FEEDBACK: settings.retain_intents_days,
            Kind.ACTIONS: settings.retain_actions_days,
            Kind.ERRANDS: settings.retain_actions_days,
            Kind.REPORTS: settings.retain_alerts_days,
            Kind.ALERTS: settings.retain_alerts_days,
            Kind.CHANGES: settings.retain_changes_days,
            Kind.FINDINGS: settings.retain_changes_days,
            Kind.NOTICES: settings.retain_notices_days,
        }
    )


# -- retention ----------------------------------------------------------------------------------------------------------


def expired(assistant: Assistant) -> dict[Kind, int]:
    """Return how many records of each kind are past their time; nothing is deleted."""
    now, periods = assistant.clock.now(), periods_of(assistant)
    with reading(assistant.store.engine) as connection:
        rows = SqlRetention(connection)
        counts = {kind: rows.count(kind, periods.cutoff(kind, now)) for kind in STORED}
    return counts | {Kind.NOTICES: len(_old_notices(assistant, periods.cutoff(Kind.NOTICES, now)))}


def retain(assistant: Assistant) -> dict[Kind, int]:
    """Delete what is past its time, a batch in each transaction; return how much of each kind that was. Killed in between, call it again."""
    now, periods = assistant.clock.now(), periods_of(assistant)
    counts = dict.fromkeys(Kind, 0)
    for kind in STORED:
        cutoff = periods.cutoff(kind, now)
        while True:
            with writing(assistant.store.engine) as connection:
                deleted = SqlRetention(connection).delete_batch(kind, cutoff)
            counts[kind] += deleted
            if not deleted:
                break
    counts[Kind.NOTICES] = _delete(_old_notices(assistant, periods.cutoff(Kind.NOTICES, now)))
    _note_pass(assistant, counts, now, periods)
    empty_log(assistant.store.engine)
    return counts


def retain_daily(assistant: Assistant) -> dict[Kind, int] | None:
    """Go on with erasures that were broken off, and apply retention if that was not done today; return what that deleted, or None.

    What lives in memory only is looked at every time.
    """
    resume_erasures(assistant)
    _forget_in_memory(assistant)
    with reading(assistant.store.engine) as connection:
        if SqlRetention(connection).passed(_today(assistant, assistant.clock.now())) is not None:
            return None
    return retain(assistant)


def _forget_in_memory(assistant: Assistant) -> None:
    if assistant.store.memory is not None:
        with reading(assistant.store.engine) as connection:
            digests = SqlErasures(connection).digests()
        before = assistant.clock.now() - timedelta(hours=assistant.settings.memory_hours)
        assistant.store.memory.forget(before, lambda person: digest_of(assistant.secret, person) in digests)


def _note_pass(assistant: Assistant, counts: dict[Kind, int], now: datetime, periods: Periods) -> None:
    named = {kind.value: number for kind, number in counts.items() if number}
    with writing(assistant.store.engine) as connection:
        rows = SqlRetention(connection)
        rows.forget_deliveries(periods.cutoff(Kind.ERRANDS, now))
        rows.forget_review_words(periods.cutoff(Kind.INTENTS, now))
        rows.forget_drafts(periods.cutoff(Kind.INTENTS, now))
        rows.forget_cases(periods.cutoff(Kind.ACTIONS, now))
        rows.note_pass(_today(assistant, now), now, named)
    if named:
        with assistant.store.write() as unit:
            unit.audit.append([AuditEntry(now, "firstline", "retain", "deleted", detail={"counts": named})])


def _today(assistant: Assistant, now: datetime) -> str:
    return now.astimezone(ZoneInfo(assistant.workplace.company().timezone)).date().isoformat()


def _old_notices(assistant: Assistant, before: datetime) -> list[Path]:
    return [path for path in _notices(assistant) if path.stat().st_mtime < before.timestamp()]


def _notices(assistant: Assistant) -> list[Path]:
    return sorted(path for path in (assistant.settings.home / MAIL).glob("*") if path.is_file())


def _delete(paths: list[Path]) -> int:
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths)


# -- erasure ------------------------------------------------------------------------------------------------------------


def erase(assistant: Assistant, person_id: str) -> Erased:
    """Erase a person everywhere and remember a digest of their id, so that a people file does not bring them back.

    The audit keeps its records under an alias that leads to nobody. Other systems are not touched: what they hold is returned in words.
    Broken off at any point, the same call goes on where it was; so does a running service.
    """
    person, now = assistant.directory.person(person_id), assistant.clock.now()
    names = [*((person.email, person.recovery, person.name) if person else ()), *_names_in_cases(assistant, person_id)]
    fresh = Erasure(digest_of(assistant.secret, person_id), person_id, known_as([name for name in names if name]), now)
    with writing(assistant.store.engine) as connection:
        begun = SqlErasures(connection).begin(fresh)
    return _work(assistant, begun)


def _names_in_cases(assistant: Assistant, person_id: str) -> list[str]:
    """Return what HR called somebody who joined or left, whom the directory may know no more, or not yet."""
    with assistant.store.read() as unit:
        known = [case.who for case in unit.joiners.of_person(person_id)]
    return [name for who in known for name in (who.name, who.email, who.private)]


def resume_erasures(assistant: Assistant) -> int:
    """Finish the erasures that were broken off; return how many those were."""
    with reading(assistant.store.engine) as connection:
        waiting = SqlErasures(connection).unfinished()
    for erasure in waiting:
        _work(assistant, erasure)
    return len(waiting)


def unfinished_erasures(assistant: Assistant) -> int:
    """Return how many erasures were begun and are not done."""
    with reading(assistant.store.engine) as connection:
        return len(SqlErasures(connection).unfinished())


def readmit(assistant: Assistant, person_id: str) -> bool:
    """Let a people file bring somebody back who was erased; return whether they were."""
    with writing(assistant.store.engine) as connection:
        return SqlErasures(connection).readmit(digest_of(assistant.secret, person_id))


def _work(assistant: Assistant, erasure: Erasure) -> Erased:
    notices = 0
    if erasure.person:
        notices = _delete([path for path in _notices(assistant) if _names(path, erasure)])
        _erase_rows(assistant, erasure)
    with reading(assistant.store.engine) as connection:
        kept = SqlErasures(connection).load(erasure.digest) or erasure
    wiped = _wipe(assistant)
    if wiped:
        with writing(assistant.store.engine) as connection:
            SqlErasures(connection).finish(erasure.digest, assistant.clock.now())
    return Erased((kept.counts or {}) | ({Kind.NOTICES.value: notices} if notices else {}), kept.elsewhere, wiped)


def _erase_rows(assistant: Assistant, erasure: Erasure) -> None:
    while True:
        with writing(assistant.store.engine) as connection:
            done = SqlErasures(connection).work(erasure)
        if not done:
            break
    with assistant.store.write() as unit:
        unit.audit.forget(erasure.person, assistant.clock.now())
    with writing(assistant.store.engine) as connection:
        SqlErasures(connection).forget_whom(erasure.digest)


def _names(path: Path, erasure: Erasure) -> bool:
    with contextlib.suppress(OSError):
        text = path.read_bytes().decode("utf-8", "replace").lower()
        return any(word.lower() in text for word in (*erasure.known_as, erasure.person))
    return False


def _wipe(assistant: Assistant) -> bool:
    for _ in range(WIPE_TRIES):
        try:
            wipe_free_space(assistant.store.engine)
        except OperationalError:
            log.info("the database is busy; its free space is wiped in a moment")
        else:
            if empty_log(assistant.store.engine):
                return True
        time.sleep(WIPE_PAUSE_SECONDS)
    return False
