"""What is installed is what was locked: every dependency pinned, with hashes, and without the address it came from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.support.tree import ROOT

REQUIREMENTS = ROOT / "requirements"
LOCKS = sorted(REQUIREMENTS.glob("*.lock"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PIN = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)(\[[^\]]*\])?==(?P<version>[^\s;\\]+)(?P<rest>.*)$")


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;]", name, maxsplit=1)[0]).lower()


def entries(lock: Path) -> list[str]:
    """Return the logical lines of a lock, without comments."""
    lines = [line for line in lock.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [entry.strip() for entry in re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines()]


def pinned(lock: Path) -> dict[str, str]:
    """Return the pinned version of each distribution."""
    found = {}
    for entry in entries(lock):
        match = PIN.match(entry)
        assert match, f"{lock.name}: {entry[:80]} is not pinned"
        found[canonical(match["name"])] = match["version"]
    return found


def test_there_is_a_lock_for_running_and_one_for_developing() -> None:
    assert [lock.name for lock in LOCKS] == ["dev.lock", "run.lock"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_line_is_pinned_with_a_hash(lock: Path) -> None:
    assert len(pinned(lock)) > 50
    assert [entry[:80] for entry in entries(lock) if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry)] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_lock_names_an_address_or_a_folder(lock: Path) -> None:
    text = lock.read_text()
    for sign in ("://", "--index-url", "--extra-index-url", "--find-links", "--trusted-host", " @ ", "-e ", "file:"):
        assert sign not in text, sign


def test_the_running_lock_pins_every_dependency_of_the_project() -> None:
    wanted = {canonical(name) for name in PROJECT["dependencies"]}
    assert wanted - set(pinned(REQUIREMENTS / "run.lock")) == set()


def test_the_developing_lock_pins_every_extra_of_the_project() -> None:
    wanted = {canonical(name) for names in PROJECT["optional-dependencies"].values() for name in names}
    locked = set(pinned(REQUIREMENTS / "dev.lock")) | set(pinned(REQUIREMENTS / "run.lock"))
    assert wanted - locked == set()


def test_both_locks_agree_on_every_version_that_they_share() -> None:
    running, developing = (pinned(REQUIREMENTS / name) for name in ("run.lock", "dev.lock"))
    assert {name: (running[name], developing[name]) for name in running.keys() & developing.keys() if running[name] != developing[name]} == {}


def test_torch_is_chosen_at_set_up_and_not_locked() -> None:
    for lock in LOCKS:
        assert not {name for name in pinned(lock) if name == "torch" or name.startswith(("nvidia-", "triton"))}


def test_pinned_versions_satisfy_what_the_project_asks_for() -> None:
    from packaging.requirements import Requirement

    locked = pinned(REQUIREMENTS / "run.lock")
    wrong = [text for text in PROJECT["dependencies"] if not Requirement(text).specifier.contains(locked[canonical(text)], prereleases=True)]
    assert wrong == []
