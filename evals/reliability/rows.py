"""Rows that say what goes wrong where: ``faults.jsonl``, each played once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.reliability.play import Fault, playing
from evals.reliability.remote import Remote, serving
from evals.security.outcome import Outcome, Verdict

FLOWS = {
    "file_ticket": ("file", "file", "tickets", "desk.file"),
    "close_ticket": ("close", "do", "status", "desk.status"),
    "reset_password_self": ("reset", "code", "reset", "action.run"),
    "grant_access_after_approval": ("grant", "vote", "grant", "action.run"),
    "notify": ("notify", "do", "mail", "notice"),
}
"""A row's flow: ours, the order that decides it, the call that makes its effect, and the kind of outbox entry that makes the call."""
POINTS = {
    "before_inbound_commit": "write:1",
    "inside_intent_tx": "write:2",
    "before_http": "call:before@{kind}",
    "after_http_before_record": "call:after@{kind}",
    "after_record_before_notify": "end:after@{kind}",
}
MODES = {
    "429_retry_after_2": "429",
    "500_before_commit": "500_before_commit",
    "503_maintenance_html": "503_html",
    "timeout_after_commit": "timeout_after_commit",
    "late_commit_after_client_timeout": "late_commit",
    "200_with_error_body": "200_error_body",
    "dns_failure": "unreachable",
}


def fault_of(row: Mapping[str, Any]) -> tuple[str, Fault] | None:
    """Return our flow and the fault of a row; None for a flow, point or mode that is not known.

    Notices to a chat are played with notices by mail: there is no chat to send them to yet.
    """
    name = str(row.get("flow", ""))
    flow = FLOWS.get("notify" if name.startswith("notify") else name)
    fault = row.get("fault", {})
    if flow is None or not isinstance(fault, Mapping):
        return None
    ours, after, call, kind = flow
    if fault.get("kind") == "sigkill" and fault.get("at") in POINTS:
        return ours, Fault(after, die=POINTS[str(fault["at"])].format(kind=kind))
    if fault.get("mode") in MODES:
        return ours, Fault(after, call=call, mode=MODES[str(fault["mode"])])
    return None


def run(rows: Sequence[Mapping[str, Any]], home: Path, seed: int, progress: Callable[[str], None]) -> list[Outcome]:
    """Play every row against one worker and a side that honours keys; what was lost or done twice belongs to its row."""
    remote, outcomes = Remote(keys=True), []
    with serving(remote) as url, playing(home, url, remote, len(rows) + 1, seed) as player:
        for number, row in enumerate(rows):
            found = fault_of(row)
            if found is None:
                outcomes.append(Outcome(str(row["id"]), str(row["kind"]), Verdict.NOT_UNDERSTOOD))
                continue
            lost = len(player.figures.lost)
            player.row(number, *found)
            bad = player.figures.lost[lost:]
            outcomes.append(Outcome(str(row["id"]), str(row["kind"]), Verdict.FAILED if bad else Verdict.PASSED, "one effect", "; ".join(bad)))
            progress(f"{number + 1} of {len(rows)} rows")
        figures = player.finish()
    rest = [*figures.lost, *figures.duplicates, *figures.told, *figures.audit]
    seen = {outcome.observed for outcome in outcomes}
    outcomes += [Outcome("all rows", "faults", Verdict.FAILED, "", what) for what in rest if what not in seen]
    return outcomes
