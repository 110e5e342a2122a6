"""A folder and the articles that came from it, over several runs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock
from ingest_world import World, open_world

from ingest.sources.folder import SourceUnreadable
from ingest.sync import Busy
from ingest.upkeep import forget, rebuild
from kb.adapters.store.engine import writing
from kb.adapters.store.revising import SqlArticleWriter
from kb.drafts import BUILT_IN
from kb.markdown import as_file
from kb.model import Document, IngestRun, Signed
from kb.publish import live_document
from kb.split import split


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def counts(run: IngestRun) -> dict[str, int]:
    named = {name: getattr(run, name) for name in ("added", "changed", "renamed", "removed", "unchanged")}
    return {name: count for name, count in named.items() if count} | ({"failed": len(run.failures)} if run.failures else {})


def revision(world: World, article: str) -> int:
    found = world.store.article(article)
    assert found is not None
    return found.revision


def test_only_what_changed_is_published(world: World, folder: Path) -> None:
    write(folder / "a.md", "# A\n\nFirst.")
    write(folder / "b.md", "# B\n\nSecond.")
    assert counts(world.sync(folder)) == {"added": 2}
    embedded = world.embedder.embedded
    assert counts(world.sync(folder)) == {"unchanged": 2}
    assert world.embedder.embedded == embedded
    write(folder / "a.md", "# A\n\nFirst, edited.")
    assert counts(world.sync(folder)) == {"changed": 1, "unchanged": 1}
    assert world.texts() == {"a": ("a.md", "First, edited."), "b": ("b.md", "Second.")}
    assert (revision(world, "a"), revision(world, "b")) == (2, 1)


def test_a_deleted_file_is_withdrawn_and_may_come_back(world: World, folder: Path) -> None:
    write(folder / "a.md", "One.")
    write(folder / "b.md", "Two.")
    world.sync(folder)
    (folder / "a.md").unlink()
    assert counts(world.sync(folder)) == {"removed": 1, "unchanged": 1}
    assert list(world.texts()) == ["b"]
    write(folder / "a.md", "One.")
    assert counts(world.sync(folder)) == {"added": 1, "unchanged": 1}
    assert all(agreement.agrees for agreement in world.keeper.check())


def test_a_renamed_file_keeps_its_article(world: World, folder: Path) -> None:
    write(folder / "old.md", "---\ntitle: T\n---\nOne.")
    world.sync(folder)
    (folder / "sub").mkdir()
    (folder / "old.md").rename(folder / "sub/new.md")
    assert counts(world.sync(folder)) == {"renamed": 1}
    assert world.texts() == {"old": ("sub/new.md", "One.")}
    write(folder / "sub/new.md", "---\ntitle: T\n---\nTwo.")
    assert counts(world.sync(folder)) == {"changed": 1}
    assert (world.texts(), revision(world, "old")) == ({"old": ("sub/new.md", "Two.")}, 2)


def test_a_declared_id_survives_a_move_with_an_edit(world: World, folder: Path) -> None:
    write(folder / "old.md", "---\nid: VPN setup\n---\nOne.")
    world.sync(folder)
    (folder / "old.md").unlink()
    write(folder / "new.md", "---\nid: VPN setup\n---\nTwo.")
    assert counts(world.sync(folder)) == {"changed": 1}
    assert world.texts() == {"vpn-setup": ("new.md", "Two.")}


def test_a_new_file_at_the_old_name_of_a_renamed_one_is_another_article(world: World, folder: Path) -> None:
    write(folder / "a.md", "---\ntitle: T\n---\nOne.")
    world.sync(folder)
    (folder / "a.md").rename(folder / "b.md")
    world.sync(folder)
    write(folder / "a.md", "Another.")
    expected = {"a": ("b.md", "One."), "a-2": ("a.md", "Another.")}
    assert counts(world.sync(folder)) == {"added": 1, "unchanged": 1}
    assert world.texts() == expected
    assert counts(world.sync(folder)) == {"unchanged": 2}
    assert world.texts() == expected


def test_a_converted_file_is_a_new_revision_of_its_article(world: World, folder: Path) -> None:
    write(folder / "vpn.md", "One.")
    world.sync(folder)
    (folder / "vpn.md").unlink()
    write(folder / "vpn.html", "<p>One, converted.</p>")
    assert counts(world.sync(folder)) == {"changed": 1}
    assert world.texts() == {"vpn": ("vpn.html", "One, converted.")}


def test_a_file_that_became_unreadable_keeps_its_article_and_says_so(world: World, folder: Path) -> None:
    write(folder / "a.md", "One.")
    world.sync(folder)
    (folder / "a.md").write_bytes(b"\x00\x01")
    run = world.sync(folder)
    assert counts(run) == {"failed": 1}
    assert run.failures[0].reason == "is not a text file, whatever its name says; its article stays as it was before"
    assert world.texts() == {"a": ("a.md", "One.")}


def test_the_second_file_with_an_id_fails_and_names_the_first(world: World, folder: Path) -> None:
    write(folder / "a.md", "---\nid: same\n---\nOne.")
    write(folder / "b.md", "---\nid: same\n---\nTwo.")
    write(folder / "c.html", "<p>x</p>")
    write(folder / "c.md", "y")
    run = world.sync(folder)
    assert [(failure.path, "a.md" in failure.reason, "c.html" in failure.reason) for failure in run.failures] == [
        ("b.md", True, False), ("c.md", False, True)
    ]  # fmt: skip
    assert sorted(world.texts()) == ["c", "same"]
    assert counts(world.sync(folder)) == {"unchanged": 2, "failed": 2}


def test_an_id_of_another_source_is_left_alone_and_the_choice_lasts(world: World, tmp_path: Path) -> None:
    for name in ("first", "second"):
        write(tmp_path / name / "vpn.md", f"From {name}.")
        world.sync(tmp_path / name)
    expected = {"vpn": ("vpn.md", "From first."), "second/vpn": ("vpn.md", "From second.")}
    assert world.texts() == expected
    forget(tmp_path / "first", world, world.settings, world.said.append)
    assert counts(world.sync(tmp_path / "second")) == {"unchanged": 1}
    assert list(world.texts()) == ["second/vpn"]


def test_rows_of_a_list_come_and_go_and_a_broken_row_stays(world: World, folder: Path) -> None:
    write(folder / "faq.csv", "question,answer\nHow A?,x\nHow B?,y\nHow C?,z\n")
    assert counts(world.sync(folder)) == {"added": 3}
    write(folder / "faq.csv", "question,answer\nHow A?,x2\nHow B?,\n")
    run = world.sync(folder)
    assert counts(run) == {"changed": 1, "removed": 1, "failed": 1}
    assert run.failures[0].reason.startswith("line 3 has no answer")
    assert sorted(world.texts()) == ["faq-how-a", "faq-how-b"]


def test_a_renamed_list_keeps_the_articles_of_its_rows(world: World, folder: Path) -> None:
    write(folder / "faq.csv", "question,answer\nHow A?,x\nHow B?,y\n")
    world.sync(folder)
    (folder / "faq.csv").rename(folder / "questions.csv")
    assert counts(world.sync(folder)) == {"renamed": 2}
    assert counts(world.sync(folder)) == {"unchanged": 2}
    assert sorted(world.texts()) == ["faq-how-a", "faq-how-b"]


def test_a_missing_folder_removes_nothing_and_is_recorded(world: World, folder: Path) -> None:
    write(folder / "a.md", "One.")
    world.sync(folder)
    shutil.move(folder, folder.with_name("elsewhere"))
    with pytest.raises(SourceUnreadable):
        world.sync(folder)
    assert list(world.texts()) == ["a"]
    assert [(run.state, len(run.failures)) for run in world.ingest_log.latest()] == [("failed", 1)]


def test_a_mistyped_folder_leaves_no_trace(world: World, folder: Path) -> None:
    with pytest.raises(SourceUnreadable):
        world.sync(folder / "nowhere")
    assert world.ingest_log.latest() == []


def test_a_drive_that_is_not_mounted_removes_nothing(world: World, folder: Path) -> None:
    for number in range(10):
        write(folder / f"a{number}.md", f"Text {number}.")
    world.sync(folder)
    shutil.rmtree(folder)
    folder.mkdir()
    with pytest.raises(SourceUnreadable, match="not mounted"):
        world.sync(folder)
    assert len(world.texts()) == 10


def test_nothing_below_a_subfolder_that_cannot_be_listed_is_removed(world: World, folder: Path, tmp_path: Path) -> None:
    write(folder / "sub/a.md", "One.")
    write(folder / "b.md", "Two.")
    world.sync(folder)
    shutil.move(folder / "sub", tmp_path / "moved")
    (folder / "sub").symlink_to(tmp_path / "moved")
    run = world.sync(folder)
    assert counts(run) == {"unchanged": 1, "failed": 1}
    assert sorted(world.texts()) == ["b", "sub/a"]


def test_two_runs_at_a_time_are_refused(world: World, folder: Path) -> None:
    with FileLock(world.settings.home / "ingest.lock"), pytest.raises(Busy):
        world.sync(folder)


def test_a_run_is_recorded_with_its_counts_and_failures(world: World, folder: Path) -> None:
    write(folder / "a.md", "One.")
    write(folder / "b.pdf", "no pdf")
    run = world.sync(folder)
    assert world.ingest_log.latest() == [run]
    assert (run.state, run.seen, run.added, run.finished_at is not None) == ("complete", 2, 1, True)


def test_warnings_are_said_and_the_article_is_taken(world: World, folder: Path) -> None:
    write(folder / "a.md", "---\nplatform: amiga\n---\nOne.")
    assert counts(world.sync(folder)) == {"added": 1}
    assert any("a.md: names an unknown platform 'amiga'" in line for line in world.said)


def test_forgetting_a_folder_withdraws_its_articles_only(world: World, tmp_path: Path) -> None:
    for name in ("keep", "drop"):
        write(tmp_path / name / f"{name}.md", "Text.")
        world.sync(tmp_path / name)
    shutil.rmtree(tmp_path / "drop")
    assert forget(tmp_path / "drop", world, world.settings, world.said.append) == 1
    assert list(world.texts()) == ["keep"]
    assert all(agreement.agrees for agreement in world.keeper.check())


def test_a_rebuild_embeds_what_came_from_another_model(world: World, folder: Path) -> None:
    write(folder / "a.md", "---\naudience: hr\ntags: [x]\n---\nOne.")
    world.sync(folder)
    before = world.store.article("a")
    other = open_world(world.settings.home, "hash-2")
    assert other.store.passage_ids("hash-2") == set()
    assert rebuild(other, other.settings, other.said.append) == 1
    assert other.store.passage_ids("hash-2") == other.store.passage_ids()
    after = other.store.article("a")
    assert before is not None
    assert after is not None
    assert (before.content_hash, before.audience, before.tags) == (after.content_hash, after.audience, after.tags)
    assert rebuild(other, other.settings, other.said.append) == 1
    assert other.embedder.embedded == 2
    other.close()


def edit_here(world: World, text: str, article: str = "a") -> None:
    """Publish other words of an article from Firstline's own editor."""
    live = world.store.article(article)
    assert live is not None
    put(world, replace(live_document(world.store, live), text=text))


def put(world: World, document: Document) -> None:
    prepared = world.publisher.prepare(document, split(document.text))
    with writing(world.store.engine) as connection:
        SqlArticleWriter(connection).publish(prepared, Signed("lena", "priya", "wrong"), datetime(2026, 11, 16, tzinfo=UTC))


def test_an_edit_made_in_firstline_stays_until_its_file_says_the_same(world: World, folder: Path) -> None:
    write(folder / "a.md", "# A\n\nFirst.")
    world.sync(folder)
    edit_here(world, "Edited here.")
    assert counts(world.sync(folder)) == {"unchanged": 1}
    assert world.texts() == {"a": ("a.md", "Edited here.")}
    assert any("edited in Firstline" in line for line in world.said)
    live = world.store.article("a")
    assert live is not None
    write(folder / "a.md", as_file(live_document(world.store, live), {"colour": "red"}))
    assert counts(world.sync(folder)) == {"unchanged": 1}
    assert revision(world, "a") == 2
    write(folder / "a.md", "# A\n\nFirst.")
    assert counts(world.sync(folder)) == {"changed": 1}, "the edit was merged, so going back to the old words is a new change"
    assert world.texts() == {"a": ("a.md", "First.")}


def test_a_file_that_says_something_new_wins_over_an_edit_made_in_firstline(world: World, folder: Path) -> None:
    write(folder / "a.md", "# A\n\nFirst.")
    world.sync(folder)
    edit_here(world, "Edited here.")
    write(folder / "a.md", "# A\n\nFirst, edited in the folder.")
    assert counts(world.sync(folder)) == {"changed": 1}
    assert world.texts() == {"a": ("a.md", "First, edited in the folder.")}


def test_an_article_written_in_firstline_moves_to_the_folder_whose_file_declares_its_id(world: World, folder: Path) -> None:
    one = Document("badge", BUILT_IN, "", "Badge printer", "Open the flap.", owner="desk", tags=("printing",))
    put(world, one)
    old = as_file(one, {})
    edit_here(world, "Open the side flap.", "badge")
    write(folder / "badge.md", old)
    assert counts(world.sync(folder)) == {"unchanged": 1}, "a file from before the last edit changes nothing"
    assert world.texts() == {"badge": ("", "Open the side flap.")}
    write(folder / "badge.md", as_file(replace(one, text="Open the side flap."), {}))
    assert counts(world.sync(folder)) == {"renamed": 1}
    assert world.texts() == {"badge": ("badge.md", "Open the side flap.")}
    (folder / "badge.md").unlink()
    assert counts(world.sync(folder)) == {"removed": 1}


def test_an_edit_that_waits_for_its_file_gets_vectors_of_the_new_model(tmp_path: Path, folder: Path) -> None:
    first = open_world(tmp_path / "home")
    write(folder / "a.md", "# A\n\nFirst.")
    first.sync(folder)
    edit_here(first, "Edited here.")
    first.close()
    second = open_world(tmp_path / "home", "hash-2")
    second.sync(folder)
    assert second.texts() == {"a": ("a.md", "Edited here.")}
    assert second.publisher.outdated() == set()
    second.close()
