"""The measure of correlation: what it counts, that the label never gets in, and that scenes say what they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.entrypoints.alert_sources.mapping import read_mapping
from evals.correlation.measure import Labelled, measures, read_alerts
from evals.correlation.scenes import scenes
from tests.support.alarms import report


def rows(*labels: str) -> list[Labelled]:
    return [Labelled(report(f"d{n}"), label) for n, label in enumerate(labels)]


def test_groups_that_match_the_labels_are_right_in_every_measure() -> None:
    found = measures(rows("a", "a", "b", "b", ""), ["1", "1", "2", "2", "3"])
    assert set(found.values()) == {1.0}


def test_pairs_are_counted_by_hand() -> None:
    found = measures(rows("a", "a", "a", "b", ""), ["1", "1", "2", "2", "2"])
    assert (found["precision"], found["recall"]) == (1 / 4, 1 / 3)
    assert found["incidents_per_true_incident"] == 1.0


def test_two_alerts_of_no_incident_in_one_group_are_wrong() -> None:
    assert measures(rows("", ""), ["1", "1"])["precision"] == 0.0


def test_the_label_never_reaches_an_alert(tmp_path: Path) -> None:
    made, path = scenes(3, 200), tmp_path / "alerts.jsonl"
    path.write_text("\n".join(map(json.dumps, made)))
    read = read_alerts(path, read_mapping())
    assert len(read.rows) == len(made)
    assert read.generated
    assert not read.sorted
    for one in read.rows:
        assert "incident" not in dict(one.report.fields)
        assert not one.incident or one.incident not in repr(one.report)


def test_a_file_in_no_order_is_sorted_and_says_so(tmp_path: Path) -> None:
    made, path = scenes(3, 400), tmp_path / "alerts.jsonl"
    path.write_text("\n".join(map(json.dumps, sorted(made, key=lambda row: str(row.get("device"))))))
    assert read_alerts(path, read_mapping()).sorted


@pytest.mark.parametrize("setting", ["easy", "hard"])
def test_scenes_are_the_same_for_a_seed_and_say_that_they_are_generated(setting: str) -> None:
    made = scenes(5, 300, setting)
    assert made == scenes(5, 300, setting)
    assert made != scenes(6, 300, setting)
    assert all(row["generated"] is True and "time" in row and "incident" in row for row in made)
    assert {row["incident"] is None for row in made} == {True, False}
