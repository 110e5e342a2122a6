"""Publishes and follows without end in a state folder, until it is killed."""

from __future__ import annotations

import random
import sys
from pathlib import Path

from kb.adapters.chroma import ChromaIndex
from kb.adapters.index_state import FileIndexState
from kb.adapters.lexical import TantivyIndex
from kb.adapters.memory import HashingEmbedder
from kb.adapters.store.articles import SqlArticleStore
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate
from kb.keeper import IndexKeeper
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
    print("ready", flush=True)
    while True:
        names = [f"a{chance.randrange(60)}" for _ in range(8)]
        publish(
            store,
            *(
                document(name, *(f"Text {chance.random()}." for _ in range(chance.randint(1, 5))), groups=chance.choice([[], ["hr"], ["finance", "hr"]]))
                for name in dict.fromkeys(names)
            ),
        )
        if chance.random() < 0.4:
            store.withdraw(names[:2])
        if chance.random() < 0.1:
            keeper.rebuild(lambda _text: None)
        keeper.catch_up()


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]))
