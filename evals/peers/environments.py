"""Makes each peer's own virtual environment from its lock, once, and finds it again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

COMPLETE = ".complete"
SECONDS = 1_800.0


class EnvironmentFailed(Exception):
    """An environment could not be made; the message says why."""


def prepared(name: str, lock: Path, folder: Path, progress: Callable[[str], None]) -> Path:
    """Return the Python of the environment ``folder/name``; make it if it is missing, incomplete, or
    made from another lock, in another way or for another Python.

    torch is not locked: the environment gets the version (and, where pip's find-links have it, the very wheel) that
    Firstline has, hard-linked from uv's cache where the file system allows it. The rest is copied, because NLTK refuses
    to read files that are linked.

    Raises:
        EnvironmentFailed: uv is missing, or a package cannot be had.
    """
    place = (folder / name).absolute()
    python = place / "bin" / "python"
    torch = f"torch=={version('torch').partition('+')[0]}"
    wanted = sha256(b"\n".join([lock.read_bytes(), Path(__file__).read_bytes(), torch.encode(), sys.version.encode()])).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"{name}.making"):
        stamp = place / COMPLETE
        if stamp.exists() and stamp.read_text() == wanted and python.exists():
            return python
        progress(f"{name}: making its environment in {place}")
        shutil.rmtree(place, ignore_errors=True)
        _make(place, python, torch, lock)
        stamp.write_text(wanted)
    return python


def _make(place: Path, python: Path, torch: str, lock: Path) -> None:
    uv = _uv()
    links = find_links(_pip_settings(), os.environ.get("UV_FIND_LINKS", ""))
    environment = {**os.environ, **({"UV_FIND_LINKS": links} if links else {})}
    _run([uv, "venv", "--quiet", "--python", sys.executable, str(place)], environment)
    install = [uv, "pip", "install", "--quiet", "--python", str(python), "--no-deps"]
    try:
        _run([*install, "--no-index", torch], environment)
    except EnvironmentFailed:
        _run([*install, "--torch-backend", "cpu", torch], environment)
    _run([*install, "--link-mode", "copy", "--require-hashes", "-r", str(lock)], environment)


def _uv() -> str:
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        raise EnvironmentFailed("uv is not installed; `make setup` installs it")
    return found


def _pip_settings() -> str:
    """Return what pip says about its configuration; nothing where there is no pip."""
    try:
        done = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def find_links(settings: str, known: str) -> str:
    """Return pip's find-links as uv takes them (joined by commas), after those that are known; uv does not read pip's settings."""
    named = re.findall(r"^[^=\n]*find-links='(.*)'$", settings, re.MULTILINE)
    places = [place for text in named for place in text.replace("\\n", " ").split()]
    return ",".join(dict.fromkeys([*filter(None, known.split(",")), *places]))


def _run(command: list[str], environment: dict[str, str]) -> None:
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnvironmentFailed(f"{Path(command[0]).name} {command[1]}: {error}") from error
    if done.returncode:
        said = " ".join(done.stderr.split())[-300:]
        raise EnvironmentFailed(f"{Path(command[0]).name} {command[1]} ended with status {done.returncode}: {said}")
