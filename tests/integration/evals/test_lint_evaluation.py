"""``firstline eval lint`` on a small file of articles, and on files that are none."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.service import firstline

TOPICS = ("printer", "scanner", "archive", "projector", "telephone", "calendar")


def article(number: int, topic: str) -> dict[str, str]:
    text = (
        f"The {topic} of the {topic} room is ready after {number + 3} minutes. Staff must lock the {topic} cupboard in the evening.\n\n"
        f"Reports about the {topic} are kept for {number + 20} days by the {topic} team. The {topic} service is enabled for all offices here."
    )
    return {"id": f"a{number}", "title": f"All about the {topic}", "text": text, "platform": "windows" if number % 2 else "any"}


def test_planted_contradictions_are_counted_and_written_in_the_one_form(model_home: Path, tmp_path: Path) -> None:
    file, target = tmp_path / "articles.jsonl", tmp_path / "lint.json"
    file.write_text("\n".join(json.dumps(article(n, topic)) for n, topic in enumerate(TOPICS)))
    done = firstline(tmp_path, "eval", "lint", "--articles", str(file), "--plants", "3", "--model-home", str(model_home), "--json", str(target))
    assert done.returncode == 0, done.stderr
    facts = json.loads(target.read_text())
    assert set(facts) == {"command", "n", "metrics", "settings"}
    assert facts["settings"]["collection"] == len(TOPICS)
    assert facts["metrics"]["recall_duration"]["value"] > 0
    assert facts["metrics"]["false_alarms"]["value"] == 0
    assert facts["metrics"]["untouched_contradictions"]["value"] == 0
    assert facts["metrics"]["copy_recall"]["value"] == 1


def test_files_that_are_malformed_end_with_status_two_and_say_where(model_home: Path, tmp_path: Path) -> None:
    file = tmp_path / "articles.jsonl"
    file.write_text('{"id": "a", "title": "t", "text": "x"}\n{"title": 5\n')
    done = firstline(tmp_path, "eval", "lint", "--articles", str(file), "--model-home", str(model_home))
    assert done.returncode == 2
    assert "articles.jsonl" in done.stderr
    assert "Traceback" not in done.stderr
