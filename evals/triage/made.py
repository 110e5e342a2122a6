"""Writes a history of tickets that was made up, so that the gates need no data of anybody's: ``python -m evals.triage.made FOLDER``.

It says of itself that it is generated: kinds of tickets with words of their own, words that all share, and a share of wrong labels.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

SEED = 20_261_122
TEAMS, OWN, SHARED = 5, 12, 60
WRONG = 0.2


def made(rows: int, seed: int) -> list[dict[str, str]]:
    """Return generated tickets; a share ``WRONG`` has the team of another kind."""
    drawn, named = random.Random(seed), random.Random(SEED)
    words = ["".join(named.choice("bdfgklmnprstv") + named.choice("aeiou") for _ in range(3)) for _ in range(TEAMS * OWN + SHARED)]
    found = []
    for number in range(rows):
        kind = drawn.randrange(TEAMS)
        own = drawn.sample(words[kind * OWN : (kind + 1) * OWN], 2)
        text = own + drawn.sample(words[TEAMS * OWN :], 8)
        drawn.shuffle(text)
        team = drawn.randrange(TEAMS) if drawn.random() < WRONG else kind
        found.append({"id": f"G{seed}-{number}", "text": " ".join(text), "site": f"site {drawn.randrange(6)}", "team": f"team {team}"})
    return found


def main(folder: Path) -> None:
    """Write ``train.jsonl`` and ``test.jsonl``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows, seed in (("train", 1_500, 1), ("test", 1_500, 2)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made(rows, seed)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
