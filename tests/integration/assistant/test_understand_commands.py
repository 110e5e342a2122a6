"""The commands that learn and try what messages mean, as an operator runs them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.service import firstline

OWN = """
[canteen_card]
examples = ["my canteen card is empty", "how do I charge the canteen card", "the canteen card does not pay any more", "top up my canteen card"]
person = true
"""


@pytest.fixture(scope="module")
def home(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("understand")
    shutil.copytree(model_home / "models", made / "models", copy_function=shutil.copy2)
    return made


def test_training_says_what_is_mistaken_and_keeps_what_the_service_uses(home: Path) -> None:
    done = firstline(home, "understand", "train", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["kept"]
    assert (home / "index" / "understanding.npz").is_file()
    assert 0.7 * said["held_out"] < said["right"] <= said["held_out"]
    wrong = {one["intent"]: sum(one["mistaken_for"].values()) for one in said["intents"]}
    assert sum(wrong.values()) == said["held_out"] - said["right"]
    assert "not_solved" in wrong


def test_a_file_that_is_not_in_use_is_tried_and_not_kept(home: Path, tmp_path: Path) -> None:
    own = tmp_path / "intents.toml"
    own.write_text(OWN)
    before = (home / "index" / "understanding.npz").stat().st_mtime_ns if (home / "index" / "understanding.npz").exists() else 0
    done = firstline(home, "understand", "train", str(own))
    assert done.returncode == 0, done.stderr
    assert "canteen_card" in done.stdout
    assert "not kept" in done.stdout
    assert before == 0 or (home / "index" / "understanding.npz").stat().st_mtime_ns == before


def test_messages_are_tried_against_a_bound(home: Path, tmp_path: Path) -> None:
    own, rows = tmp_path / "intents.toml", tmp_path / "rows.jsonl"
    own.write_text(OWN)
    said = [("my canteen card has no money", "canteen_card"), ("my printer is jammed", "question"), ("that worked", "solved"), ("hello", "person")]
    rows.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in said))
    for bound, code in (("0.7", 0), ("0.8", 1)):
        done = firstline(home, "understand", "test", str(rows), "--at-least", bound, "--intents", str(own), "--json")
        assert done.returncode == code, done.stderr
        found = json.loads(done.stdout)
        assert (found["messages"], found["understood"]) == (4, 3)
        assert found["wrong"] == [{"text": "hello", "label": "person", "read_as": "greeting"}]


@pytest.mark.parametrize(
    ("rows", "says"),
    [("", "no rows"), ('{"text": "a"}', "not JSON lines"), ('{"text": "a", "label": "canteen"}', "rows.jsonl:1: there is no intent canteen")],
)
def test_rows_that_cannot_be_used_are_refused(home: Path, tmp_path: Path, rows: str, says: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(rows)
    done = firstline(home, "understand", "test", str(path))
    assert done.returncode == 2
    assert says in done.stderr


def test_a_bad_file_of_examples_is_refused_with_its_place(home: Path, tmp_path: Path) -> None:
    own = tmp_path / "intents.toml"
    own.write_text("[canteen]\nexamples = ['a b', 'c d', 'e f']\n")
    done = firstline(home, "understand", "train", str(own))
    assert done.returncode == 2
    assert "line 1, canteen: say with exactly one of" in done.stderr


def test_without_an_embedding_model_the_command_says_so(tmp_path: Path) -> None:
    done = firstline(tmp_path, "understand", "train")
    assert done.returncode == 2
    assert "firstline prepare" in done.stderr
