"""What a comparison came to: its tables, its picture and its JSON form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evals.peers.drivers.serve import CORES
from evals.peers.figures import all_metrics
from evals.peers.measure import COLD_STARTS, LIMIT, Measured
from evals.peers.plot import draw
from evals.peers.process import THREADS
from evals.peers.systems import FIRSTLINE
from evals.peers.tables import tables
from evals.peers.work import Work
from evals.report import SEED, Metric, facts
from kb.adapters.onnx_export import MINILM, MINILM_SHA256, weights_digest
from kb.bootstrap import prepare_model
from kb.ports import EmbedderUnavailable
from kb.settings import KnowledgeSettings


@dataclass(frozen=True)
class Outcome:
    """Everything that was measured, and why the rest was not."""

    work: Work
    passages: int
    whose: str
    systems: Sequence[str]
    measured: Mapping[str, Measured]
    failed: Mapping[str, str]

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """Every figure and every ratio."""
        return all_metrics(self.measured, self.work)

    @property
    def compares(self) -> bool:
        """Say whether Firstline and at least one peer were measured."""
        return FIRSTLINE in self.measured and len(self.measured) > 1

    @property
    def title(self) -> str:
        """One line that says what was compared on what."""
        return (
            f"Firstline and its peers: {len(self.work.documents):,} documents, {len(self.work.judged):,} questions, "
            f"the same embedding model, {CORES} cores"
        )

    def text(self) -> str:
        """Return the tables, and what failed."""
        measured = [system for system in self.systems if system in self.measured]
        peers = [system for system in measured if system != FIRSTLINE]
        reasons = [f"{system} failed: {reason}" for system, reason in self.failed.items()]
        return "\n".join([self.title, self._how(), "", tables(self.metrics, measured, peers), *reasons])

    def _how(self) -> str:
        same = f"the same {self.passages:,} passages for every system (Firstline's)"
        return {
            "own": "passages: each system's own splitter, as documented",
            "same": f"passages: {same}",
            "both": f"passages: each system's own splitter, as documented; 'same passages/s' is over {same}",
        }[self.whose]

    def draw(self, target: Path) -> None:
        """Write the picture."""
        draw(self.metrics, self.systems, self.failed, self.title, target)

    def write(self, target: Path) -> None:
        """Write the JSON form."""
        made = facts("eval peers", len(self.work.judged), self.metrics, self.settings())
        target.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def settings(self) -> dict[str, Any]:
        """Return how the figures came about."""
        systems = {
            name: {**one.about.settings, "versions": one.about.versions, "passages": one.indexed.passages} for name, one in self.measured.items()
        }
        return {
            "documents": len(self.work.documents),
            "words": self.work.words,
            "passages": self.whose,
            "same_passages": self.passages,
            "ratio_of_passages_per_s": "same passages: Firstline's, given to every peer as they are",
            "ratio": "Firstline divided by the peer",
            "results": f"{LIMIT} distinct documents",
            "cores": CORES,
            "threads": THREADS,
            "order": list(self.systems),
            "each_alone": True,
            "cold_starts": COLD_STARTS,
            "file_cache": "warm",
            "model": f"{MINILM}@{MINILM_SHA256[:12]}",
            "seed": SEED,
            "systems": systems,
            "failed": dict(self.failed),
        }


def models(home: Path, progress: Callable[[str], None]) -> dict[bool, Path]:
    """Return the folder of the one embedding model: for Firstline (True) a state folder with its export, for the peers (False) the original.

    Raises:
        EmbedderUnavailable: the package with the model is missing, or its weights are not the published ones.
    """
    prepare_model(KnowledgeSettings(home=home, embedding_model=MINILM), progress)
    spec = find_spec(MINILM.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise EmbedderUnavailable(f"the package {MINILM} is not installed")
    original = Path(spec.submodule_search_locations[0]) / "model"
    if weights_digest(original) != MINILM_SHA256:
        raise EmbedderUnavailable(f"the weights of {MINILM} are not the published ones")
    return {True: home.absolute(), False: original}
