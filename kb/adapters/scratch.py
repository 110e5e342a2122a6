"""A lexical index that may be changed without anybody noticing: a copy of the live one in a folder that goes away."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from kb.adapters.lexical import TantivyIndex
from kb.ports import ArticleStore, Entry

BATCH = 64


@contextmanager
def scratch_lexical(live: Path, store: ArticleStore, model: str, article_id: str, entries: Sequence[Entry]) -> Iterator[TantivyIndex]:
    """Give a copy of the index in ``live`` in which the entries stand for an article. The live one is only read.

    A copy that was caught while the live index changed is made anew from the tables.
    """
    with TemporaryDirectory(prefix="firstline-try-") as folder:
        index = _copied(live, Path(folder)) or TantivyIndex(Path(folder) / "lexical")
        if index.passage_ids() != store.passage_ids() or (index.is_empty() and store.passage_ids()):
            index.clear()
            articles = [article.id for article in store.articles()]
            for start in range(0, len(articles), BATCH):
                part = articles[start : start + BATCH]
                index.replace(part, store.entries(part, model))
        index.replace([article_id], entries)
        yield index


def _copied(live: Path, folder: Path) -> TantivyIndex | None:
    try:
        for name in (live.name, f"{live.name}-articles"):
            shutil.copytree(live.with_name(name), folder / name.replace(live.name, "lexical", 1), ignore=shutil.ignore_patterns("*.lock"))
        return TantivyIndex(folder / "lexical")
    except (OSError, ValueError):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        return None
