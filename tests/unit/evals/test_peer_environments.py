"""Each peer's environment comes from its lock alone, is made once, and is never half made."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from evals.peers.environments import EnvironmentFailed, find_links, prepared
from evals.peers.systems import PEERS, SYSTEMS

LOCKS = {system.name: system.lock for system in SYSTEMS if system.lock}
UV = """#!/bin/sh
echo "$@" >>{log}
case "$*" in
    *{fails}*) echo "no such package" >&2; exit 1;;
    venv*) for place; do :; done; mkdir -p "$place/bin"; : >"$place/bin/python";;
esac
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A uv beside this Python that notes what it is asked."""
    with_uv(tmp_path, monkeypatch, fails="no-such-word")
    return tmp_path / "calls"


def with_uv(folder: Path, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    place = folder / "bin"
    place.mkdir(exist_ok=True)
    (place / "uv").write_text(UV.format(log=folder / "calls", fails=fails))
    (place / "uv").chmod(0o755)
    if not (place / "python").exists():
        (place / "python").symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(place / "python"))


def lock(folder: Path, text: str = "rank-bm25==0.2.2") -> Path:
    file = folder / "peer.lock"
    file.write_text(text)
    return file


def test_an_environment_is_made_once_and_found_again(tmp_path: Path, calls: Path) -> None:
    said: list[str] = []
    python = prepared("peer", lock(tmp_path), tmp_path / "made", said.append)
    assert python == tmp_path / "made" / "peer" / "bin" / "python"
    asked = calls.read_text().splitlines()
    assert [line.split()[0] for line in asked] == ["venv", "pip", "pip"]
    assert "torch==" in asked[1] and "--no-index" in asked[1]
    assert "--require-hashes" in asked[2] and "--no-deps" in asked[2]
    assert prepared("peer", lock(tmp_path), tmp_path / "made", said.append) == python
    assert calls.read_text().splitlines() == asked
    assert len(said) == 1


def test_another_lock_makes_the_environment_anew(tmp_path: Path, calls: Path) -> None:
    prepared("peer", lock(tmp_path), tmp_path / "made", print)
    (tmp_path / "made" / "peer" / "left-over").touch()
    prepared("peer", lock(tmp_path, "rank-bm25==0.2.3"), tmp_path / "made", print)
    assert not (tmp_path / "made" / "peer" / "left-over").exists()
    assert len(calls.read_text().splitlines()) == 6


def test_what_cannot_be_installed_is_said_and_tried_again_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_uv(tmp_path, monkeypatch, fails="--require-hashes")
    with pytest.raises(EnvironmentFailed, match="uv pip ended with status 1: no such package"):
        prepared("peer", lock(tmp_path), tmp_path / "made", print)
    with_uv(tmp_path, monkeypatch, fails="no-such-word")
    assert prepared("peer", lock(tmp_path), tmp_path / "made", print).exists()


def test_torch_is_downloaded_where_no_folder_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_uv(tmp_path, monkeypatch, fails="--no-index")
    prepared("peer", lock(tmp_path), tmp_path / "made", print)
    assert "--torch-backend cpu torch==" in (tmp_path / "calls").read_text()


def test_without_uv_the_reason_is_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFailed, match="uv is not installed"):
        prepared("peer", lock(tmp_path), tmp_path / "made", print)


@pytest.mark.parametrize(
    ("settings", "known", "expected"),
    [
        ("", "", ""),
        ("global.find-links='/wheels'\n", "", "/wheels"),
        (":env:.find-links='/wheels'\nglobal.find-links='/wheels /more'\nglobal.timeout='9'\n", "", "/wheels,/more"),
        ("global.find-links='\\n/one\\n/two'\n", "/zero", "/zero,/one,/two"),
    ],
)
def test_pips_folders_of_wheels_are_handed_to_uv(settings: str, known: str, expected: str) -> None:
    assert find_links(settings, known) == expected


@pytest.mark.parametrize("name", PEERS)
def test_a_lock_pins_what_is_asked_for_with_hashes_and_without_addresses(name: str) -> None:
    text = LOCKS[name].read_text()
    entries = [line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]
    assert [line for line in entries if not re.search(r"^[\w.-]+(\[[\w,]+\])?==\S+.*--hash=sha256:[0-9a-f]{64}", line)] == []
    for sign in ("://", "index-url", "find-links", "file:", " @ "):
        assert sign not in text
    pinned = {match[1]: match[2] for line in entries if (match := re.match(r"([\w.-]+)(?:\[[\w,]+\])?==(\S+)", line))}
    assert not {package for package in pinned if package == "torch" or package.startswith(("nvidia-", "triton"))}
    for line in LOCKS[name].with_suffix(".in").read_text().splitlines():
        wanted = Requirement(line)
        assert wanted.specifier.contains(pinned[wanted.name])


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_every_driver_names_only_distributions_that_its_lock_has(system: object) -> None:
    from evals.peers.drivers.serve import load
    from evals.peers.systems import System

    assert isinstance(system, System)
    packages = set(load(system.driver).PACKAGES)
    if system.lock is not None:
        assert {package for package in packages - {"torch"} if f"\n{package}==" not in f"\n{system.lock.read_text()}"} == set()
