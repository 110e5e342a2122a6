"""A history of tickets as an organisation exports it: made up, the same for the same seed."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

SAID = {
    ("vpn", "Network"): ["vpn drops", "cannot reach the tunnel", "the vpn client asks again", "remote gateway times out", "wifi in the lab is slow"],
    ("password", "Identity and access"): ["password expired", "account is locked", "cannot sign in", "new phone and no code", "forgot my login"],
    ("email", "Collaboration"): ["mailbox is full", "outlook search is broken", "meeting invite missing", "shared mailbox gone", "calendar colours"],
    ("printing", "Endpoint"): ["printer jams", "toner is empty", "badge release fails", "laptop fan rattles", "docking station monitor black"],
}
FILLERS = [
    "since this morning",
    "please help",
    "in the Gothenburg office",
    "after the update",
    "again",
    "on my laptop",
    "thanks",
    "before the demo",
    "at home",
]
COLUMNS = ("number", "opened_at", "short_description", "category", "assignment_group", "location", "resolution_notes")


def history(rows: int = 400, seed: int = 1, noise: float = 0.03) -> list[dict[str, str]]:
    """Return rows; a share ``noise`` of them has the label of another kind of ticket."""
    drawn, kinds, made = random.Random(seed), list(SAID), []
    for number in range(rows):
        kind = drawn.choice(kinds)
        words = f"{drawn.choice(SAID[kind])} {' '.join(drawn.sample(FILLERS, 3))} {drawn.randrange(1_000)}"
        category, group = drawn.choice(kinds) if drawn.random() < noise else kind
        cells = (
            f"INC{number:05}",
            f"2026-{1 + number * 9 // rows:02}-10T{number % 24:02}:00:00",
            words,
            category,
            group,
            drawn.choice(["Lab", "Office"]),
            "",
        )
        made.append(dict(zip(COLUMNS, cells, strict=True)))
    return made


def written(path: Path, rows: list[dict[str, str]], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    """Write rows as CSV and return where."""
    out = io.StringIO(newline="")
    table = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    table.writeheader()
    table.writerows(rows)
    path.write_bytes(out.getvalue().encode(encoding))
    return path
