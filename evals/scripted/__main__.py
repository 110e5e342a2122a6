"""Runs the scripted model: ``python -m evals.scripted --port PORT [--malformed SHARE --seed N] [--delay SECONDS] [--journal FILE]``."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from evals.scripted.app import Scripted
from evals.scripted.spoiling import Spoiler


def main() -> None:
    """Serve on 127.0.0.1 until the process is told to end."""
    parser = argparse.ArgumentParser(prog="python -m evals.scripted", description="A deterministic model for the steps of a turn.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--malformed", type=float, default=0.0, help="share of the replies that are spoiled, 0 to 1")
    parser.add_argument("--seed", type=int, default=1, help="which replies are spoiled, and how")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each word")
    parser.add_argument("--journal", type=Path, default=None, help="gets a JSON line for each request")
    given = parser.parse_args()
    app = Scripted(Spoiler(given.malformed, given.seed), given.delay, given.journal)
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="critical", access_log=False, lifespan="off")


main()
