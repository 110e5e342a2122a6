"""A comparison runs every system on the same work and goes on when one of them fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.beir import BadInput
from evals.peers.measure import Measured, Run, compare
from evals.peers.outcome import Outcome
from evals.peers.systems import System
from evals.peers.work import Work, read_work, write_files
from tests.support.peer_drivers import CRASHES, WORKING, driver

DOCUMENTS = {"vpn": "connect the tunnel", "mail": "add the account", "print": "choose a printer", "desk": "book a desk"}
QUESTIONS = [("q1", "which tunnel", "vpn"), ("q2", "new account", "mail"), ("q3", "printer is gone", "print"), ("q4", "lunch", None)]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    corpus, queries, qrels = tmp_path / "corpus.jsonl", tmp_path / "queries.jsonl", tmp_path / "qrels.tsv"
    corpus.write_text("".join(json.dumps({"_id": key, "title": key.title(), "text": text}) + "\n" for key, text in DOCUMENTS.items()))
    queries.write_text("".join(json.dumps({"_id": key, "text": text, "answerable": bool(gold)}) + "\n" for key, text, gold in QUESTIONS))
    qrels.write_text("query-id\tcorpus-id\tscore\n" + "".join(f"{key}\t{gold}\t1\n" for key, _, gold in QUESTIONS if gold))
    return corpus, queries, qrels


def run_of(work: Work, folder: Path, passages: str, said: list[str]) -> Run:
    return Run(work, write_files(work, folder), folder, folder / "environments", {True: folder, False: folder}, passages, 1.0, said.append)


def measured(work: Work, folder: Path, passages: str = "own") -> tuple[dict[str, Measured], dict[str, str], list[str]]:
    said: list[str] = []
    working = driver(folder, "working", WORKING)
    systems = [System("firstline", working), System("crashing", driver(folder, "crashing", CRASHES)), System("working", working)]
    done, failed = compare(systems, run_of(work, folder, passages, said))
    return done, failed, said


def test_a_failing_peer_is_listed_and_the_run_goes_on(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    work = read_work(*files)
    done, failed, _ = measured(work, tmp_path)
    assert list(done) == ["firstline", "working"]
    assert failed == {"crashing": "ingest: it ended with status 3: out of luck"}
    outcome = Outcome(work, 4, "own", ["firstline", "crashing", "working"], done, failed)
    assert outcome.compares
    assert "crashing failed: ingest: it ended with status 3: out of luck" in outcome.text()
    outcome.write(tmp_path / "made.json")
    made = json.loads((tmp_path / "made.json").read_text())
    assert (made["command"], made["n"]) == ("eval peers", 3)
    assert made["settings"]["failed"] == failed
    assert made["metrics"]["working.ndcg@10"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert made["metrics"]["ratio.ndcg@10.working"]["value"] == 1.0
    assert {"ratio.latency_p50.working", "ratio.cold_start.working", "ratio.rss.best"} <= made["metrics"].keys()
    outcome.draw(tmp_path / "plot.svg")
    plot = (tmp_path / "plot.svg").read_text()
    assert plot.startswith("<svg") and plot.count(">failed<") == plot.count(">crashing<") > 0


def test_without_a_peer_there_is_no_comparison(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    work = read_work(*files)
    done, failed, _ = measured(work, tmp_path)
    assert not Outcome(work, 4, "own", ["firstline"], {"firstline": done["firstline"]}, failed).compares
    assert not Outcome(work, 4, "own", ["working"], {"working": done["working"]}, failed).compares


def test_a_system_is_told_the_questions_and_nothing_of_their_labels(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    work = read_work(*files)
    measured(work, tmp_path)
    asked = (tmp_path / "working" / "index" / "rows.asked").read_text().splitlines()
    assert set(asked) == {text for _, text, gold in QUESTIONS if gold}
    for given in ("documents.jsonl", "passages.jsonl"):
        assert {frozenset(json.loads(line)) for line in (tmp_path / given).read_text().splitlines()} == {frozenset({"id", "title", "text"})}


def test_the_same_passages_are_indexed_once_more_for_speed(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    work = read_work(*files)
    done, _, said = measured(work, tmp_path, "both")
    assert [line for line in said if "the same" in line] == ["working: indexing the same 4 passages"]
    assert done["firstline"].same == done["firstline"].indexed
    one = done["working"]
    assert one.same and one.same != one.indexed
    texts = [row["text"] for row in json.loads((tmp_path / "working" / "same" / "rows.json").read_text())]
    assert texts[0] == "Vpn. connect the tunnel"


def test_the_same_passages_alone_are_indexed_and_asked_once(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    done, _, said = measured(read_work(*files), tmp_path, "same")
    assert done["working"].same == done["working"].indexed
    assert len([line for line in said if line.startswith("working: indexing")]) == 1
    assert json.loads((tmp_path / "working" / "index" / "rows.json").read_text())[0]["text"] == "Vpn. connect the tunnel"


def test_own_passages_alone_give_no_ratio_of_the_same_passages(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    work = read_work(*files)
    done, failed, _ = measured(work, tmp_path, "own")
    metrics = Outcome(work, 4, "own", ["firstline", "working"], done, failed).metrics
    assert "working.passages_per_s" not in metrics and "ratio.passages_per_s.working" not in metrics
    assert metrics["working.own_passages_per_s"].value > 0


def test_limits_keep_the_relevant_documents_and_choose_the_same_again(files: tuple[Path, Path, Path]) -> None:
    work = read_work(*files, most_documents=2, most_queries=1)
    assert work == read_work(*files, most_documents=2, most_queries=1)
    assert len(work.judged) == 1 and len(work.documents) == 2
    assert work.judged[0].relevant.keys() <= {document.article_id for document in work.documents}
    assert len(read_work(*files, most_documents=1).documents) == 3


@pytest.mark.parametrize(
    ("which", "content", "expected"),
    [
        (0, "not json\n", "corpus.jsonl, line 1"),
        (1, '{"_id": "q1"}\n', "text is missing"),
        (2, "q1 vpn 1\n", "qrels.tsv, line 1"),
        (2, "q1\tnowhere\t1\n", "no query has a relevant document"),
    ],
)
def test_malformed_input_ends_with_status_two_and_says_where(files: tuple[Path, Path, Path], which: int, content: str, expected: str) -> None:
    from typer.testing import CliRunner

    from evals.cli import app

    files[which].write_text(content)
    with pytest.raises(BadInput):
        read_work(*files)
    done = CliRunner().invoke(app, ["peers", "--corpus", str(files[0]), "--queries", str(files[1]), "--qrels", str(files[2])])
    assert done.exit_code == 2
    assert "malformed input" in done.output and expected in done.output


def test_an_unknown_peer_ends_with_status_two(files: tuple[Path, Path, Path]) -> None:
    from typer.testing import CliRunner

    from evals.cli import app

    done = CliRunner().invoke(app, ["peers", "--corpus", str(files[0]), "--queries", str(files[1]), "--qrels", str(files[2]), "--peer", "lucene"])
    assert done.exit_code == 2
    assert "there is no peer lucene" in done.output


def test_firstline_itself_answers_through_its_driver(files: tuple[Path, Path, Path], tmp_path: Path, model_home: Path) -> None:
    from dataclasses import replace

    from evals.peers.systems import SYSTEMS

    said: list[str] = []
    work = read_work(*files)
    others = tuple(replace(work.documents[0], article_id=f"other-{i}", text=f"number {i}") for i in range(70))
    run = replace(run_of(replace(work, documents=work.documents + others), tmp_path, "both", said), models={True: model_home, False: tmp_path})
    done, failed = compare(SYSTEMS[:1], run)
    assert failed == {}
    one = done["firstline"]
    assert one.indexed.passages == run.files.count
    assert [found.ranked[0] for found in one.found] == ["vpn", "mail", "print"]
    assert len(one.cold_s) == 3 and min(one.cold_s) > 0.01
