"""What somebody with a shell on the database's host, or on the anchors' host, might do to the audit, and how they would hide it."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assistant.domain.audit import GENESIS, Anchor, AuditRecord, link

WRONG_KEY = b"not the key of this installation"
TABLES = "('audit', 'audit_anchors')"
FIELDS = ("actor", "at", "confidence", "conversation", "decision", "detail", "message", "model", "outcome", "policy", "step", "verdict")
Row = tuple[int, str, str]


@dataclass(slots=True)
class Scene:
    """A copy of the audit's database and of its anchors, and the dice that say what is done to them."""

    connection: sqlite3.Connection
    anchors: Path
    dice: random.Random

    def rows(self) -> list[Row]:
        """Return number, body and hash of every record, in order."""
        return self.connection.execute("SELECT number, body, hash FROM audit ORDER BY number").fetchall()

    def write(self, rows: list[Row]) -> None:
        """Put these records in the place of all others."""
        self.connection.execute("DELETE FROM audit")
        self.connection.executemany("INSERT INTO audit (number, body, hash) VALUES (?, ?, ?)", rows)

    def lines(self) -> list[str]:
        """Return the lines of the anchors file."""
        return self.anchors.read_text().splitlines(keepends=True)

    def state(self) -> tuple[Any, ...]:
        """Return everything that may be manipulated."""
        tables = [self.connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in ("audit", "audit_anchors", "aliases")]
        return (*tables, self.guards(), self.anchors.read_text() if self.anchors.exists() else None)

    def guards(self) -> list[tuple[str, str]]:
        """Return names and statements of the triggers."""
        return self.connection.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN {TABLES} ORDER BY name"
        ).fetchall()

    def one(self, rows: list[Row]) -> int:
        """Return the place of a random record."""
        return self.dice.randrange(len(rows))


def relinked(rows: list[Row], start: int = 0) -> list[Row]:
    """Number and hash the records anew from a place on, as somebody does who rewrites history carefully."""
    made = rows[:start]
    for place in range(start, len(rows)):
        number, body = (made[-1][0] if made else 0) + 1, rows[place][1]
        made.append((number, body, link(made[-1][2] if made else GENESIS, number, body)))
    return made


def edited(body: str, dice: random.Random) -> str:
    """Change one field of a record and write it down as the service would."""
    facts = json.loads(body)
    name = dice.choice(FIELDS)
    changes: dict[str, Any] = {"confidence": dice.random(), "detail": {"ticket": f"T-{dice.randrange(10_000)}"}, "actor": "operator"}
    facts[name] = changes.get(name, f"{facts.get(name, '')}{dice.randrange(10)}")
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


# -- records ----------------------------------------------------------------------------------------------------------


def edit_a_character(scene: Scene) -> None:
    """Change one character of one record."""
    rows = scene.rows()
    number, body, _ = rows[scene.one(rows)]
    at = scene.dice.randrange(len(body))
    letter = scene.dice.choice([c for c in 'abcxyz019"{} ' if c != body[at]])
    scene.connection.execute("UPDATE audit SET body = ? WHERE number = ?", (body[:at] + letter + body[at + 1 :], number))


def edit_a_field(scene: Scene) -> None:
    """Change one field of one record."""
    rows = scene.rows()
    number, body, _ = rows[scene.one(rows)]
    scene.connection.execute("UPDATE audit SET body = ? WHERE number = ?", (edited(body, scene.dice), number))


def edit_field_and_hash(scene: Scene) -> None:
    """Change one field, and make the record's own hash fit."""
    rows = scene.rows()
    place = scene.dice.randrange(len(rows) - 1)
    number, body = rows[place][0], edited(rows[place][1], scene.dice)
    made = link(rows[place - 1][2] if place else GENESIS, number, body)
    scene.connection.execute("UPDATE audit SET body = ?, hash = ? WHERE number = ?", (body, made, number))


def edit_and_relink(scene: Scene) -> None:
    """Change one field, and hash everything after it anew."""
    rows = scene.rows()
    place = scene.one(rows)
    rows[place] = (rows[place][0], edited(rows[place][1], scene.dice), "")
    scene.write(relinked(rows, place))


def edit_a_hash(scene: Scene) -> None:
    """Change one hash."""
    rows = scene.rows()
    number, _, made = rows[scene.one(rows)]
    scene.connection.execute("UPDATE audit SET hash = ? WHERE number = ?", (made[::-1], number))


def turn_a_body_into_bytes(scene: Scene) -> None:
    """Store the same text as another type."""
    rows = scene.rows()
    scene.connection.execute("UPDATE audit SET body = CAST(body AS BLOB) WHERE number = ?", (rows[scene.one(rows)][0],))


def renumber_one(scene: Scene) -> None:
    """Move a record to another number."""
    rows = scene.rows()
    target = scene.dice.choice([0, -scene.dice.randrange(1, 99), rows[-1][0] + scene.dice.randrange(1, 99)])
    scene.connection.execute("UPDATE audit SET number = ? WHERE number = ?", (target, rows[scene.dice.randrange(len(rows) - 1)][0]))


def delete_one(scene: Scene) -> None:
    """Delete a record."""
    rows = scene.rows()
    scene.connection.execute("DELETE FROM audit WHERE number = ?", (rows[scene.one(rows)][0],))


def delete_some(scene: Scene) -> None:
    """Delete a run of records."""
    rows = scene.rows()
    first = rows[scene.one(rows)][0]
    scene.connection.execute("DELETE FROM audit WHERE number BETWEEN ? AND ?", (first, first + scene.dice.randrange(1, 200)))


def delete_and_relink(scene: Scene) -> None:
    """Delete a record, and number and hash everything after it anew."""
    rows = scene.rows()
    place = scene.one(rows)
    del rows[place]
    scene.write(relinked(rows, place))


def insert_between(scene: Scene) -> None:
    """Put a forged record between two, without hashing what follows anew."""
    rows = scene.rows()
    place = scene.dice.randrange(len(rows) - 1)
    forged = edited(rows[scene.one(rows)][1], scene.dice)
    number = rows[place][0]
    later = [(old + 1, body, made) for old, body, made in rows[place:]]
    scene.write([*rows[:place], (number, forged, link(rows[place - 1][2] if place else GENESIS, number, forged)), *later])


def insert_and_relink(scene: Scene) -> None:
    """Put a forged record between two, and number and hash everything after it anew."""
    rows = scene.rows()
    place = scene.dice.randrange(len(rows) - 1)
    rows.insert(place, (0, edited(rows[scene.one(rows)][1], scene.dice), ""))
    scene.write(relinked(rows, place))


def insert_outside(scene: Scene) -> None:
    """Put a forged record where nobody counts: below one, or far beyond the end."""
    rows = scene.rows()
    number = scene.dice.choice([0, -scene.dice.randrange(1, 10**9), rows[-1][0] + scene.dice.randrange(2, 10**6)])
    forged = edited(rows[scene.one(rows)][1], scene.dice)
    scene.connection.execute("INSERT INTO audit VALUES (?, ?, ?)", (number, forged, link(rows[-1][2], number, forged)))


def swap_two(scene: Scene) -> None:
    """Exchange two records, or only their texts."""
    rows = scene.rows()
    one, other = scene.dice.sample(range(len(rows)), 2)
    (a, first, x), (b, second, y) = rows[one], rows[other]
    hashes = (y, x) if scene.dice.random() < 0.5 else (x, y)
    rows[one], rows[other] = (a, second, hashes[0]), (b, first, hashes[1])
    scene.write(rows)


def swap_two_and_relink(scene: Scene) -> None:
    """Exchange two records, and hash everything after the first anew."""
    rows = scene.rows()
    one, other = sorted(scene.dice.sample(range(len(rows)), 2))
    rows[one], rows[other] = rows[other], rows[one]
    scene.write(relinked(rows, one))


def cut_the_tail(scene: Scene) -> None:
    """Delete the last records."""
    scene.write(scene.rows()[: -scene.dice.choice([1, 2, scene.dice.randrange(1, 100)])])


def empty_the_table(scene: Scene) -> None:
    """Delete all records."""
    scene.write([])


def rebuild_everything(scene: Scene) -> None:
    """Change some records and hash the whole chain anew."""
    rows = scene.rows()
    for place in scene.dice.sample(range(len(rows)), min(len(rows), scene.dice.randrange(1, 20))):
        rows[place] = (rows[place][0], edited(rows[place][1], scene.dice), "")
    scene.write(relinked(rows))


# -- guards, names, anchors ----------------------------------------------------------------------------------------------


def drop_a_trigger(scene: Scene) -> None:
    """Take one guard away."""
    scene.connection.execute(f"DROP TRIGGER {scene.dice.choice(scene.guards())[0]}")


def put_an_idle_trigger(scene: Scene) -> None:
    """Put a trigger that does nothing in the place of a guard."""
    name, made = scene.dice.choice(scene.guards())
    scene.connection.execute(f"DROP TRIGGER {name}")
    scene.connection.execute(made.partition("BEGIN")[0] + "BEGIN SELECT 1; END")


def blame_somebody_else(scene: Scene) -> None:
    """Exchange two people in the table of aliases."""
    (one, a), (other, b) = scene.dice.sample(scene.connection.execute("SELECT person, alias FROM aliases ORDER BY person").fetchall(), 2)
    for person, alias in (("?", a), (one, b), (other, a)):
        scene.connection.execute("UPDATE aliases SET person = ? WHERE alias = ?", (person, alias))


def hide_somebody(scene: Scene) -> None:
    """Delete somebody's alias without the record that an erasure leaves."""
    people = scene.connection.execute("SELECT person FROM aliases ORDER BY person").fetchall()
    scene.connection.execute("DELETE FROM aliases WHERE person = ?", scene.dice.choice(people))


def cut_the_anchors(scene: Scene) -> None:
    """Delete the last lines of the anchors file."""
    lines = scene.lines()
    scene.anchors.write_text("".join(lines[: -scene.dice.randrange(1, len(lines))]))


def take_anchors_out(scene: Scene) -> None:
    """Delete some lines of the anchors file."""
    lines = scene.lines()
    gone = set(scene.dice.sample(range(len(lines)), scene.dice.randrange(1, len(lines))))
    scene.anchors.write_text("".join(line for place, line in enumerate(lines) if place not in gone))


def remove_the_anchors(scene: Scene) -> None:
    """Delete or empty the anchors file."""
    if scene.dice.random() < 0.5:
        scene.anchors.unlink()
    else:
        scene.anchors.write_text("")


def edit_an_anchor(scene: Scene) -> None:
    """Change one value of one anchor."""
    lines = scene.lines()
    place = scene.one(scene.rows()) % len(lines)
    facts = json.loads(lines[place])
    name = scene.dice.choice(sorted(facts))
    facts[name] = facts[name] + 1 if name == "number" else facts[name][::-1]
    lines[place] = json.dumps(facts) + "\n"
    scene.anchors.write_text("".join(lines))


def swap_anchors(scene: Scene) -> None:
    """Exchange two lines of the anchors file."""
    lines = scene.lines()
    one, other = scene.dice.sample(range(len(lines)), 2)
    lines[one], lines[other] = lines[other], lines[one]
    scene.anchors.write_text("".join(lines))


def append_forged_anchors(scene: Scene) -> None:
    """Append an anchor of the head that is sealed with another key."""
    number, body, made = scene.rows()[-1]
    forged = Anchor.of(AuditRecord(number, body, made), WRONG_KEY)
    scene.anchors.write_text("".join([*scene.lines(), _line(forged)]))


def take_copies_out(scene: Scene) -> None:
    """Delete the database's copies of some anchors, never only the last one."""
    numbers = [number for (number,) in scene.connection.execute("SELECT number FROM audit_anchors ORDER BY number")][:-1]
    for number in scene.dice.sample(numbers, scene.dice.randrange(1, len(numbers))):
        scene.connection.execute("DELETE FROM audit_anchors WHERE number = ?", (number,))


def edit_a_copy(scene: Scene) -> None:
    """Change the database's copy of an anchor."""
    column, number = (
        scene.dice.choice(("hash", "seal", "at")),
        scene.dice.choice(scene.connection.execute("SELECT number FROM audit_anchors").fetchall()),
    )
    scene.connection.execute(f"UPDATE audit_anchors SET {column} = 'x' || substr({column}, 2) WHERE number = ?", number)


# -- several together ----------------------------------------------------------------------------------------------------


def rebuild_without_anchors(scene: Scene) -> None:
    """Hash a changed chain anew, and delete the anchors file."""
    rebuild_everything(scene)
    remove_the_anchors(scene)


def rebuild_without_copies(scene: Scene) -> None:
    """Hash a changed chain anew, and delete the database's copies."""
    rebuild_everything(scene)
    scene.connection.execute("DELETE FROM audit_anchors")


def rebuild_and_forge_anchors(scene: Scene) -> None:
    """Hash a changed chain anew, and make all anchors and copies fit with another key."""
    rebuild_everything(scene)
    by_number = {number: AuditRecord(number, body, made) for number, body, made in scene.rows()}
    old = [Anchor(**json.loads(line)) for line in scene.lines()]
    forged = [Anchor.of(by_number[anchor.number], WRONG_KEY, anchor.at) for anchor in old if anchor.number in by_number]
    scene.anchors.write_text("".join(map(_line, forged)))
    scene.connection.execute("DELETE FROM audit_anchors")
    scene.connection.executemany("INSERT INTO audit_anchors VALUES (?, ?, ?, ?)", [(a.number, a.hash, a.seal, a.at) for a in forged])


def rebuild_under_old_seals(scene: Scene) -> None:
    """Hash a changed chain anew, and put the new hashes into the anchors and copies under their old seals."""
    rebuild_everything(scene)
    made = {number: text for number, _, text in scene.rows()}
    anchors = [Anchor(**json.loads(line)) for line in scene.lines()]
    scene.anchors.write_text("".join(_line(replace(anchor, hash=made.get(anchor.number, anchor.hash))) for anchor in anchors))
    scene.connection.execute("UPDATE audit_anchors SET hash = coalesce((SELECT hash FROM audit WHERE audit.number = audit_anchors.number), hash)")


def cut_tail_and_anchors(scene: Scene) -> None:
    """Delete the last records, and the anchors of them from the file."""
    cut_the_tail(scene)
    head = max((number for number, _, _ in scene.rows()), default=0)
    scene.anchors.write_text("".join(line for line in scene.lines() if json.loads(line)["number"] <= head))


def cut_tail_and_copies(scene: Scene) -> None:
    """Delete the last records, and the database's copies of their anchors."""
    cut_the_tail(scene)
    scene.connection.execute("DELETE FROM audit_anchors WHERE number > (SELECT max(number) FROM audit)")


def combine(scene: Scene) -> None:
    """Do two or three things at random."""
    for manipulation in scene.dice.sample(ALONE, scene.dice.randrange(2, 4)):
        manipulation(scene)


def _line(anchor: Anchor) -> str:
    return json.dumps({"number": anchor.number, "hash": anchor.hash, "seal": anchor.seal, "at": anchor.at}) + "\n"


Manipulation = Callable[[Scene], None]
ALONE: tuple[Manipulation, ...] = (
    edit_a_character, edit_a_field, edit_field_and_hash, edit_and_relink, edit_a_hash, delete_one, delete_some,
    delete_and_relink, insert_between, insert_and_relink, insert_outside, swap_two, swap_two_and_relink, cut_the_tail,
    rebuild_everything, renumber_one,
)  # fmt: skip
GUARDS: tuple[Manipulation, ...] = (drop_a_trigger, put_an_idle_trigger)
KINDS: tuple[Manipulation, ...] = (
    *ALONE, *GUARDS, turn_a_body_into_bytes, empty_the_table, blame_somebody_else, hide_somebody, cut_the_anchors, take_anchors_out,
    remove_the_anchors, edit_an_anchor, swap_anchors, append_forged_anchors, take_copies_out, edit_a_copy, rebuild_without_anchors,
    rebuild_without_copies, rebuild_and_forge_anchors, rebuild_under_old_seals, cut_tail_and_anchors, cut_tail_and_copies, combine,
)  # fmt: skip


# -- beyond what can show ------------------------------------------------------------------------------------------------


def roll_everything_back(scene: Scene) -> None:
    """Take chain, anchors and copies back to an earlier anchor, as a stolen backup of both hosts would."""
    lines = scene.lines()
    kept = lines[: scene.dice.randrange(1, len(lines))]
    head = json.loads(kept[-1])["number"]
    scene.anchors.write_text("".join(kept))
    scene.connection.execute("DELETE FROM audit WHERE number > ?", (head,))
    scene.connection.execute("DELETE FROM audit_anchors WHERE number > ?", (head,))


def add_at_the_end(scene: Scene) -> None:
    """Add a record that is linked as it should be."""
    number, body, made = scene.rows()[-1]
    forged = edited(body, scene.dice)
    scene.connection.execute("INSERT INTO audit VALUES (?, ?, ?)", (number + 1, forged, link(made, number + 1, forged)))


BEYOND: tuple[Manipulation, ...] = (roll_everything_back, add_at_the_end)
