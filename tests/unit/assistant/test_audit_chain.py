"""The audit's hash chain: what was tampered with is found."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.adapters.anchors import FileAnchors
from assistant.adapters.memory.audit import MemoryAudit
from assistant.domain.audit import GENESIS, Anchor, AuditEntry, AuditRecord, link
from assistant.governance.audit import verify

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY = b"installation key"
Records = list[AuditRecord]


def chain(length: int = 40, flavour: str = "") -> Records:
    audit = MemoryAudit()
    audit.append([AuditEntry(NOON, f"person{i % 3}", "answer", f"auto{flavour}", f"c_{i}", confidence=i / 100) for i in range(length)])
    return audit.records


def relinked(records: Records) -> Records:
    """Rebuild every hash from the start, as somebody would who rewrites history carefully."""
    made: Records = []
    for number, record in enumerate(records, 1):
        made.append(AuditRecord(number, record.body, link(made[-1].hash if made else GENESIS, number, record.body)))
    return made


def edit(records: Records, dice: random.Random) -> Records:
    place = dice.randrange(len(records))
    record = records[place]
    at = dice.randrange(len(record.body))
    letter = dice.choice([c for c in 'abcxyz019"{} ' if c != record.body[at]])
    changed = replace(record, body=record.body[:at] + letter + record.body[at + 1 :])
    return [*records[:place], changed, *records[place + 1 :]]


def edit_and_rehash_one(records: Records, dice: random.Random) -> Records:
    place = dice.randrange(len(records) - 1)
    record = records[place]
    body = record.body.replace("auto", "review")
    previous = records[place - 1].hash if place else GENESIS
    return [*records[:place], AuditRecord(record.number, body, link(previous, record.number, body)), *records[place + 1 :]]


def delete(records: Records, dice: random.Random) -> Records:
    place = dice.randrange(len(records) - 1)
    return [*records[:place], *records[place + 1 :]]


def delete_and_renumber(records: Records, dice: random.Random) -> Records:
    return [replace(record, number=number) for number, record in enumerate(delete(records, dice), 1)]


def insert(records: Records, dice: random.Random) -> Records:
    place = dice.randrange(len(records))
    forged = replace(records[dice.randrange(len(records))], number=place + 1)
    return [*records[:place], forged, *records[place:]]


def swap(records: Records, dice: random.Random) -> Records:
    one, other = dice.sample(range(len(records)), 2)
    made = list(records)
    made[one], made[other] = made[other], made[one]
    return made


def swap_bodies(records: Records, dice: random.Random) -> Records:
    one, other = dice.sample(range(len(records)), 2)
    made = list(records)
    made[one], made[other] = replace(records[one], body=records[other].body), replace(records[other], body=records[one].body)
    return made


TAMPERINGS: list[Callable[[Records, random.Random], Records]] = [edit, edit_and_rehash_one, delete, delete_and_renumber, insert, swap, swap_bodies]


def test_an_untouched_chain_holds() -> None:
    assert verify([]) == []
    assert verify(chain()) == []


def test_a_thousand_random_tamperings_are_all_found() -> None:
    records, dice = chain(), random.Random(20261123)
    missed = []
    for number in range(1_000):
        tampering = TAMPERINGS[number % len(TAMPERINGS)]
        changed = tampering(records, dice)
        assert changed != records
        if not verify(changed):
            missed.append((number, tampering.__name__))
    assert missed == []


def test_a_fault_names_the_record() -> None:
    records = chain(10)
    faults = verify([*records[:3], replace(records[3], body=records[3].body.replace("auto", "review")), *records[4:]])
    assert faults == ["record 4 was changed, or one before it was"]
    assert verify(records[:3] + records[4:])[0] == "record 4 is missing: the next one is 5"


@pytest.mark.parametrize("cut", range(1, 41, 3))
def test_a_cut_tail_shows_only_with_an_anchor(cut: int) -> None:
    records = chain()
    anchors = [Anchor.of(records[9], KEY), Anchor.of(records[-1], KEY)]
    assert verify(records, anchors) == []
    assert verify(records[:-cut]) == []
    assert "record 40 was anchored and is gone" in verify(records[:-cut], anchors)


def test_a_chain_rebuilt_from_the_start_shows_only_with_an_anchor() -> None:
    records = chain()
    rebuilt = relinked([replace(record, body=record.body.replace("auto", "review")) for record in records])
    anchors = [Anchor.of(records[4], KEY), Anchor.of(records[30], KEY)]
    assert verify(rebuilt) == []
    assert verify(rebuilt, anchors) == ["record 5 is not the one that was anchored", "record 31 is not the one that was anchored"]


def test_a_chain_rebuilt_after_its_last_anchor_is_beyond_what_anchors_can_show() -> None:
    records = chain()
    rebuilt = records[:20] + relinked([*records[:20], *chain(40, "!")[20:]])[20:]
    assert rebuilt != records
    assert verify(rebuilt, [Anchor.of(records[19], KEY)]) == []
    assert verify(rebuilt, [Anchor.of(records[20], KEY)]) != []


def test_a_seal_needs_the_installations_key() -> None:
    anchor = Anchor.of(chain()[-1], KEY)
    assert anchor.holds(KEY)
    assert not anchor.holds(b"another key")
    assert not replace(anchor, number=39).holds(KEY)
    assert not replace(anchor, hash=GENESIS).holds(KEY)
    dated = Anchor.of(chain()[-1], KEY, NOON.isoformat())
    assert dated.holds(KEY)
    assert not replace(dated, at="2026-03-03T12:00:00+00:00").holds(KEY)


def test_anchors_come_back_from_their_file(tmp_path: Path) -> None:
    anchors = FileAnchors(tmp_path / "anchors.jsonl")
    assert list(anchors.read()) == []
    records = chain(5)
    for record in records[::2]:
        anchors.add(Anchor.of(record, KEY))
    assert list(anchors.read()) == [Anchor.of(record, KEY) for record in records[::2]]
    with anchors.path.open("a") as file:
        file.write("nonsense\n")
    with pytest.raises(ValueError, match="line 4 is not an anchor"):
        list(anchors.read())
