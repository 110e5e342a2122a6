"""A weekly review through power cuts and with two replicas: one record, one mail's worth of errands, nothing lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.adapters.store.unit_of_work import SqlStore
from assistant.domain.review import Frozen
from kb.adapters.store.engine import open_engine

SCRIPT = Path(__file__).with_name("review_process.py")
ROOT = Path(__file__).parents[3]
KILLED, PATIENCE_SECONDS = -9, 90


def started(folder: Path, moment: str = "-", holder: str = "here", workflows: str = "workflows") -> subprocess.Popen[str]:
    where = f"sqlite:///{folder / 'firstline.db'}", f"sqlite:///{folder / f'{workflows}.db'}"
    command = [sys.executable, str(SCRIPT), str(folder), *where, holder, moment]
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def ended(process: subprocess.Popen[str], status: int = 0) -> None:
    said = process.communicate(timeout=PATIENCE_SECONDS)[0]
    assert process.returncode == status, said[-3000:]


def reviews(folder: Path) -> list[Frozen]:
    engine = open_engine(f"sqlite:///{folder / 'firstline.db'}")
    with SqlStore(engine, 0.78).read() as unit:
        found = [unit.reviews.load(head.week, head.version) for head in unit.reviews.heads()]
        frozen = [line for line in unit.audit.lines(mentioning='"frozen"') if line.facts["step"] == "review"]
    engine.dispose()
    assert len(frozen) == len(found)
    return [one for one in found if one is not None]


def sent(folder: Path) -> list[str]:
    return [line.split()[0] for line in (folder / "sent").read_text().splitlines()]


@pytest.mark.parametrize(("moment", "deliveries"), [("making", 1), ("frozen", 1), ("mailed", 2)])
def test_a_power_cut_at_any_moment_leaves_one_review_and_one_mail_by_its_key(tmp_path: Path, moment: str, deliveries: int) -> None:
    (tmp_path / "go").touch()
    ended(started(tmp_path, moment), KILLED)
    assert len(reviews(tmp_path)) == (0 if moment == "making" else 1)
    ended(started(tmp_path))
    [made] = reviews(tmp_path)
    assert made.faults() == []
    assert sent(tmp_path) == [f"review.mail:{made.week}:ann"] * deliveries


def test_two_replicas_make_one_review_and_send_one_mail(tmp_path: Path) -> None:
    pair = [started(tmp_path, holder=name, workflows=name) for name in ("here", "there")]
    while not all((tmp_path / f"ready-{name}").exists() for name in ("here", "there")):
        assert all(process.poll() is None for process in pair), pair[0].communicate()[0] + pair[1].communicate()[0]
    (tmp_path / "go").touch()
    for process in pair:
        ended(process)
    [made] = reviews(tmp_path)
    assert sent(tmp_path) == [f"review.mail:{made.week}:ann"]
