"""Places to measure in: a temporary state folder with a collection or with the demo company."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kb.bootstrap import KnowledgeBase, open_knowledge, prepare_model
from kb.model import Document, Platform
from kb.settings import KnowledgeSettings

BATCH = 64
DEMO_ARTICLES = Path(__file__).parent.parent / "kb" / "articles"


class BadInput(ValueError):
    """A file is not in the stated format; the message says where."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question with the ids of its relevant documents; none left means that it cannot be answered."""

    text: str
    relevant: frozenset[str]
    device: str = ""


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read JSON lines, plain or gzipped.

    Raises:
        BadInput: the file is missing or a line is not a JSON object.
    """
    try:
        text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text(encoding="utf-8")
        rows = [json.loads(line) for line in text.split("\n") if line.strip()]
    except (OSError, ValueError, EOFError) as error:
        raise BadInput(f"{path}: {error}") from error
    if not all(isinstance(row, dict) for row in rows):
        raise BadInput(f"{path}: every line must be a JSON object")
    return rows


def read_qrels(path: Path) -> dict[str, set[str]]:
    """Read BEIR relevance judgements (tab-separated, with or without a header).

    Raises:
        BadInput: the file is missing or a line is malformed.
    """
    found: dict[str, set[str]] = {}
    try:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            parts = line.split("\t")
            if len(parts) < 3 or (number == 1 and not parts[-1].lstrip("-").isdigit()):
                if number > 1 and line.strip():
                    raise BadInput(f"{path}, line {number}: three tab-separated fields are needed")
                continue
            if int(parts[-1]) > 0:
                found.setdefault(parts[0], set()).add(parts[-2])
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: {error}") from error
    return found


def as_document(row: dict[str, Any]) -> Document:
    """Return a document of a collection; a field ``platform`` other than ``any`` restricts it."""
    key = str(row.get("_id") or row.get("id"))
    platform = str(row.get("platform") or "any")
    platforms = frozenset({Platform(platform)}) if platform in {p.value for p in Platform} else frozenset[Platform]()
    title, text = str(row.get("title") or ""), str(row.get("text") or "")
    return Document(key, "collection", key, title or text[:60], text or title, platforms=platforms)


@contextmanager
def collection(documents: Iterable[Document], model_home: Path, progress: Callable[[str], None]) -> Iterator[KnowledgeBase]:
    """Publish and index documents in a temporary place, with the service's own splitting, and open it."""
    from ingest.split import split

    with tempfile.TemporaryDirectory() as scratch:
        home = prepared_home(Path(scratch), model_home)
        base = open_knowledge(KnowledgeSettings(home=home))
        listed = list(documents)
        for start in range(0, len(listed), BATCH):
            base.publisher.publish([(document, split(document.text)) for document in listed[start : start + BATCH]])
            progress(f"{min(start + BATCH, len(listed))} of {len(listed)} documents")
        base.keeper.own()
        base.keeper.catch_up()
        try:
            yield base
        finally:
            base.close()


def prepared_home(scratch: Path, model_home: Path) -> Path:
    """Return a state folder inside ``scratch`` with a copy of the exported model of ``model_home``, which is made if need be."""
    prepare_model(KnowledgeSettings(home=model_home), print)
    home = scratch / "home"
    shutil.copytree(model_home / "models", home / "models")
    return home


def answered(queries: Sequence[Query], left_out: frozenset[str]) -> list[bool]:
    """Say for each query whether a relevant document is still there."""
    return [bool(query.relevant - left_out) for query in queries]
