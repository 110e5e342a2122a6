"""What is learnt from a history: fields read rightly and with a confidence that holds, versions kept, and none taken that may be worse."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from assistant.desk.triage.exports import Row
from assistant.desk.triage.features import Example, Vocabulary, words_of
from assistant.desk.triage.fit import TooFewExamples, learn
from assistant.desk.triage.kept import CannotKeep, InUse, Kept
from assistant.desk.triage.learning import held_out, learn_all
from assistant.desk.triage.measures import Scored, calibration_error, difference, macro_f1, quality, threshold_for
from assistant.desk.triage.neighbours import nearest
from assistant.desk.triage.teaching import Meanings
from assistant.domain.triage import Field
from tests.support.ticket_history import history

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def rows_of(count: int = 500, seed: int = 1, noise: float = 0.03) -> list[Row]:
    made = []
    for row in history(count, seed, noise):
        labels = {Field.CATEGORY: row["category"], Field.QUEUE: row["assignment_group"]}
        made.append(Row(Example(row["short_description"], key=row["number"]), labels))
    return made


def scored(rows: list[Row], teaching: list[Row], one: Field = Field.QUEUE) -> Scored:
    reader = learn([row.example for row in teaching], [row.labels[one] for row in teaching]).reader
    shares = reader.probabilities([row.example for row in rows])
    return Scored(np.array([row.labels[one] for row in rows]), np.array(reader.labels)[shares.argmax(axis=1)], shares.max(axis=1))


def test_a_field_is_read_from_the_words_and_the_confidence_is_as_high_as_it_is_right() -> None:
    found = scored(rows_of(600, 2, 0.25), rows_of(900, 1, 0.25))
    assert found.hits.mean() > 0.7
    assert abs(found.confidence.mean() - found.hits.mean()) < 0.06
    assert calibration_error(found.hits, found.confidence) < 0.08


def test_learning_the_same_again_gives_the_same_reader() -> None:
    rows = rows_of(200)
    first, second = (learn([row.example for row in rows], [row.labels[Field.QUEUE] for row in rows]).reader for _ in range(2))
    asked = [row.example for row in rows_of(20, 9)]
    assert np.array_equal(first.probabilities(asked), second.probabilities(asked))


def test_a_field_is_read_from_other_fields_and_from_what_came_before_where_there_is_no_text() -> None:
    drawn = random.Random(3)
    homes = {f"caller {n}": drawn.choice("ABC") for n in range(30)}
    examples, labels = [], []
    for number in range(900):
        caller = drawn.choice(sorted(homes))
        examples.append(Example("", {"caller": caller, "channel": drawn.choice(["mail", "phone"])}, NOW + timedelta(minutes=number)))
        labels.append(homes[caller] if drawn.random() < 0.9 else drawn.choice("ABC"))
    learnt = learn(examples[:600], labels[:600])
    assert learnt.timed
    read = np.array(learnt.reader.labels)[learnt.reader.probabilities(examples[600:]).argmax(axis=1)]
    assert (read == np.array(labels[600:])).mean() > 0.85
    reasons = [one.what for one in learnt.reader.why(examples[600], str(read[0]))]
    assert any(one.startswith(f"caller: {examples[600].fields['caller']}") for one in reasons), reasons


def test_what_spoke_for_a_label_is_named_the_telling_word_first() -> None:
    rows = rows_of(400, noise=0.0)
    reader = learn([row.example for row in rows], [row.labels[Field.QUEUE] for row in rows]).reader
    reasons = reader.why(Example("please help the toner is empty"), "Endpoint")
    assert any("toner" in one.what or "empty" in one.what for one in reasons[:3])
    assert [one.weight for one in reasons] == sorted((one.weight for one in reasons), reverse=True)
    assert reader.why(Example("toner"), "No such queue") == []


def test_too_little_to_learn_from_is_said() -> None:
    with pytest.raises(TooFewExamples, match="two labels with 3 rows each"):
        learn([Example("a"), Example("b"), Example("c")], ["x", "x", "y"])


@pytest.mark.parametrize("turn", [45, 70, 97])
def test_a_queue_that_came_up_late_is_learnt_or_it_is_said_that_there_is_too_little(turn: int) -> None:
    labels = ["Old" if n < turn else "New" for n in range(100)]
    examples = [Example(f"{'mail' if n < turn else 'tunnel'} broke", at=NOW + timedelta(minutes=n)) for n in range(100)]
    if turn < 95:
        reader = learn(examples, labels).reader
        assert reader.labels[int(reader.probabilities([Example("tunnel broke", at=NOW + timedelta(days=1))]).argmax())] == "New"
    else:
        with pytest.raises(TooFewExamples, match="nothing can be held out"):
            learn(examples, labels)


def test_labels_with_too_few_rows_are_left_out_and_named() -> None:
    rows = rows_of(200)
    learnt = learn([row.example for row in rows] + [Example("odd one")], [row.labels[Field.QUEUE] for row in rows] + ["Rare"])
    assert learnt.left_out == ("Rare",)
    assert "Rare" not in learnt.reader.labels


def test_a_text_that_shares_nothing_with_history_is_still_read_and_not_surely() -> None:
    rows = rows_of(300)
    reader = learn([row.example for row in rows], [row.labels[Field.QUEUE] for row in rows]).reader
    for text in ("", "漢字 だけ", "\x00\x01", "z" * 100_000):
        assert reader.read(Example(text)).confidence < 0.8


def test_numbers_read_alike_and_punctuation_is_a_word() -> None:
    assert words_of("Room 12 :-( !!") == ["room", "00", ":-(", "!!"]
    vocabulary = Vocabulary.of([Example("code 12"), Example("code 34")])
    assert "w00" in vocabulary.places


def learnt_into(folder: Path, rows: list[Row]) -> tuple[Kept, bool, str]:
    kept = Kept(folder)
    made = learn_all(rows, kept, Meanings(), NOW, "test")
    return kept, made.taken, made.why


def test_a_first_version_that_is_surely_better_than_guessing_is_taken_and_one_that_is_not_is_kept_beside(tmp_path: Path) -> None:
    kept, taken, _ = learnt_into(tmp_path / "good", rows_of())
    assert (taken, kept.in_use()) == (True, "m-0001")
    drawn = random.Random(1)
    noise = [replace(row, labels={Field.QUEUE: drawn.choice("AB")}) for row in rows_of()]
    kept, taken, why = learnt_into(tmp_path / "bad", noise)
    assert (taken, kept.in_use(), kept.names()) == (False, "", ["m-0001"])
    assert "no field is read surely better" in why


def test_a_version_that_reads_worse_does_not_take_the_place_of_the_one_in_use(tmp_path: Path) -> None:
    learnt_into(tmp_path, rows_of(600, noise=0.0))
    drawn = random.Random(1)
    spoilt = [
        row if held_out(row.example) else replace(row, labels={**row.labels, Field.QUEUE: drawn.choice(["Network", "Endpoint"])})
        for row in rows_of(600, noise=0.0)
    ]
    kept, taken, why = learnt_into(tmp_path, spoilt)
    assert (taken, kept.in_use()) == (False, "m-0001")
    assert "worse" in why


def test_a_version_that_reads_better_takes_the_place_and_can_be_undone(tmp_path: Path) -> None:
    drawn = random.Random(1)
    good = rows_of(600, noise=0.0)
    kinds = sorted({row.labels[Field.QUEUE] for row in good})
    poor = [row if drawn.random() < 0.25 else replace(row, labels={**row.labels, Field.QUEUE: drawn.choice(kinds)}) for row in good]
    first = [poor[n] if not held_out(row.example) else row for n, row in enumerate(good)]
    learnt_into(tmp_path, first[:200])
    kept, taken, why = learnt_into(tmp_path, good)
    assert (taken, kept.in_use()) == (True, "m-0002"), why
    assert "paired difference to m-0001 holds" in why
    assert kept.undo() == ("m-0002", "m-0001")
    assert kept.undo() == ("m-0001", "")
    with pytest.raises(CannotKeep, match="nothing to undo"):
        kept.undo()


def test_a_version_that_no_longer_reads_a_field_is_not_taken(tmp_path: Path) -> None:
    learnt_into(tmp_path, rows_of())
    less = [replace(row, labels={Field.QUEUE: row.labels[Field.QUEUE]}) for row in rows_of()]
    _, taken, why = learnt_into(tmp_path, less)
    assert (taken, why) == (False, "m-0001 reads category and this one does not")


def test_what_is_held_out_does_not_depend_on_the_order_of_the_rows_or_on_spaces() -> None:
    assert held_out(Example("The VPN  drops")) == held_out(Example("the vpn drops"))
    share = sum(held_out(Example(f"text {n}")) for n in range(2_000)) / 2_000
    assert 0.17 < share < 0.23


def test_a_file_of_a_version_holds_no_pickle_and_a_broken_one_is_refused(tmp_path: Path) -> None:
    kept, _, _ = learnt_into(tmp_path, rows_of())
    with np.load(tmp_path / "m-0001.npz", allow_pickle=False) as held:
        assert all(held[name].dtype != object for name in held.files)
    (tmp_path / "m-0001.npz").write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(CannotKeep, match="cannot be read"):
        InUse(kept)()


def test_the_nearest_tickets_of_the_history_share_words_and_are_named_by_key() -> None:
    rows = rows_of(200, noise=0.0)
    vocabulary = Vocabulary.of([row.example for row in rows])
    found = nearest(Example("toner is empty in the Gothenburg office"), rows, vocabulary, 3)
    assert len(found) == 3
    assert {one.labels[Field.QUEUE] for one in found} == {"Endpoint"}
    assert all("toner" in one.shared and one.key.startswith("INC") for one in found)
    assert nearest(Example("zzz"), rows, vocabulary) == []


def test_the_measures_are_what_they_say() -> None:
    right, read = np.array(["a", "a", "b", "b"]), np.array(["a", "b", "b", "b"])
    assert macro_f1(right, read) == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert calibration_error(np.array([True, False]), np.array([0.9, 0.9])) == pytest.approx(0.4)
    hits, sure = np.array([True, True, False, True]), np.array([0.9, 0.8, 0.7, 0.6])
    assert threshold_for(hits, sure, 0.95) == 0.8
    assert threshold_for(hits, sure, 0.75) == 0.6
    assert threshold_for(np.array([False]), np.array([0.5]), 0.95) > 1
    found = quality(Scored(right, read, np.array([0.9, 0.4, 0.8, 0.7])), (0.6, 0.95))
    assert (found.accuracy, found.automatic[0][2:], found.automatic[1][2]) == (0.75, (0.75, 1.0), 0.0)


def test_a_paired_difference_holds_only_when_it_is_surely_not_worse() -> None:
    old = np.array([True] * 50 + [False] * 50)
    assert difference(np.array([True] * 70 + [False] * 30), old).holds
    assert not difference(old[::-1], old).holds
    assert difference(old, old).holds
    assert not difference(np.zeros(0), np.zeros(0)).holds
