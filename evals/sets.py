"""Development sets: folders in one of three layouts, each a collection of documents with judged queries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evals.beir import PLATFORMS, BadInput, Case, Judged, as_document, read_corpus, read_rows, read_set
from kb.model import Document


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """A collection with judged queries."""

    name: str
    documents: tuple[Document, ...]
    judged: tuple[Judged, ...]

    def untitled(self) -> JudgedSet:
        """Return the set with its documents' titles left out."""
        documents = tuple(replace(document, title="") for document in self.documents if document.text != document.title)
        return JudgedSet(f"{self.name}-untitled", documents, self.judged)


def read_folder(folder: Path) -> JudgedSet:
    """Read a set: ``corpus.jsonl[.gz]`` with ``queries.jsonl`` and ``qrels.tsv`` (BEIR), ``articles.jsonl`` with
    ``device_queries.jsonl`` (the right variant for a device), or ``pool.jsonl[.gz]`` with ``tasks.jsonl`` (conversations).

    Raises:
        BadInput: the folder has none of these layouts, or a file is malformed.
    """
    if (folder / "device_queries.jsonl").exists():
        return JudgedSet(folder.name, tuple(read_corpus(_one(folder, "articles"))), tuple(read_devices(folder / "device_queries.jsonl")))
    if (folder / "tasks.jsonl").exists():
        rows = read_rows(_one(folder, "pool"))
        return JudgedSet(folder.name, tuple(as_document(row) for row in rows), tuple(_task(row) for row in read_rows(folder / "tasks.jsonl")))
    return JudgedSet(folder.name, tuple(read_corpus(_one(folder, "corpus"))), tuple(read_set(folder / "queries.jsonl", folder / "qrels.tsv")))


def read_devices(path: Path) -> list[Judged]:
    """Read device queries: ``query``, ``device`` and the ids of ``relevant`` articles; a wrong device's are kept apart.

    Raises:
        BadInput: a line lacks one of them or has another kind of value.
    """
    return [_device_query(path, number, row) for number, row in enumerate(read_rows(path), 1)]


def _device_query(path: Path, number: int, row: dict[str, Any]) -> Judged:
    query, device, relevant, wrong = (row.get(name) for name in ("query", "device", "relevant", "wrong_device"))
    if not isinstance(query, str) or device not in PLATFORMS or not _ids(relevant) or not _ids(wrong or []):
        raise BadInput(f"{path}, line {number}: query, device (one of {', '.join(sorted(PLATFORMS))}), relevant and wrong_device (lists) are needed")
    return Judged(Case(str(number), query, (), str(device)), dict.fromkeys(relevant or (), 1), True, frozenset(wrong or ()))


def _task(row: dict[str, Any]) -> Judged:
    try:
        said = [str(turn["text"]) for turn in row["turns"] if turn["speaker"] == "user"]
        gold = [str(key) for key in row.get("gold_passages") or ()]
        return Judged(Case(str(row["id"]), said[-1], tuple(said[:-1])), dict.fromkeys(gold, 1), bool(gold))
    except (KeyError, TypeError, IndexError) as error:
        raise BadInput(f"a task lacks {error}") from error


def _ids(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(key, str) for key in value)


def _one(folder: Path, name: str) -> Path:
    packed = folder / f"{name}.jsonl.gz"
    return packed if packed.exists() else folder / f"{name}.jsonl"
