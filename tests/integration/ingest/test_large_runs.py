"""A large run can be searched while it goes on, and an interrupted one goes on where it was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from ingest_world import HashEmbedder, World, open_world

from ingest import sync as sync_module
from ingest.sync import sync
from kb.adapters.lexical import TantivyIndex
from kb.model import Reader
from kb.ports import EmbedderUnavailable, Scope, Vector
from kb.publish import Publisher

FILES = 100


@pytest.fixture
def many(folder: Path) -> Path:
    for number in range(FILES):
        (folder / f"a{number:03}.md").write_text(f"# a{number:03}\n\nCommon text with number{number}.\n")
    return folder


class Watching:
    """A report that searches the index as a service would, while the run goes on."""

    def __init__(self, home: Path) -> None:
        self._index = TantivyIndex(home / "index" / "lexical")
        self.found: list[int] = []

    def advance(self, done: int, total: int, failed: int) -> None:
        self._index._index.reload()
        self.found.append(len(self._index.search("common", Scope(Reader()), FILES)))

    def say(self, text: str) -> None:
        pass


def test_what_was_taken_in_is_found_before_the_run_ends(world: World, many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_module, "KEEP_UP_SECONDS", 0.0)
    watching = Watching(world.settings.home)
    sync(many, world, world.settings, watching)
    assert watching.found[10] == 0
    assert watching.found[-1] >= 90
    assert sorted(watching.found) == watching.found


def test_a_short_run_lets_the_indexes_follow_once(world: World, many: Path) -> None:
    watching = Watching(world.settings.home)
    sync(many, world, world.settings, watching)
    assert set(watching.found) == {0}
    assert len(TantivyIndex(world.settings.home / "index" / "lexical").search("common", Scope(Reader()), 2 * FILES)) == FILES


class Failing(HashEmbedder):
    """Stops in the middle, as a killed process does."""

    def embed(self, texts: Sequence[str]) -> Vector:
        if self.embedded > FILES:
            raise EmbedderUnavailable("stopped")
        return super().embed(texts)


def test_an_interrupted_run_goes_on_without_embedding_anything_twice(world: World, many: Path, tmp_path: Path) -> None:
    failing = Failing("hash-1")
    world.publisher = Publisher(world.store, failing)
    with pytest.raises(EmbedderUnavailable):
        world.sync(many)
    done = len(world.store.articles())
    assert 0 < done < FILES
    again = open_world(world.settings.home)
    again.sync(many)
    assert len(again.store.articles()) == FILES
    assert again.embedder.embedded == 2 * (FILES - done)
    again.close()


def test_a_renamed_or_rebuilt_article_is_not_embedded_again(world: World, many: Path) -> None:
    from ingest.upkeep import rebuild

    world.sync(many)
    before = world.embedder.embedded
    (many / "a000.md").rename(many / "moved.md")
    (many / "a001.md").write_text("# a001\n\nCommon text with number1.\n\n## New\n\nOnly this is new.\n")
    world.sync(many)
    added = world.embedder.embedded - before
    assert added == 1
    rebuild(world, world.settings, lambda _text: None)
    assert world.embedder.embedded - before == added


def test_articles_of_another_model_are_embedded_again_though_their_files_did_not_change(world: World, many: Path) -> None:
    world.sync(many)
    other = open_world(world.settings.home, "hash-2")
    run = other.sync(many)
    assert (run.unchanged, run.changed) == (FILES, 0)
    assert other.store.passage_ids("hash-2") == other.store.passage_ids()
    assert other.embedder.embedded == 2 * FILES
    other.sync(many)
    assert other.embedder.embedded == 2 * FILES
    other.close()
