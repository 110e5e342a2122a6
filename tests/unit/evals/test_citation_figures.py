"""``firstline eval citations``: what it reads, what it refuses, and that its figures can be bad."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.domain.reply import CitationView, Reply, ReplyKind
from evals.beir import BadInput
from evals.citations import Judged, agreement, read_pairs, shown, shown_by
from evals.cli import app

GOOD = {"sentence": "Wait 15 minutes.", "passage": "Wait 15 minutes.", "supported": True}
QUOTE = "Wait 15 minutes. Then call extension 4357."


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def reply(text: str) -> Reply:
    view = CitationView(article="a", revision=1, title="Waiting", heading="", quote=QUOTE, start=0, end=len(QUOTE))
    return Reply(conversation="c_1", state="open", kind=ReplyKind.ANSWER, text=text, citations=(view,))


@pytest.mark.parametrize("row", [{**GOOD, "supported": "yes"}, {**GOOD, "sentence": ""}, {**GOOD, "passage": 7}, {"sentence": "x"}, ["no object"]])
def test_malformed_pairs_end_with_status_two_and_say_where(tmp_path: Path, row: object) -> None:
    done = CliRunner().invoke(app, ["citations", str(write(tmp_path / "pairs.jsonl", GOOD, row)), "--no-answers"])
    assert done.exit_code == 2
    assert "malformed input" in done.output
    assert "pairs.jsonl" in done.output


def test_a_half_that_nobody_is_in_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no pairs of the half kept"):
        read_pairs(write(tmp_path / "pairs.jsonl", {**GOOD, "half": "tuning"}), "kept")
    assert len(read_pairs(write(tmp_path / "all.jsonl", GOOD), "kept")) == 1, "pairs without a half always count"


def test_the_figures_are_written_in_the_one_form(tmp_path: Path) -> None:
    target = tmp_path / "figures.json"
    pairs = write(tmp_path / "pairs.jsonl", GOOD, {**GOOD, "sentence": "Wait 20 minutes.", "supported": False})
    done = CliRunner().invoke(app, ["citations", str(pairs), "--no-answers", "--json", str(target)])
    assert done.exit_code == 0, done.output
    found = json.loads(target.read_text())
    assert (found["command"], found["n"]) == ("eval citations", 2)
    assert set(found["metrics"]) == {"accuracy", "kappa", "citation_precision", "citation_recall", "unsupported_passed"}
    assert found["metrics"]["kappa"]["value"] == 1


def test_precision_recall_and_what_passed_are_counted_from_the_right_rows() -> None:
    rows = [Judged(True, True)] * 6 + [Judged(True, False)] * 2 + [Judged(False, True)] * 3 + [Judged(False, False)] * 9
    figures = {name: metric.value for name, metric in agreement(rows).items()}
    assert figures["citation_precision"] == pytest.approx(6 / 9)
    assert figures["citation_recall"] == pytest.approx(6 / 8)
    assert figures["unsupported_passed"] == pytest.approx(3 / 12)
    assert figures["accuracy"] == pytest.approx(15 / 20)


def test_an_answer_that_says_more_than_its_source_is_counted() -> None:
    rows = shown_by(reply("### Wait\n\nWait 15 minutes. [1]\n\n1. Then call extension 4911. [1]\n\nDid this solve it?"))
    assert [(row.supported, row.verbatim) for row in rows] == [(True, True), (False, False)]
    assert shown(rows)["unsupported_shown"].value == 0.5
