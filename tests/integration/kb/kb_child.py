"""Children that publish and follow without end in a state folder, until they are killed."""

from __future__ import annotations

import os
import random
import sys
import traceback
from pathlib import Path

import chromadb  # noqa: F401 - loaded once, before the children are forked

from kb.adapters.chroma import ChromaIndex
from kb.adapters.index_state import FileIndexState
from kb.adapters.lexical import TantivyIndex
from kb.adapters.memory import HashingEmbedder
from kb.adapters.store.articles import SqlArticleStore
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate
from kb.keeper import IndexKeeper
from kb.model import Document
from tests.support.kb_samples import document, publish

EMBEDDER = HashingEmbedder(64)


def open_parts(home: Path) -> tuple[SqlArticleStore, IndexKeeper]:
    """Open store and keeper over a state folder with the real adapters and a fast model."""
    engine = open_engine(f"sqlite:///{home / 'kb.db'}")
    migrate(engine)
    store = SqlArticleStore(engine)
    vector = ChromaIndex.embedded(home / "index" / "chroma", EMBEDDER.identity)
    return store, IndexKeeper(store, TantivyIndex(home / "index" / "lexical"), vector, EMBEDDER, FileIndexState(home / "index"))


def work(home: Path, seed: int) -> None:
    """Publish, change audiences, withdraw, follow and sometimes rebuild, for ever."""
    store, keeper = open_parts(home)
    if not keeper.own():
        raise SystemExit("another process owns the indexes")
    chance = random.Random(seed)
    print(os.getpid(), flush=True)
    while True:
        names = dict.fromkeys(f"a{chance.randrange(60)}" for _ in range(8))
        publish(store, *(edited(name, chance) for name in names))
        if chance.random() < 0.4:
            store.withdraw(list(names)[:2])
        if chance.random() < 0.1:
            keeper.rebuild(lambda _text: None)
        keeper.catch_up()


def edited(name: str, chance: random.Random) -> Document:
    """Return an article with other words, of another length, for other readers."""
    paragraphs = (f"Text {chance.random()}." for _ in range(chance.randint(1, 5)))
    return document(name, *paragraphs, groups=chance.choice([[], ["hr"], ["finance", "hr"]]))


def check(home: Path) -> None:
    """Open, follow and repair as the next start does, and say what was found and what is left."""
    _store, keeper = open_parts(home)
    owned = keeper.own()
    keeper.catch_up()
    found = keeper.repair()
    left = [(a.index, a.missing, a.extra) for a in keeper.check()]
    print(owned, [(a.index, a.missing, a.extra) for a in found], left, flush=True)


def run(home: Path, order: str) -> None:
    """Do what a line asks for and end this process at once, without the parent's goodbyes."""
    try:
        check(home) if order == "check" else work(home, int(order))
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def serve(home: Path) -> None:
    """Fork a child for each line of standard input: what is imported is imported once."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            run(home, line.strip())
        _, status = os.waitpid(child, 0)
        print(f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
