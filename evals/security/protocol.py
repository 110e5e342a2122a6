"""Plays protocol rows against a running service: who gets in, as whom, what is refused, and whether the refusal is on record."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

from evals.security.outcome import Outcome, Verdict
from evals.security.plays import PLAYS
from evals.security.served import Served
from evals.security.stage import NotApplicable, NotUnderstood, Play, Stage
from evals.security.wire import Closed

RECORDED_SECONDS = 3.0
BLOCKED_MS = 100.0
SURFACES = {"protocol_slack_http": "no Slack surface"}
LOOKED = frozenset({"outside_looks", "outside_cursors", "outbox"})
"""Where the service notes that it asked the desk, whatever anybody does."""
GROWS = frozenset({"conversations", "episodes", "messages", "events", "intents", "unresolved_intents"})
"""What one's own messages may add to, until their limit."""


def run(rows: Sequence[dict[str, Any]], served: Served, note: Callable[[str], None]) -> list[Outcome]:
    """Play every row whose kind begins with ``protocol``; after each the service must be healthy and nothing may have changed.

    Two more outcomes are about the whole run: no token in the log or the audit, and an event loop never blocked for
    more than 100 ms.
    """
    stage, outcomes, began = Stage(served), [], time.monotonic()
    for row in rows:
        if str(row.get("kind", "")).startswith("protocol"):
            outcomes.append(_row(row, stage))
            if outcomes[-1].verdict is not Verdict.PASSED:
                note(outcomes[-1].line())
    leaks = served.leaks()
    outcomes.append(_whole("tokens in clear", not leaks, "none", ", ".join(leaks) or "none", len(served.minted)))
    outcomes.append(loop_outcome(served, began))
    return outcomes


def loop_outcome(served: Served, began: float) -> Outcome:
    """Return whether the event loop was ever blocked for more than 100 ms since a monotonic moment."""
    late, blocked = served.lateness_since(began)
    return _whole("event loop", blocked <= BLOCKED_MS, f"<= {BLOCKED_MS:g} ms", f"blocked {blocked:.0f} ms, late on the clock {late:.0f} ms")


def _whole(kind: str, good: bool, expected: str, observed: str, tries: int = 1) -> Outcome:
    return Outcome("the whole run", kind, Verdict.PASSED if good else Verdict.FAILED, expected, observed, tries=tries)


def _row(row: dict[str, Any], stage: Stage) -> Outcome:
    key, kind, wanted = str(row["id"]), str(row["kind"]), [int(code) for code in row["expected"]["status_or_close_code_in"]]
    expected = " or ".join(map(str, wanted))
    if kind not in PLAYS:
        return Outcome(key, kind, Verdict.NOT_APPLICABLE, expected, why=SURFACES.get(kind, "no such surface"), tries=0)
    before, recorded = stage.served.state(), stage.served.refusals()
    try:
        play = PLAYS[kind](stage, str(row["payload"]))
    except NotUnderstood as reason:
        return Outcome(key, kind, Verdict.NOT_UNDERSTOOD, expected, why=str(reason), tries=0)
    except NotApplicable as reason:
        return Outcome(key, kind, Verdict.NOT_APPLICABLE, expected, why=str(reason), tries=0)
    except (Closed, OSError) as error:
        play = Play((0,), (f"the connection broke: {type(error).__name__} {error}",))
    faults = [*play.faults, *_faults(row, play, wanted, before, recorded, stage.served)]
    verdict = Verdict.FAILED if faults else Verdict.PASSED
    return Outcome(key, kind, verdict, expected, ", ".join(map(str, play.observed)), "; ".join(faults), max(1, len(play.observed)))


def _faults(row: dict[str, Any], play: Play, wanted: list[int], before: dict[str, int], recorded: int, served: Served) -> list[str]:
    faults = [f"observed {code}" for code in play.observed if code not in wanted]
    changed = {name for name, count in served.state().items() if count != before[name]} - LOOKED
    if play.own:
        changed -= GROWS
    if row["expected"].get("no_state_change_unless_2xx") and changed and (play.own or not any(200 <= code < 300 for code in play.observed)):
        faults.append(f"changed {', '.join(sorted(changed))}")
    if row["expected"].get("security_event_logged") and play.refused and not _recorded(served, recorded):
        faults.append("the refusal is not in the audit")
    return faults + ([] if served.healthy() else ["the service is not healthy after it"])


def _recorded(served: Served, before: int) -> bool:
    """Say whether the audit counts more refusals than before, within three seconds."""
    end = time.monotonic() + RECORDED_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(KeyError):
            if served.refusals() > before:
                return True
        time.sleep(0.1)
    return False
