"""Serves one retrieval system over JSON lines: ``python -P serve.py DRIVER``. Needs the standard library and the driver's packages only.

A request is one line ``{"do": ...}`` on standard input and gets one line on standard output:

- ``open`` (``folder``, ``model``): opens the index in the folder, which is empty the first time; answers ``{}``.
- ``ingest`` (``file``, ``split``): indexes the JSON lines ``{"id", "title", "text"}`` of a file, each one a document to split, or one
  passage to take as it is; answers ``{"seconds", "cpu_seconds", "passages"}``. What it indexed is on disk when it answers.
- ``search`` (``text``, ``limit``): answers ``{"documents", "ms", "cpu_ms"}``: the distinct document ids, best first.
- ``about``: answers ``{"settings", "versions"}``.

A request that fails gets ``{"error": ...}``, and the process ends with status 1. Whatever the packages print goes to standard error.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, TextIO

CORES = 2
"""What every system may use, whatever the machine has."""


class SearchSystem(Protocol):
    """A retrieval system as its documentation sets it up."""

    PACKAGES: tuple[str, ...]
    """The distributions whose versions matter."""

    SETTINGS: dict[str, Any]
    """How it is set up, for the record."""

    def open(self, folder: str, model: str) -> None:
        """Open the index in ``folder``, or prepare to fill an empty one, with the embedding model in the folder ``model``."""

    def ingest(self, rows: list[dict[str, str]], split: bool) -> int:
        """Index the rows (``id``, ``title``, ``text``) durably and return the number of passages.

        ``split`` says whether a row is a document to split in the system's own way, or one passage; several passages may share an id.
        """

    def search(self, question: str) -> list[str]:
        """Return the document ids of the passages found, best first; an id may come more than once."""


def load(driver: Path) -> SearchSystem:
    """Load the class ``System`` of a driver file and make one."""
    spec = importlib.util.spec_from_file_location(driver.stem, driver)
    if spec is None or spec.loader is None:
        raise ImportError(f"{driver} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    system: SearchSystem = module.System()
    return system


def answer(system: SearchSystem, request: dict[str, Any]) -> dict[str, Any]:
    """Do what one request says."""
    return _ACTIONS[request["do"]](system, request)


def _open(system: SearchSystem, request: dict[str, Any]) -> dict[str, Any]:
    system.open(request["folder"], request["model"])
    return {}


def _ingest(system: SearchSystem, request: dict[str, Any]) -> dict[str, Any]:
    with Path(request["file"]).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    began, worked = time.perf_counter(), time.process_time()
    passages = system.ingest(rows, request["split"])
    return {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - worked, "passages": passages}


def _search(system: SearchSystem, request: dict[str, Any]) -> dict[str, Any]:
    began, worked = time.perf_counter(), time.process_time()
    documents = list(dict.fromkeys(system.search(request["text"])))[: request["limit"]]
    took, work = time.perf_counter() - began, time.process_time() - worked
    return {"documents": documents, "ms": took * 1000, "cpu_ms": work * 1000}


def _about(system: SearchSystem, _: dict[str, Any]) -> dict[str, Any]:
    return {"settings": system.SETTINGS, "versions": {name: version(name) for name in system.PACKAGES}}


_ACTIONS: dict[str, Callable[[SearchSystem, dict[str, Any]], dict[str, Any]]] = {
    "open": _open,
    "ingest": _ingest,
    "search": _search,
    "about": _about,
}


def serve(driver: Path, requests: TextIO, answers: TextIO) -> None:
    """Answer requests until there are no more; what a request raises is answered first and raised then."""

    def say(given: dict[str, Any]) -> None:
        answers.write(json.dumps(given) + "\n")
        answers.flush()

    system = load(driver)
    for line in requests:
        try:
            given = answer(system, json.loads(line))
        except Exception as error:  # whatever the packages raise is the reason that the run reports
            say({"error": f"{type(error).__name__}: {error}"})
            raise
        say(given)


def _own_channel() -> TextIO:
    """Take standard output for the answers alone; what anything else prints goes to standard error."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return channel


if __name__ == "__main__":
    if sys.platform == "linux":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    serve(Path(sys.argv[1]), sys.stdin, _own_channel())
