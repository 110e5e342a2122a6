"""Places to measure in: a temporary state folder with a collection or with the demo company."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kb.bootstrap import KnowledgeBase, open_knowledge, prepare_model
from kb.model import Document
from kb.publish import windows
from kb.settings import KnowledgeSettings

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant

BATCH = 64
DEMO_ARTICLES = Path(__file__).parent.parent / "kb" / "articles"


@dataclass(frozen=True, slots=True)
class Indexed:
    """What indexing a collection cost: texts that were embedded (of at most 130 words), and seconds until all of it could be found."""

    passages: int
    seconds: float


@contextmanager
def collection(
    documents: Iterable[Document], model_home: Path, progress: Callable[[str], None], keep: Path | None = None
) -> Iterator[tuple[KnowledgeBase, Indexed]]:
    """Publish and index documents with the service's own splitting, and open it; say what that cost.

    The place is temporary, or ``keep``: what was embedded there before is not embedded again.
    """
    from kb.split import split

    with tempfile.TemporaryDirectory() as scratch:
        home = prepared_home(keep or Path(scratch), model_home)
        base = open_knowledge(KnowledgeSettings(home=home))
        listed = list(documents)
        base.embedder.embed(["loads the model"])
        began, passages = time.perf_counter(), 0
        for start in range(0, len(listed), BATCH):
            batch = [(document, split(document.text)) for document in listed[start : start + BATCH]]
            base.publisher.publish(batch)
            passages += sum(len(windows(d.title, s.heading, d.text[s.start : s.end])) for d, sections in batch for s in sections)
            progress(f"{min(start + BATCH, len(listed))} of {len(listed)} documents")
        base.keeper.own()
        base.keeper.catch_up()
        indexed = Indexed(passages, time.perf_counter() - began)
        try:
            yield base, indexed
        finally:
            base.close()


def prepared_home(scratch: Path, model_home: Path) -> Path:
    """Return a state folder inside ``scratch`` with a copy of the exported model of ``model_home``, which is made if need be."""
    prepare_model(KnowledgeSettings(home=model_home), print)
    home = scratch / "home"
    shutil.copytree(model_home / "models", home / "models", dirs_exist_ok=True)
    return home


@contextmanager
def demo_assistant(scratch: Path, model_home: Path, progress: Callable[[str], None]) -> Iterator[Assistant]:
    """Open the demo company's assistant in a temporary place, its articles taken in by the real ingestion."""
    from assistant.bootstrap import load_people, open_assistant
    from assistant.settings import Settings
    from ingest.report import LineReport
    from ingest.sync import sync

    settings = Settings(home=prepared_home(scratch, model_home))
    assistant = open_assistant(settings)
    try:
        sync(DEMO_ARTICLES, assistant.knowledge_base, settings, LineReport(progress))
        load_people(assistant, DEMO_ARTICLES / "company.toml")
        assistant.knowledge_base.keeper.own()
        assistant.knowledge_base.keeper.catch_up()
        yield assistant
    finally:
        assistant.close()
