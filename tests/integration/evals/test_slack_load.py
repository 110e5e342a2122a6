"""The measure of Slack under load counts one effect for each message, and sees a build that takes every delivery for a new one."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.security import served
from evals.slack.load import measure
from tests.support.service import copy_demo


@pytest.mark.parametrize("program", ["evals.security.probed", "evals.slack.careless"])
def test_a_build_that_forgets_what_it_took_in_is_seen(model_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(served, "PROGRAM", program)
    load = measure(tmp_path, copy_demo(tmp_path / "home", model_home), "http", 8, 4, 1, lambda _: None)
    assert load.repeated >= 2 and load.missing == 0 and load.lost == 0 and load.violations == []
    assert (load.doubled > 0) is (program == "evals.slack.careless")
    assert all(0 < seconds < 3 for seconds in load.seconds)
