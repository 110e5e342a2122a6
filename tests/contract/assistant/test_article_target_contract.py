"""What every place promises into which articles are written as files, and what Git promises beside."""

from __future__ import annotations

import subprocess
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.adapters.articles.git import GitTarget
from assistant.adapters.memory.articles import MemoryTarget
from assistant.ports.articles import ArticleTarget, Change
from assistant.ports.outside import Refused, Unavailable
from kb.drafts import BUILT_IN
from kb.model import Article, Audience, Document

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
FILE = "---\nid: vpn\ntitle: VPN\ncolour: red\n---\n\nConnect first.\n"


def git(folder: Path, *arguments: str) -> str:
    """Run Git itself: what a person of the repository would see."""
    done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def repository(folder: Path) -> Path:
    """Make a repository with one article in it, a dirty file, and a person's own branch."""
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "Ann")
    git(folder, "config", "user.email", "ann@lindqvist.example")
    (folder / "it").mkdir()
    (folder / "it" / "vpn.md").write_text(FILE)
    (folder / "notes.txt").write_text("mine")
    git(folder, "add", "it")
    git(folder, "commit", "-qm", "First")
    return folder


@dataclass
class Place:
    """A target with an article that came from it."""

    target: ArticleTarget
    article: Article


@pytest.fixture(params=["memory", "git"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "memory":
        return Place(MemoryTarget("handbook", files={"vpn.md": "Connect first."}), article("handbook"))
    folder = repository(tmp_path / "repository")
    return Place(GitTarget(folder, "lindqvist.example"), article(str(folder / "it")))


def article(source: str, path: str = "vpn.md") -> Article:
    return Article("vpn", "VPN", "net", Audience(), frozenset(), None, (), source, path, 1, "", NOON)


def change(source: str = BUILT_IN, text: str = "Open the flap.", known: tuple[str, ...] = (), name: str = "badge", revision: int = 1) -> Change:
    path = "" if source == BUILT_IN else f"{name}.md"
    document = Document(name, source, path, name.title(), text, "desk")
    return Change(document, known, "Because", "Elin Berg", "elin@lindqvist.example", "Laura Keane", NOON, f"article.write:{name}@{revision}")


def test_what_was_written_here_can_be_written_there_and_what_comes_from_elsewhere_cannot(place: Place) -> None:
    assert place.target.reaches(replace(place.article, source=BUILT_IN, path=""))
    assert place.target.reaches(place.article)
    assert not place.target.reaches(replace(place.article, source="/somewhere/else"))
    assert not place.target.reaches(replace(place.article, path="vpn.docx"))


def test_the_same_change_twice_is_written_once(place: Place) -> None:
    first = place.target.write(change())
    assert first == place.target.write(change())
    assert first.file.endswith("badge.md") and first.branch == "firstline/badge"
    again = place.target.write(change(text="Open the side flap.", known=("Open the flap.",), revision=2))
    assert again.commit != first.commit
    assert place.target.write(change()) == first, "also when a later one was written meanwhile"


def test_a_file_that_says_something_else_by_now_is_not_overwritten(place: Place) -> None:
    source = place.article.source
    assert place.target.unlike(place.article, ["Older.", "Connect first."]) == ""
    assert "vpn.md" in place.target.unlike(place.article, ["Something else."])
    with pytest.raises(Refused, match=r"vpn\.md"):
        place.target.write(change(source, "Connect last.", known=("What was here before.",), name="vpn"))
    place.target.write(change(source, "Connect last.", known=("Connect first.",), name="vpn"))
    assert place.target.unlike(place.article, ["Connect last."]) == ""


# -- Git alone ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return repository(tmp_path / "repository")


def test_a_change_is_a_commit_on_a_branch_and_nothing_else_moves(folder: Path) -> None:
    before = git(folder, "rev-parse", "main"), git(folder, "status", "--porcelain"), git(folder, "ls-files", "--stage")
    written = GitTarget(folder, "lindqvist.example", folder="it").write(change())
    assert (git(folder, "rev-parse", "main"), git(folder, "status", "--porcelain"), git(folder, "ls-files", "--stage")) == before
    assert git(folder, "diff", "--name-status", "main", "firstline/badge") == "A\tit/badge.md"
    assert (
        git(folder, "log", "-1", "--format=%an <%ae>|%cn|%s|%aI", "firstline/badge")
        == ("Elin Berg <elin@lindqvist.example>|Firstline|Because|2026-11-16T12:00:00Z")
        or git(folder, "log", "-1", "--format=%an|%s", "firstline/badge") == "Elin Berg|Because"
    )
    assert "Reviewed-by: Laura Keane" in git(folder, "log", "-1", "--format=%b", "firstline/badge")
    assert git(folder, "rev-parse", "firstline/badge") == written.commit
    assert git(folder, "show", "firstline/badge:it/badge.md").startswith("---\nid: badge\ntitle: Badge\nowner: desk\n")
    git(folder, "fsck", "--strict")


def test_a_changed_file_keeps_its_other_fields_and_git_merges_it(folder: Path) -> None:
    target = GitTarget(folder, "lindqvist.example")
    target.write(change(str(folder / "it"), "Connect last.", known=("Connect first.",), name="vpn"))
    git(folder, "merge", "-q", "--no-edit", "firstline/vpn")
    assert "colour: red" in (folder / "it" / "vpn.md").read_text()
    assert "Connect last." in (folder / "it" / "vpn.md").read_text()
    after = target.write(change(str(folder / "it"), "Connect twice.", known=("Connect last.",), name="vpn", revision=3))
    assert git(folder, "rev-list", "--count", f"main..{after.commit}") == "1", "what was merged is gone on from"


def test_a_new_article_does_not_take_the_file_of_another(folder: Path) -> None:
    written = GitTarget(folder, "lindqvist.example", folder="it").write(change(name="vpn"))
    assert written.file == "it/vpn.md", "the file declares this id"
    (folder / "it" / "badge.md").write_text("---\nid: other\n---\n\nOther.\n")
    git(folder, "add", "it")
    git(folder, "commit", "-qm", "Other")
    assert GitTarget(folder, "lindqvist.example", folder="it").write(change()).file == "it/badge-2.md"


def test_a_file_with_broken_front_matter_is_left_to_people(folder: Path) -> None:
    (folder / "it" / "vpn.md").write_text("---\ntitle: [unclosed\n---\nConnect first.\n")
    git(folder, "commit", "-qam", "Broken")
    with pytest.raises(Refused, match="front matter"):
        GitTarget(folder, "lindqvist.example").write(change(str(folder / "it"), "x", known=("Connect first.",), name="vpn"))


def test_a_repository_that_is_missing_locked_or_empty_is_tried_again(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(Unavailable, match="no Git repository"):
        GitTarget(tmp_path / "nowhere", "lindqvist.example").write(change())
    with pytest.raises(Unavailable, match="the branch trunk"):
        GitTarget(folder, "lindqvist.example", base="trunk").write(change())
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "-q")
    with pytest.raises(Unavailable, match="a first commit"):
        GitTarget(empty, "lindqvist.example").write(change())
    lock = folder / ".git" / "refs" / "heads" / "firstline" / "badge.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    with pytest.raises(Unavailable, match="locked"):
        GitTarget(folder, "lindqvist.example").write(change())
    lock.unlink()
    assert GitTarget(folder, "lindqvist.example").write(change()).branch == "firstline/badge"


def test_a_branch_that_is_checked_out_is_not_written_under_its_files(folder: Path) -> None:
    target = GitTarget(folder, "lindqvist.example", base="main")
    target.write(change())
    git(folder, "checkout", "-q", "firstline/badge")
    with pytest.raises(Unavailable, match="checked out"):
        target.write(change(text="Open the side flap.", revision=2))
    git(folder, "checkout", "-q", "main")
    assert target.write(change(text="Open the side flap.", revision=2))


def remote(folder: Path, tmp_path: Path) -> Path:
    bare = tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", str(bare))
    git(folder, "remote", "add", "origin", str(bare))
    return bare


def test_a_branch_is_pushed_and_never_over_somebody_elses_commits(folder: Path, tmp_path: Path) -> None:
    bare = remote(folder, tmp_path)
    target = GitTarget(folder, "lindqvist.example", remote="origin")
    written = target.write(change())
    assert written.pushed == "origin"
    assert git(bare, "rev-parse", "firstline/badge") == written.commit
    assert git(bare, "for-each-ref", "--format=%(refname)") == "refs/heads/firstline/badge"
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", "-b", "firstline/badge", str(bare), str(other))
    git(other, "-c", "user.name=Bo", "-c", "user.email=bo@lindqvist.example", "commit", "-q", "--allow-empty", "-m", "Mine")
    git(other, "push", "-q", "origin", "firstline/badge")
    theirs = git(bare, "rev-parse", "firstline/badge")
    with pytest.raises(Refused, match="has commits that this repository has not"):
        target.write(change(text="Open the side flap.", known=("Open the flap.",), revision=2))
    assert git(bare, "rev-parse", "firstline/badge") == theirs
    assert "side flap" in git(folder, "show", "firstline/badge:badge.md"), "the change is not lost"


def test_a_remote_that_cannot_be_reached_is_tried_again_with_the_same_commit(folder: Path, tmp_path: Path) -> None:
    bare = remote(folder, tmp_path)
    bare.rename(tmp_path / "away.git")
    target = GitTarget(folder, "lindqvist.example", remote="origin")
    with pytest.raises(Unavailable, match="could not be pushed"):
        target.write(change())
    made = git(folder, "rev-parse", "firstline/badge")
    (tmp_path / "away.git").rename(bare)
    assert target.write(change()).commit == made == git(bare, "rev-parse", "firstline/badge")


def test_a_mirror_is_not_pushed_to(folder: Path, tmp_path: Path) -> None:
    remote(folder, tmp_path)
    git(folder, "config", "remote.origin.mirror", "true")
    with pytest.raises(Refused, match="mirror"):
        GitTarget(folder, "lindqvist.example", remote="origin").write(change())


def test_articles_written_at_the_same_moment_each_get_their_branch(folder: Path) -> None:
    target, failed = GitTarget(folder, "lindqvist.example"), []

    def write(name: str) -> None:
        try:
            target.write(change(name=name))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(f"a{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert git(folder, "for-each-ref", "--format=%(refname:short)", "refs/heads/firstline").split() == [f"firstline/a{n}" for n in range(6)]
    git(folder, "fsck", "--strict")
