"""The measure of freshness: a good build passes it, and one whose guard is off is caught."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.agent import present
from evals.freshness.figures import metrics_of
from evals.freshness.measure import Freshness, measure
from evals.freshness.surfaces import NotAnswered
from tests.support.service import served_here

WINDOW = 2.0


def measured(home: Path, folder: Path) -> Freshness:
    folder.mkdir()
    said: list[str] = []
    with served_here(home, messages_per_minute=100_000) as service:
        figures = measure(service.url, home, folder, rounds=1, seed=3, progress=said.append)
    assert said == [f"round 1 of 1: {len(figures.stale)} stale citations so far"]
    assert list(folder.iterdir()) == []
    return figures


def test_the_service_shows_nothing_old_two_seconds_after_a_change(demo_home: Callable[[str], Path], tmp_path: Path) -> None:
    figures = measured(demo_home("guarded"), tmp_path / "articles")
    assert figures.stale == []
    assert figures.probes == 18
    metrics = metrics_of(figures)
    assert metrics["stale_citations"].value == 0
    assert 0 < metrics["delete_max_s"].value <= WINDOW
    assert {"publish_p95_s", "edit_p95_s", "revoke_p95_s", "delete_p95_s", "edit_new_p95_s", "delete_socket_p95_s"} <= metrics.keys()


def test_a_build_that_shows_stored_replies_as_they_are_is_caught(
    demo_home: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(present, "presented", lambda reply, *_: reply)
    figures = measured(demo_home("unguarded"), tmp_path / "articles")
    old_replies = {f"{kind} {place}" for kind in ("edit", "revoke", "delete") for place in ("repeat", "events", "socket")}
    assert set(figures.stale) == old_replies
    assert metrics_of(figures)["delete_max_s"].value >= WINDOW


def test_a_service_that_does_not_answer_cannot_be_measured(demo_home: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evals.freshness.measure.PUBLISH_SECONDS", 1.0)
    monkeypatch.setattr("evals.freshness.measure.ARTICLE", "---\nid: {key}\ntitle: {title}\naudience: [finance]\n---\n{thing} {canary} {audience}\n")
    folder = tmp_path / "articles"
    folder.mkdir()
    home = demo_home("silent")
    with served_here(home, messages_per_minute=100_000) as service, pytest.raises(NotAnswered, match="was not cited"):
        measure(service.url, home, folder, rounds=1, seed=3, progress=lambda _: None)
