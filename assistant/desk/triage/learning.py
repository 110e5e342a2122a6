"""From a history to a version of the model, and whether it takes the place of the one in use.

A fifth of the tickets, chosen by a digest of their text, is never learnt from by any version. On those, two versions are compared by rows: a new one
is taken when the lower end of the 95 % interval of the difference is not below zero, reads every field that the old one reads, and is surely worse at
none of them. A first one has to be surely better than always saying the commonest label.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

import numpy as np

from assistant.desk.triage.exports import Row
from assistant.desk.triage.features import Example
from assistant.desk.triage.fit import Learnt, Said, TooFewExamples, learn
from assistant.desk.triage.kept import Kept, Readers
from assistant.desk.triage.measures import Difference, Quality, Scored, difference, quality
from assistant.desk.triage.model import FieldReader
from assistant.desk.triage.teaching import NOTHING, Head, Meanings, Note, Taught, teach
from assistant.domain.triage import Field

SHARE = 5
"""One in so many tickets is held out."""
MOST_EMBEDDED = 20_000
"""Texts whose meaning is read while learning; of more tickets it is not, for that takes an hour on one core."""


@dataclass(frozen=True, slots=True)
class FieldLearnt:
    """How one field came out on the held-out tickets."""

    field: Field
    quality: Quality
    labels: int
    left_out: tuple[str, ...]
    against: Difference | None = None
    """Against the version in use, or against the commonest label where none is."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of learning. ``readers`` is the new version, which is kept whether it was taken or not."""

    readers: Readers | None
    taken: bool
    why: str
    fields: tuple[FieldLearnt, ...] = ()
    not_learnt: dict[Field, str] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Return it for programs."""
        fields = [asdict(one) | {"field": one.field.value} for one in self.fields]
        name = self.readers.name if self.readers is not None else ""
        return {"model": name, "taken": self.taken, "why": self.why, "fields": fields, "not_learnt": {k.value: v for k, v in self.not_learnt.items()}}


def held_out(example: Example) -> bool:
    """Say whether no version learns from a ticket. Equal texts fall on the same side."""
    said = " ".join(example.text.lower().split()) or repr(sorted(example.fields.items())) + example.key
    return int.from_bytes(sha256(f"held out\n{said}".encode("utf-8", "replace")).digest()[:4], "big") % SHARE == 0


@dataclass(frozen=True, slots=True)
class _Meant:
    """The vectors of the rows that are learnt from, of those that are asked, and of the latter as the version in use wants them."""

    taught: Taught | None
    teaching: np.ndarray
    asking: np.ndarray
    before: np.ndarray


def learn_all(
    rows: Sequence[Row], kept: Kept, meanings: Meanings, at: datetime, source: str, note: Note = lambda _: None, seconds: float = 0.0
) -> Outcome:
    """Learn every field that the rows have labels of, keep the version, and take it where it may take the place of the one in use.

    With ``seconds``, an encoder is fine-tuned for that long at most; without, the one of the version in use is weighed anew, if it has one.
    """
    old = kept.load(kept.in_use()) if kept.in_use() else None
    teaching, asking = [row for row in rows if not held_out(row.example)], [row for row in rows if held_out(row.example)]
    meant = _meant(teaching, asking, old, meanings, seconds, note)
    readers: dict[Field, FieldReader] = {}
    found, missing = list[FieldLearnt](), dict[Field, str]()
    for number, one in enumerate(Field):
        try:
            made = _learnt(teaching, one, meant.teaching, meant.taught, number)
        except TooFewExamples as error:
            missing[one] = str(error)
            continue
        note(f"{one.value}: {len(made.reader.labels)} labels learnt")
        result = _measured(asking, meant, one, made, old)
        if result is None:
            missing[one] = "none of the held-out tickets has it"
            continue
        readers[one] = made.reader
        found.append(result)
    if not readers:
        return Outcome(None, False, "there is no field that could be learnt", (), missing)
    taken, why = _judged(found, readers, old)
    facts = {
        "made_at": at.isoformat(),
        "source": source,
        "rows": len(rows),
        "learnt_from": len(teaching),
        "why": why,
        "before": old.name if old else "",
        "encoder": meant.taught.encoder.name if meant.taught is not None else "",
    }
    facts["fields"] = [asdict(one) | {"field": one.field.value} for one in found]
    fresh = kept.add(readers, facts, meant.taught.encoder if meant.taught is not None else None)
    if taken:
        kept.take(fresh.name)
    return Outcome(fresh, taken, why, tuple(found), missing)


def _meant(teaching: Sequence[Row], asking: Sequence[Row], old: Readers | None, meanings: Meanings, seconds: float, note: Note) -> _Meant:
    taught = _taught(teaching, old, meanings, seconds, note)
    wanted = [row.example.text for row in asking]
    if taught is not None:
        vectors = unseen_vectors([row.example for row in teaching], taught, meanings)
        asked = meanings.of(wanted, taught.encoder.name)
    else:
        vectors = _vectors(teaching, meanings, note)
        asked = meanings.of(wanted) if len(vectors) else NOTHING
    before = NOTHING
    if old is not None and old.reads_meaning:
        same = old.vectors_by == (taught.encoder.name if taught is not None else "")
        before = asked if same and len(asked) else meanings.of(wanted, old.vectors_by)
    return _Meant(taught, vectors, asked, before)


def _taught(rows: Sequence[Row], old: Readers | None, meanings: Meanings, seconds: float, note: Note) -> Taught | None:
    if seconds and meanings.encoders is not None:
        columns = [[row.labels.get(one, "") for row in rows] for one in Field]
        made = teach([row.example for row in rows], columns, meanings.encoders, seconds, note)
        if made is not None:
            return made
    if old is None or old.encoder is None or not len(meanings.of(["try"], old.vectors_by)):
        return None
    known = [old.fields[one] if one in old.fields and len(old.fields[one].by_meaning) else None for one in Field]
    return Taught(old.encoder, tuple(Head(one.labels, one.by_meaning) if one is not None else None for one in known))


def unseen_vectors(examples: Sequence[Example], taught: Taught, meanings: Meanings) -> np.ndarray:
    """Return the vectors of the tickets that an encoder never saw, and zeros for all others, (n, d)."""
    unseen = np.array([not taught.encoder.saw(one) for one in examples])
    if not unseen.any():
        return NOTHING
    some = meanings.of([one.text for one, mine in zip(examples, unseen, strict=True) if mine], taught.encoder.name)
    if not len(some):
        return NOTHING
    made = np.zeros((len(examples), some.shape[1]), dtype=np.float32)
    made[unseen] = some
    return made


def _vectors(rows: Sequence[Row], meanings: Meanings, note: Note) -> np.ndarray:
    if meanings.embed is None or not rows or len(rows) > MOST_EMBEDDED or not any(row.example.text for row in rows):
        return NOTHING
    note(f"reading the meaning of {len(rows):,} texts")
    return meanings.of([row.example.text for row in rows])


def _learnt(rows: Sequence[Row], one: Field, vectors: np.ndarray, taught: Taught | None, number: int) -> Learnt:
    mine = [place for place, row in enumerate(rows) if row.labels.get(one)]
    examples, labels = [rows[place].example for place in mine], [rows[place].labels[one] for place in mine]
    head = taught.heads[number] if taught is not None else None
    if taught is not None and head is None:
        return learn(examples, labels)
    chosen = vectors[np.array(mine, dtype=int)] if len(vectors) and mine else NOTHING
    said = Said(head, np.array([not taught.encoder.saw(one) for one in examples])) if taught is not None and head is not None else None
    return learn(examples, labels, chosen, said)


def _measured(rows: Sequence[Row], meant: _Meant, one: Field, made: Learnt, old: Readers | None) -> FieldLearnt | None:
    mine = [place for place, row in enumerate(rows) if row.labels.get(one)]
    if not mine:
        return None
    examples, right = [rows[place].example for place in mine], np.array([rows[place].labels[one] for place in mine])
    scored = scored_by(made.reader, examples, right, meant.asking[np.array(mine)] if len(meant.asking) else None)
    before = old.fields.get(one) if old is not None else None
    if before is not None:
        against = difference(scored.hits, scored_by(before, examples, right, meant.before[np.array(mine)] if len(meant.before) else None).hits)
    else:
        commonest = Counter(row.labels.get(one, "") for row in rows if row.labels.get(one)).most_common(1)[0][0]
        against = difference(scored.hits, right == commonest)
    return FieldLearnt(one, quality(scored, made.reader.thresholds), len(made.reader.labels), made.left_out, against)


def scored_by(reader: FieldReader, examples: Sequence[Example], right: np.ndarray, vectors: np.ndarray | None) -> Scored:
    """Return how a reader reads tickets whose labels are known."""
    shares = reader.probabilities(examples, vectors)
    return Scored(right, np.array(reader.labels)[shares.argmax(axis=1)], shares.max(axis=1))


def _judged(found: Sequence[FieldLearnt], readers: dict[Field, FieldReader], old: Readers | None) -> tuple[bool, str]:
    """Return whether the new version may be used, and why."""
    if old is None:
        better = [one for one in found if one.against is not None and one.against.low > 0]
        if not better:
            return False, "no field is read surely better than by always saying the commonest label"
        return True, "it is the first; " + "; ".join(f"{one.field.value}: {one.against.text}" for one in better if one.against)
    lost = sorted(one.value for one in old.fields if one not in readers)
    if lost:
        return False, f"{old.name} reads {', '.join(lost)} and this one does not"
    compared = [one for one in found if one.field in old.fields and one.against is not None]
    worse = [one for one in compared if one.against is not None and one.against.high < 0]
    text = "; ".join(f"{one.field.value}: {one.against.text}" for one in compared if one.against)
    if worse:
        return False, f"{worse[0].field.value} is read surely worse than by {old.name}; {text}"
    deciding = [one for one in compared if one.field in (Field.QUEUE, Field.CATEGORY)] or compared
    if all(one.against is not None and one.against.holds for one in deciding):
        return True, f"the paired difference to {old.name} holds; {text}"
    return False, f"the paired difference to {old.name} does not hold; {text}"
