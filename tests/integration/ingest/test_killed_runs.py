"""Runs that are killed at any point are made good by the next."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from ingest_world import open_world

ROOT = Path(__file__).parents[3]
KILLS = 4


def start(home: Path, folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    script = str(Path(__file__).with_name("ingest_world.py"))
    process = subprocess.Popen([sys.executable, script, str(home), str(folder)], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def edit(folder: Path, chance: random.Random) -> None:
    """Change, add, rename and delete some files."""
    files = sorted(folder.glob("*.md"))
    for path in chance.sample(files, 12):
        kind = chance.choice(["edit", "delete", "rename"])
        if kind == "edit":
            path.write_text(f"# {path.stem}\n\nEdited {chance.random()}.")
        elif kind == "delete":
            path.unlink()
        else:
            path.rename(folder / f"moved-{chance.randrange(10**9)}.md")
    for _ in range(8):
        name = f"new-{chance.randrange(10**9)}"
        (folder / f"{name}.md").write_text(f"# {name}\n\nWritten {chance.random()}.")


@pytest.mark.timeout(120)
def test_a_run_killed_at_any_point_is_made_good_by_the_next(tmp_path: Path) -> None:
    chance = random.Random(7)
    folder, home = tmp_path / "articles", tmp_path / "home"
    folder.mkdir()
    for number in range(60):
        (folder / f"a{number}.md").write_text(f"# a{number}\n\nText {number}.\n\n## More\n\n" + "word " * 40)
    for _ in range(KILLS):
        process = start(home, folder)
        readers = psutil.Process(process.pid).children(recursive=True)
        time.sleep(chance.uniform(0.0, 1.2))
        readers += psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert psutil.wait_procs(readers, timeout=20)[1] == [], "a reader outlived its run"
        edit(folder, chance)
    world = open_world(home)
    run = world.sync(folder)
    assert (run.state, run.failures) == ("complete", ())
    expected = {path.name: path.read_text().split("\n", 2)[2].strip() for path in folder.glob("*.md")}
    assert dict(world.texts().values()) == expected
    assert len(world.texts()) == len(expected)
    assert all(agreement.agrees for agreement in world.keeper.check())
    again = world.sync(folder)
    assert again.unchanged == len(expected)
    world.close()
