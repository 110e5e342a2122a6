"""An encoder that was taught is weighed by tickets that it never saw, so what it learnt by heart counts for nothing."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from assistant.adapters.memory.encoders import MemoryEncoders
from assistant.desk.triage.exports import Row
from assistant.desk.triage.features import Example, without, words_of
from assistant.desk.triage.fit import Learnt, Said, learn
from assistant.desk.triage.kept import Kept
from assistant.desk.triage.learning import held_out, learn_all, unseen_vectors
from assistant.desk.triage.measures import calibration_error
from assistant.desk.triage.teaching import ENOUGH_UNSEEN, FEWEST_TAUGHT, Encoder, Head, Meanings, Taught, teach
from assistant.domain.triage import Field
from kb.ports import EmbedderUnavailable, FineTuned
from tests.support.ticket_history import history

NOW = datetime(2026, 11, 23, tzinfo=UTC)
MINUTE = 60.0
SURE = 12.0
"""The logit of what somebody who learnt by heart says."""


def rows_of(count: int, seed: int = 1, noise: float = 0.1, timed: bool = False) -> list[Row]:
    made = []
    for number, row in enumerate(history(count, seed, noise)):
        at = NOW + timedelta(minutes=number) if timed else None
        labels = {Field.CATEGORY: row["category"], Field.QUEUE: row["assignment_group"]}
        made.append(Row(Example(row["short_description"], at=at, key=row["number"]), labels))
    return made


def quiet(_: str) -> None:
    """Say nothing."""


class NoModel(MemoryEncoders):
    """Has no model that could be taught."""

    def fine_tune(self, *_: object) -> FineTuned:
        raise EmbedderUnavailable("other-model is no BERT encoder")


class Heart(MemoryEncoders):
    """Learns every text by heart, and guesses the rest."""

    def fine_tune(self, texts: object, labels: np.ndarray, seconds: float, note: object) -> FineTuned:
        made = super().fine_tune(texts, labels, seconds, quiet)  # type: ignore[arg-type]
        self.right = dict(zip(self.taught[-1], labels[:, 0].tolist(), strict=True))
        self.k = int(labels.max()) + 1
        return replace(made, heads=(np.vstack([SURE * np.eye(self.k), np.zeros((1, self.k))]).astype(np.float32),))

    def embed(self, name: str, texts: object) -> np.ndarray:
        assert name
        guess = [self.right.get(text, len(text) % self.k) for text in texts]  # type: ignore[attr-defined]
        return np.eye(self.k, dtype=np.float32)[guess]


def taught(rows: list[Row], encoders: MemoryEncoders) -> tuple[Taught, Head]:
    """Teach an encoder where tickets belong."""
    made = teach([row.example for row in rows], [[row.labels[Field.QUEUE] for row in rows]], encoders, MINUTE, quiet)
    assert made is not None
    assert made.heads[0] is not None
    return made, made.heads[0]


def weighed(rows: list[Row], made: Taught, head: Head, meanings: Meanings) -> Learnt:
    """Weigh what it says on what it never saw."""
    examples = [row.example for row in rows]
    said = Said(head, np.array([not made.encoder.saw(one) for one in examples]))
    return learn(examples, [row.labels[Field.QUEUE] for row in rows], unseen_vectors(examples, made, meanings), said)


def test_of_more_tickets_than_one_is_taught_it_sees_the_latest_in_whatever_order_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.desk.triage.teaching.MOST_TAUGHT", 1_100)
    rows, encoders = rows_of(2_000, timed=True), MemoryEncoders()
    latest = {row.example.text for row in rows[500:1_599]}
    random.Random(3).shuffle(rows)
    taught(rows, encoders)
    assert len(encoders.taught[0]) == 1_100
    assert latest <= set(encoders.taught[0])


def test_an_encoder_is_never_taught_what_it_is_weighed_by() -> None:
    rows, encoders = rows_of(2_000), MemoryEncoders()
    examples = [row.example for row in rows]
    made = teach(examples, [[row.labels[Field.QUEUE] for row in rows]], encoders, MINUTE, quiet)
    assert made is not None
    [told] = encoders.taught
    assert 0.77 < len(told) / len(examples) < 0.83
    assert {one.text for one in examples if not made.encoder.saw(one)} == {one.text for one in examples} - set(told)


def test_where_tickets_carry_a_time_the_latest_are_never_shown() -> None:
    rows, encoders = rows_of(2_000, timed=True), MemoryEncoders()
    made = teach([row.example for row in rows], [[row.labels[Field.QUEUE] for row in rows]], encoders, MINUTE, quiet)
    assert made is not None
    assert made.encoder.until == rows[1_599].example.at
    assert list(encoders.taught[0]) == [row.example.text for row in rows[:1_600]]
    assert not made.encoder.saw(Example("a ticket of next week", at=NOW + timedelta(days=7)))


def test_of_a_large_history_a_smaller_share_is_kept_from_the_encoder() -> None:
    rows, encoders = rows_of(20_000), MemoryEncoders()
    made = teach([row.example for row in rows], [[row.labels[Field.QUEUE] for row in rows]], encoders, MINUTE, quiet)
    assert made is not None
    assert made.encoder.unseen == ENOUGH_UNSEEN / 20_000
    assert 0.86 < len(encoders.taught[0]) / 20_000 < 0.89


def test_too_few_texts_teach_nobody_and_a_model_that_cannot_be_taught_is_named() -> None:
    rows, encoders, said = rows_of(FEWEST_TAUGHT), MemoryEncoders(), list[str]()
    queues = [row.labels[Field.QUEUE] for row in rows]
    assert teach([row.example for row in rows], [queues], encoders, MINUTE, quiet) is None
    assert encoders.taught == []
    more = rows_of(2_000)
    assert teach([row.example for row in more], [[row.labels[Field.QUEUE] for row in more]], NoModel(), MINUTE, said.append) is None
    assert said[-1] == "the encoder is not fine-tuned: other-model is no BERT encoder"


def test_tickets_without_text_or_label_are_not_shown_and_a_field_with_one_label_gets_no_head() -> None:
    rows, encoders = rows_of(3_000), MemoryEncoders()
    examples = [replace(row.example, text="") if n % 4 == 0 else row.example for n, row in enumerate(rows)]
    queues = ["" if n % 4 == 1 else row.labels[Field.QUEUE] for n, row in enumerate(rows)]
    made = teach(examples, [queues, ["only"] * len(rows)], encoders, MINUTE, quiet)
    assert made is not None
    assert made.heads[0] is not None
    assert made.heads[1] is None
    shown = {one.text for n, one in enumerate(examples) if n % 4 not in (0, 1)}
    assert set(encoders.taught[0]) <= shown


def test_what_was_learnt_by_heart_counts_for_nothing() -> None:
    rows, encoders = rows_of(2_500, noise=0.3), Heart()
    made, head = taught(rows, encoders)
    meanings = Meanings(None, encoders)
    learnt = weighed(rows, made, head, meanings)
    assert abs(learnt.reader.mixing[-1]) * SURE < 1.0
    examples, queues = [row.example for row in rows], [row.labels[Field.QUEUE] for row in rows]
    by_what_it_saw = Said(head, np.array([made.encoder.saw(one) for one in examples]))
    deceived = learn(examples, queues, meanings.of([one.text for one in examples], made.encoder.name), by_what_it_saw)
    assert deceived.reader.mixing[-1] * SURE > 3.0
    asked = rows_of(600, 9, 0.3)
    right = np.array([row.labels[Field.QUEUE] for row in asked])
    shares = learnt.reader.probabilities([row.example for row in asked], meanings.of([row.example.text for row in asked], made.encoder.name))
    hits = np.array(learnt.reader.labels)[shares.argmax(axis=1)] == right
    by_words = learn(examples, queues).reader.probabilities([row.example for row in asked])
    assert hits.mean() > (np.array(learnt.reader.labels)[by_words.argmax(axis=1)] == right).mean() - 0.03
    assert calibration_error(hits, shares.max(axis=1)) < 0.08


def test_an_encoder_that_knows_more_than_the_words_is_listened_to() -> None:
    drawn = random.Random(5)
    rows = [Row(Example(f"{drawn.choice('abcdefgh') * 3}{number}"), {Field.QUEUE: drawn.choice(["North", "South"])}) for number in range(2_000)]
    truth = {row.example.text: row.labels[Field.QUEUE] for row in rows}

    class Knows(MemoryEncoders):
        def embed(self, name: str, texts: object) -> np.ndarray:
            assert name
            return np.eye(2, dtype=np.float32)[[int(truth.get(text, "North") == "South") for text in texts]]  # type: ignore[attr-defined]

    encoders = Knows()
    made, _ = taught(rows, encoders)
    head = Head(("North", "South"), np.vstack([6 * np.eye(2), np.zeros((1, 2))]).astype(np.float32))
    assert weighed(rows, made, head, Meanings(None, encoders)).held_out.hits.mean() > 0.99


def test_a_label_that_it_was_not_taught_gets_neither_much_nor_nothing() -> None:
    head = Head(("a", "b"), np.array([[4.0, 0.0], [0.0, 4.0], [0.0, 0.0]], dtype=np.float32))
    over = head.over(["b", "new", "a"])
    assert np.array_equal(over[:, [2, 0]], head.weights)
    assert np.allclose(over[:, 1], [2.0, 2.0, -2.0])
    assert np.array_equal(head.weights[-1], [0.0, 0.0])


def test_an_encoder_without_enough_unseen_tickets_is_left_out() -> None:
    rows = rows_of(300)
    examples, queues = [row.example for row in rows], [row.labels[Field.QUEUE] for row in rows]
    head = Head(tuple(sorted(set(queues))), np.ones((9, 4), dtype=np.float32))
    learnt = learn(examples, queues, np.ones((300, 8), dtype=np.float32), Said(head, np.arange(300) < 5))
    assert len(learnt.reader.by_meaning) == 0
    assert learnt.held_out.hits.mean() > 0.7


@pytest.mark.parametrize("timed", [True, False])
def test_a_version_remembers_its_encoder_and_what_that_never_saw(tmp_path: Path, timed: bool) -> None:
    kept, encoders = Kept(tmp_path), MemoryEncoders()
    made = learn_all(rows_of(2_000, timed=timed), kept, Meanings(None, encoders), NOW, "test", seconds=MINUTE)
    assert made.taken, made.why
    found = kept.load("m-0001")
    assert found.vectors_by == "counted-1"
    assert found.encoder is not None
    assert (found.encoder.until is not None) is timed
    assert found.encoder == made.readers.encoder if made.readers else False
    assert all(len(one.by_meaning) for one in found.fields.values())


def test_what_is_held_out_of_every_version_is_never_shown_to_an_encoder(tmp_path: Path) -> None:
    rows, encoders = rows_of(2_000), MemoryEncoders()
    learn_all(rows, Kept(tmp_path), Meanings(None, encoders), NOW, "test", seconds=MINUTE)
    assert not {row.example.text for row in rows if held_out(row.example)} & set(encoders.taught[0])


def test_the_next_version_weighs_the_same_encoder_anew_and_teaches_nobody(tmp_path: Path) -> None:
    kept, encoders = Kept(tmp_path), MemoryEncoders()
    learn_all(rows_of(2_000), kept, Meanings(None, encoders), NOW, "test", seconds=MINUTE)
    made = learn_all([*rows_of(2_000), *rows_of(600, 7)], kept, Meanings(None, encoders), NOW, "weekly")
    assert len(encoders.taught) == 1
    assert made.readers is not None
    assert made.readers.vectors_by == "counted-1"
    assert kept.load("m-0002").encoder == kept.load("m-0001").encoder


def test_a_label_that_came_up_after_the_teaching_is_read_by_the_words(tmp_path: Path) -> None:
    kept, encoders = Kept(tmp_path), MemoryEncoders()
    learn_all(rows_of(2_000), kept, Meanings(None, encoders), NOW, "test", seconds=MINUTE)
    fresh = [Row(Example(f"badge {n} opens no door"), {Field.CATEGORY: "building", Field.QUEUE: "Facilities"}) for n in range(200)]
    made = learn_all([*rows_of(2_000), *fresh], kept, Meanings(None, encoders), NOW, "weekly")
    assert made.readers is not None
    reader = made.readers.fields[Field.QUEUE]
    vector = encoders.embed("counted-1", ["badge 7777 opens no door"])[0]
    assert reader.read(Example("badge 7777 opens no door"), vector).label == "Facilities"


def test_a_version_whose_encoder_is_lost_is_followed_by_one_that_reads_words(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    learn_all(rows_of(2_000), kept, Meanings(None, MemoryEncoders()), NOW, "test", seconds=MINUTE)
    made = learn_all(rows_of(2_000), kept, Meanings(None, MemoryEncoders()), NOW, "weekly")
    assert made.readers is not None
    assert made.readers.encoder is None
    assert all(not len(one.by_meaning) for one in made.readers.fields.values())


def test_a_version_that_was_kept_before_there_were_encoders_is_still_read(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    learn_all(rows_of(600), kept, Meanings(), NOW, "test")
    found = kept.load("m-0001")
    assert (found.encoder, found.vectors_by, found.reads_meaning) == (None, "", False)


def test_a_word_counts_for_what_the_text_would_mean_less_without_it() -> None:
    rows, encoders = rows_of(2_000, noise=0.0), MemoryEncoders()
    made, head = taught(rows, encoders)
    meanings = Meanings(None, encoders)
    reader = weighed(rows, made, head, meanings).reader
    asked = Example("toner is empty please help in the Gothenburg office")
    by_words = {one.what: one.weight for one in reader.why(asked, "Endpoint")}
    by_both = {one.what: one.weight for one in reader.why(asked, "Endpoint", lambda texts: meanings.of(texts, made.encoder.name))}
    assert reader.mixing[-1] > 0
    assert by_both["“toner”"] > by_words["“toner”"]
    assert reader.why(asked, "Endpoint", lambda _: np.zeros((0, 1), dtype=np.float32))


def test_a_word_is_left_out_wherever_it_stands_and_however_it_is_written() -> None:
    assert words_of(without("Toner 12 is empty; TONER is", "toner")) == ["00", "is", "empty", ";", "is"]
    assert words_of(without("room 12 and 34", "00")) == ["room", "and"]


def test_an_encoder_says_what_it_saw_by_the_time_only_where_the_ticket_has_one() -> None:
    encoder = Encoder("e", NOW)
    unseen = next(one for one in (Example(f"text {n}") for n in range(100)) if not Encoder("e").saw(one))
    assert not encoder.saw(unseen)
    assert encoder.saw(replace(unseen, at=NOW))
    assert not encoder.saw(replace(unseen, at=NOW + timedelta(seconds=1)))
