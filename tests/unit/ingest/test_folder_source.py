"""A folder as a source of files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ingest.sources.folder import SourceUnreadable, list_folder, megabytes, source_name

LIMIT = 1_000_000


def write(path: Path, text: str = "text") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def paths(folder: Path) -> list[str]:
    return [file.path for file in list_folder(folder, LIMIT).files]


def test_files_of_known_kinds_are_listed_in_order_of_their_path(tmp_path: Path) -> None:
    for name in ("b.md", "a/z.PDF", "a/c.docx", "q.csv", "p.htm", "p.html", "x.markdown"):
        write(tmp_path / name)
    assert paths(tmp_path) == ["a/c.docx", "a/z.PDF", "b.md", "p.htm", "p.html", "q.csv", "x.markdown"]


def test_other_kinds_are_counted_and_hidden_files_are_not(tmp_path: Path) -> None:
    for name in ("a.png", "b.txt", ".hidden.md", ".git/c.md", "~$d.docx"):
        write(tmp_path / name)
    listing = list_folder(tmp_path, LIMIT)
    assert (listing.files, listing.ignored, listing.refused) == ((), 2, ())


def test_a_source_is_named_by_its_absolute_path_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    assert source_name(Path("link/../link/.")) == str((tmp_path / "real").resolve())


@pytest.mark.parametrize("name", ["missing", "file.md"])
def test_a_missing_folder_and_a_file_are_refused_in_plain_words(tmp_path: Path, name: str) -> None:
    write(tmp_path / "file.md")
    with pytest.raises(SourceUnreadable, match="Nothing was changed"):
        list_folder(tmp_path / name, LIMIT)


def test_a_folder_that_cannot_be_listed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "scandir", _failing_below(tmp_path))
    with pytest.raises(SourceUnreadable, match="cannot be listed: Permission denied"):
        list_folder(tmp_path, LIMIT)


def test_a_subfolder_that_cannot_be_listed_is_named_and_the_rest_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "locked/a.md")
    write(tmp_path / "open/b.md")
    monkeypatch.setattr(os, "scandir", _failing_below(tmp_path / "locked"))
    listing = list_folder(tmp_path, LIMIT)
    assert [file.path for file in listing.files] == ["open/b.md"]
    assert [failure.path for failure in listing.refused] == ["locked"]


def _failing_below(folder: Path) -> object:
    genuine = os.scandir

    def scandir(path: Path) -> object:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied")
        return genuine(path)

    return scandir


def test_a_large_file_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    with (tmp_path / "big.pdf").open("wb") as file:
        file.truncate(300_000_000)
    listing = list_folder(tmp_path, 50_000_000)
    assert listing.files == ()
    assert [failure.reason for failure in listing.refused] == ["is 300 MB, the limit is 50 MB"]


def test_sizes_near_the_limit_are_told_apart() -> None:
    assert (megabytes(50_200_000), megabytes(50_000_000)) == ("50.2 MB", "50 MB")


def test_links_out_of_the_folder_are_not_followed_but_named(tmp_path: Path) -> None:
    write(tmp_path / "outside/secret.md")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file.md").symlink_to(tmp_path / "outside/secret.md")
    (folder / "sub").symlink_to(tmp_path / "outside")
    (folder / "lost.md").symlink_to(tmp_path / "nowhere.md")
    listing = list_folder(folder, LIMIT)
    assert listing.files == ()
    assert [failure.path for failure in listing.refused] == ["file.md", "lost.md", "sub"]


def test_a_mounted_configuration_with_links_to_a_hidden_folder_is_read_once(tmp_path: Path) -> None:
    write(tmp_path / "..2026/a.md")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "a.md").symlink_to("..data/a.md")
    (tmp_path / "sub").symlink_to("..data")
    assert paths(tmp_path) == ["a.md"]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    write(tmp_path / "a/b.md")
    (tmp_path / "a/again").symlink_to("..")
    (tmp_path / "self.md").symlink_to("self.md")
    listing = list_folder(tmp_path, LIMIT)
    assert [file.path for file in listing.files] == ["a/b.md"]
    assert [failure.path for failure in listing.refused] == ["self.md"]


def test_a_pipe_named_like_an_article_does_not_stop_the_run(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    listing = list_folder(tmp_path, LIMIT)
    assert (listing.files, listing.ignored) == ((), 1)


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md")).write_text("x")
    listing = list_folder(tmp_path, LIMIT)
    assert listing.files == ()
    assert "UTF-8" in listing.refused[0].reason
