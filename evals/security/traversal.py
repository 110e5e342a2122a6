"""Asks a running service for paths that climb out of wherever it looks, byte for byte as they are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from evals.security.outcome import Outcome, Verdict
from evals.security.served import Served
from evals.security.wire import Answer, ask
from evals.security.words import AGENT, ALICE

KIND = "path_traversal"
BEARER, COOKIE = "bearer", "cookie"
ROUTES = (
    ("/", ""),
    ("/static/", ""),
    ("/widget/", ""),
    ("/articles/", ""),
    ("/v1/articles/", BEARER),
    ("/v1/conversations/", BEARER),
    ("/console/tickets/", COOKIE),
)
"""Every route whose path holds a name that a caller chooses, with what its caller must show."""
OUTSIDE = re.compile(rb"root:[x*]:0:0|\[fonts\]|\[boot loader\]|127\.0\.0\.1\s+localhost|daemon:[x*]:|# Configuration file for")
"""What the files that such paths are after begin with or hold."""


def run(rows: Sequence[dict[str, Any]], served: Served) -> list[Outcome]:
    """Play the rows of kind ``path_traversal`` on every route: each answer must have an expected status and hold no file from outside."""
    return [_row(row, served) for row in rows if row.get("kind") == KIND]


def _row(row: dict[str, Any], served: Served) -> Outcome:
    wanted = [int(status) for status in row["expected"]["http_status_in"]]
    answers = {prefix: _asked(served, prefix, shown, str(row["payload"])) for prefix, shown in ROUTES}
    faults = [f"{prefix} answered {answer.status}" for prefix, answer in answers.items() if answer.status not in wanted]
    faults += [f"{prefix} showed a file from outside" for prefix, answer in answers.items() if OUTSIDE.search(answer.body)]
    faults += [] if served.healthy() else ["the service is not healthy after it"]
    verdict = Verdict.FAILED if faults else Verdict.PASSED
    observed = ", ".join(str(answer.status) for answer in answers.values())
    return Outcome(str(row["id"]), KIND, verdict, " or ".join(map(str, wanted)), observed, "; ".join(faults), len(ROUTES))


def _asked(served: Served, prefix: str, shown: str, payload: str) -> Answer:
    token = served.token(AGENT if shown == COOKIE else ALICE)
    said = {BEARER: [("Authorization", f"Bearer {token}")], COOKIE: [("Cookie", f"firstline_session={token}")]}.get(shown, [])
    return ask(served, "GET", prefix + payload.lstrip("/") if prefix == "/" else prefix + payload, said)
