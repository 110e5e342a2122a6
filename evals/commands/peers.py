"""The command ``firstline eval peers``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop

NO_COMPARISON = 1
ENDED = 143
"""The status of a command that was told to end; the systems that it started end with it."""


class Passages(StrEnum):
    """Whose passages are indexed."""

    OWN = "own"
    SAME = "same"
    BOTH = "both"


def peers(
    corpus: Annotated[Path, typer.Option(help="Documents: JSON lines with _id, title and text, gzipped or not.")],
    queries: Annotated[Path, typer.Option(help="Questions: JSON lines with _id and text.")],
    qrels: Annotated[Path, typer.Option(help="Judgements: query id, document id and grade, separated by tabs.")],
    peer: Annotated[list[str] | None, typer.Option(help="Only this peer; may be given several times. All four without it.")] = None,
    passages: Annotated[
        Passages,
        typer.Option(
            help="own: each system splits as it is documented. same: every system gets Firstline's passages. "
            "both: own for everything, and the same passages once more for indexing speed."
        ),
    ] = Passages.BOTH,
    limit_documents: Annotated[int | None, typer.Option(min=1, help="At most so many documents; all relevant ones are kept.")] = None,
    limit_queries: Annotated[int | None, typer.Option(min=1, help="At most so many questions, chosen at random with a fixed seed.")] = None,
    minutes_per_system: Annotated[float, typer.Option(min=0.01, help="A system that takes longer is listed as failed.")] = 60.0,
    environments: Annotated[Path, typer.Option(help="Folder of the peers' environments; made on demand, used again.")] = HOME / "peers",
    plot: Annotated[Path | None, typer.Option(help="Also draw the comparison into this SVG file.")] = None,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Compare Firstline with LangChain, LlamaIndex, Haystack and txtai: quality, latency, indexing speed, memory, cold start."""
    import signal
    import sys
    import tempfile

    from evals.peers.systems import PEERS, SYSTEMS

    if unknown := sorted(set(peer or ()) - set(PEERS)):
        stop(f"there is no peer {', '.join(unknown)}; there are {', '.join(PEERS)}")
    chosen = [system for system in SYSTEMS if system.lock is None or not peer or system.name in peer]
    for target in (plot, json_file):
        if target is not None and not target.absolute().parent.is_dir():
            stop(f"there is no folder {target.parent} for {target.name}")

    from evals.beir import BadInput
    from evals.peers.measure import Run, compare
    from evals.peers.outcome import Outcome
    from evals.peers.work import read_work, write_files

    try:
        work = read_work(corpus, queries, qrels, limit_documents, limit_queries)
    except BadInput as error:
        stop(f"malformed input: {error}")
    folders = _models(model_home)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ENDED))
    with tempfile.TemporaryDirectory(prefix="firstline-peers-") as folder:
        scratch = Path(folder)
        files = write_files(work, scratch)
        note(f"{len(work.documents)} documents, {files.count} passages, {len(work.judged)} questions")
        run = Run(work, files, scratch, environments, folders, passages.value, minutes_per_system, note)
        measured, failed = compare(chosen, run)
    outcome = Outcome(work, files.count, passages.value, [system.name for system in chosen], measured, failed)
    print(outcome.text())
    if plot is not None:
        outcome.draw(plot)
    if json_file is not None:
        outcome.write(json_file)
    if not outcome.compares:
        raise typer.Exit(NO_COMPARISON)


def _models(home: Path) -> dict[bool, Path]:
    from evals.peers.outcome import models
    from kb.ports import EmbedderUnavailable

    try:
        return models(home, note)
    except EmbedderUnavailable as error:
        stop(str(error))
