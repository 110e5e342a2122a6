"""The policy: who decides at which confidence, and which files are refused."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.governance.policy import Band, Disposition, Policy, PolicyError
from assistant.governance.policy_file import PACKAGED, load_policy

POLICY = Policy("v", {"answer": Band(0.5, 0.2), "attach": Band(0.7, 0.7)})
GOOD = "[steps.answer]\nauto = 0.5\nreview = 0.2\n[steps.second_answer]\nauto = 0.6\nreview = 0.5\n[steps.attach]\nauto = 0.7\nreview = 0.7\n"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "policy.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(
    ("step", "confidence", "expected"),
    [
        ("answer", 1.0, Disposition.AUTO),
        ("answer", 0.5, Disposition.AUTO),
        ("answer", math.nextafter(0.5, 0), Disposition.REVIEW),
        ("answer", 0.2, Disposition.REVIEW),
        ("answer", math.nextafter(0.2, 0), Disposition.ESCALATE),
        ("answer", 0.0, Disposition.ESCALATE),
        ("attach", 0.7, Disposition.AUTO),
        ("attach", 0.69, Disposition.ESCALATE),
    ],
)
def test_a_band_begins_at_its_edge(step: str, confidence: float, expected: Disposition) -> None:
    assert POLICY.decide(step, confidence) is expected


@pytest.mark.parametrize("step", ["", "Answer", "answer ", "delete_account", "file"])
def test_an_unknown_step_is_left_to_people(step: str) -> None:
    assert POLICY.decide(step, 1.0) is Disposition.ESCALATE


@pytest.mark.parametrize("confidence", [math.nan, math.inf, -math.inf, -0.01, 1.01, 100.0])
def test_what_is_no_probability_is_left_to_people(confidence: float) -> None:
    assert POLICY.decide("answer", confidence) is Disposition.ESCALATE


@settings(derandomize=True, database=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_more_confidence_never_means_less_autonomy(one: float, other: float) -> None:
    order = [Disposition.ESCALATE, Disposition.REVIEW, Disposition.AUTO]
    low, high = sorted((one, other))
    assert order.index(POLICY.decide("answer", low)) <= order.index(POLICY.decide("answer", high))


def test_the_packaged_policy_has_every_step_that_the_assistant_takes() -> None:
    assert {"answer", "second_answer", "attach"} <= set(load_policy().bands)


def test_the_version_is_the_files_and_changes_with_it(tmp_path: Path) -> None:
    first = load_policy(written(tmp_path, GOOD))
    assert first.bands["second_answer"] == Band(0.6, 0.5)
    assert load_policy(written(tmp_path, GOOD)).version == first.version
    assert load_policy(written(tmp_path, GOOD + "# a remark\n")).version != first.version
    assert first.version != load_policy(PACKAGED).version


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "steps"),
        ("steps = 3", ""),
        ("steps = [1, 2]", ""),
        ("[steps]\nanswer = 0.5", ""),
        ("[steps.answer]\nauto = 0.5", "review"),
        (GOOD.replace("auto = 0.5", "auto = 'high'"), "high"),
        (GOOD.replace("auto = 0.5", "auto = nan"), "answer"),
        (GOOD.replace("auto = 0.5", "auto = 1.5"), "answer"),
        (GOOD.replace("review = 0.2", "review = -0.1"), "answer"),
        (GOOD.replace("review = 0.2", "review = 0.6"), "answer"),
        (GOOD.replace("[steps.answer]\nauto = 0.5\nreview = 0.2\n", ""), "answer"),
        (GOOD.replace("[steps.attach]\nauto = 0.7\nreview = 0.7\n", ""), "attach"),
        ("[steps.answer\nauto = 0.5", ""),
        (b"\xff\xfe[steps.answer]", ""),
    ],
)
def test_a_file_without_sensible_bands_is_refused_by_name(tmp_path: Path, text: str | bytes, why: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    assert str(path) in str(caught.value)
    assert why in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(PolicyError, match=str(path)):
            load_policy(path)
