"""Times the whole retrieval call on a filled knowledge base, each of its stages alone, and a start from nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from kb.adapters.chroma import ChromaIndex
from kb.adapters.lexical import TantivyIndex
from kb.bootstrap import open_knowledge
from kb.model import Reader
from kb.ports import Scope
from kb.retrieve import DEPTH, Question
from kb.settings import KnowledgeSettings

STAGES = ("embedding", "lexical", "vector", "store")
WARM_UP = 10
START_SECONDS = 120
FIRST_ANSWER = """
import json, sys, time
from pathlib import Path
from kb.bootstrap import open_knowledge
from kb.model import Reader
from kb.ports import Scope
from kb.retrieve import Question
from kb.settings import KnowledgeSettings
base = open_knowledge(KnowledgeSettings(home=Path(sys.argv[1])))
found = base.retriever.retrieve(Question(sys.argv[2]), Scope(Reader(frozenset(json.loads(sys.argv[3])))))
print(json.dumps({"found": len(found.ranked), "degraded": found.degraded, "cpu_s": time.process_time()}), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds of each whole call, the processor time that it took, and of each stage done alone with the same questions."""

    call_ms: list[float]
    call_cpu_ms: list[float]
    stage_ms: dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from the start of a process to its first answered question, and the processor time of that process."""

    seconds: float
    cpu_s: float


def ask(home: Path, questions: Sequence[str], groups: frozenset[str]) -> Timings:
    """Ask every question as a reader in these groups; the first few once more before, to warm up."""
    scope = Scope(Reader(groups))
    base = open_knowledge(KnowledgeSettings(home=home))
    try:
        if problem := base.keeper.vector_problem():
            raise RuntimeError(problem)
        for question in questions[:WARM_UP]:
            base.retriever.retrieve(Question(question), scope)
        wall, cpu = [], []
        for question in questions:
            began, used = time.perf_counter(), time.process_time()
            base.retriever.retrieve(Question(question), scope)
            wall.append((time.perf_counter() - began) * 1000)
            cpu.append((time.process_time() - used) * 1000)
        folder = KnowledgeSettings(home=home).index_folder
        lexical, vector = TantivyIndex(folder / "lexical"), ChromaIndex.embedded(folder / "chroma", base.embedder.identity)
        stages: dict[str, list[float]] = {stage: [] for stage in STAGES}
        for question in questions:
            began = time.perf_counter()
            asked = base.embedder.embed([question])[0]
            embedded = time.perf_counter()
            words = lexical.search(question, scope, DEPTH)
            read = time.perf_counter()
            near = vector.search(asked, scope, DEPTH)
            compared = time.perf_counter()
            hits = list(dict.fromkeys(hit.passage_id for hit in (*near, *words)))
            base.store.candidates(hits, scope, base.embedder.identity)
            moments = (began, embedded, read, compared, time.perf_counter())
            for stage, spent in zip(STAGES, pairwise(moments), strict=True):
                stages[stage].append((spent[1] - spent[0]) * 1000)
        return Timings(wall, cpu, stages)
    finally:
        base.close()


def start(home: Path, question: str, groups: frozenset[str]) -> Start:
    """Start a fresh process that opens the existing knowledge base and answers one question, as commands do.

    Raises:
        RuntimeError: it did not find anything, or searched without vectors.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FIRSTLINE_")}
    command = [sys.executable, "-c", FIRST_ANSWER, str(home), question, json.dumps(sorted(groups))]
    began = time.perf_counter()
    process = subprocess.Popen(command, env=kept, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    seconds = time.perf_counter() - began
    process.communicate(timeout=START_SECONDS)
    said = json.loads(line or "{}")
    if not said.get("found") or said["degraded"]:
        raise RuntimeError(f"the first answer of a fresh process failed: {line!r}")
    return Start(seconds, said["cpu_s"])
