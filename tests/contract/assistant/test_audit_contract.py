"""What every audit promises: people under aliases, erasure with a chain that still verifies, anchors and their copies, guards."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from assistant.adapters.anchors import FileAnchors
from assistant.adapters.memory.store import MemoryStore
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.domain.audit import ERASED, Anchor, AuditEntry, Consent
from assistant.domain.secret import Secret
from assistant.governance.anchoring import AnchorRefused, adopt, anchor_head, examine
from assistant.ports.audit import AuditUnreadable
from assistant.ports.store import Store

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY = b"installation key"
SAME_ISSUE = 0.72
ENTRY = AuditEntry(
    NOON,
    "ana.lima",
    "execute",
    "done",
    "c_1",
    "m1",
    0.1234567890123,
    policy="0123456789ab",
    detail={"ticket": "T-7", "asked": ["ana.lima"], "delegate": "cleo"},
    subject="ben",
    action="a_1",
    tool="grant_access",
    arguments={"group": "ledgerline-users", "days": "30"},
    rule="tools.grant_access",
    facts={"tool": "grant_access", "approved": True},
    verdict="allow",
    approvals=(Consent("dora", NOON, "f" * 64, "emil"),),
    context={"ticket": "T-7", "requester": "ana.lima"},
)
PEOPLE = ("ana.lima", "ben", "cleo", "dora", "emil")


def append(store: Store, *entries: AuditEntry) -> None:
    with store.write() as unit:
        unit.audit.append(entries)


def decided(number: int, actor: str = "ana.lima") -> AuditEntry:
    return AuditEntry(NOON + timedelta(minutes=number), actor, "answer", "auto", f"c_{number}", f"m{number}")


def bodies(store: Store) -> list[str]:
    with store.read() as unit:
        return [record.body for record in unit.audit.read()]


@pytest.fixture
def anchors(tmp_path: Path) -> FileAnchors:
    """An anchors file that does not exist yet."""
    return FileAnchors(tmp_path / "elsewhere.jsonl")


def faults(store: Store, anchors: FileAnchors) -> list[str]:
    return examine(store, anchors, KEY).faults


class TestAliases:
    def test_no_id_of_a_person_is_stored_and_readers_see_every_one(self, store: Store) -> None:
        append(store, ENTRY)
        (body,) = bodies(store)
        assert [person for person in PEOPLE if person in body] == []
        with store.read() as unit:
            (line,) = unit.audit.lines()
        assert line.number == 1
        assert line.facts == json.loads(ENTRY.canonical())

    def test_a_person_has_one_alias_over_all_transactions(self, store: Store) -> None:
        append(store, decided(1))
        append(store, decided(2), decided(3, "ben"))
        actors = [json.loads(body)["actor"] for body in bodies(store)]
        assert actors[0] == actors[1] != actors[2]
        with store.read() as unit:
            assert {alias.person for alias in unit.audit.aliases()} == {"ana.lima", "ben"}
            assert all(alias.holds() for alias in unit.audit.aliases())

    def test_the_service_itself_needs_no_alias(self, store: Store) -> None:
        append(store, decided(1, "firstline"), decided(2, "operator"))
        assert [json.loads(body)["actor"] for body in bodies(store)] == ["firstline", "operator"]

    def test_what_only_looks_like_an_alias_is_not_taken_for_one(self, store: Store, anchors: FileAnchors) -> None:
        append(store, decided(1, "ben"))
        with store.read() as unit:
            (alias,) = unit.audit.aliases()
        append(store, AuditEntry(NOON, "ana.lima", "answer", "auto", "c_1", alias.alias, detail={"said": f"p_{'0' * 32}"}))
        with store.read() as unit:
            line = unit.audit.lines()[1]
        assert (line.facts["message"], line.facts["detail"]) == (f"={alias.alias}", {"said": f"=p_{'0' * 32}"})
        assert faults(store, anchors) == []

    def test_a_rolled_back_entry_leaves_no_alias(self, store: Store) -> None:
        with pytest.raises(RuntimeError, match="after"), store.write() as unit:
            unit.audit.append([decided(1)])
            raise RuntimeError("after")
        with store.read() as unit:
            assert (unit.audit.aliases(), unit.audit.head()) == ([], None)

    @pytest.mark.parametrize("place", ["detail", "arguments", "facts", "context"])
    def test_a_secret_cannot_be_written_down(self, store: Store, place: str) -> None:
        entry = AuditEntry(NOON, "ana.lima", "execute", "done", **{place: {"given": Secret("Hunter-2")}})  # type: ignore[arg-type]
        with pytest.raises(TypeError), store.write() as unit:
            unit.audit.append([decided(1), entry])
        assert bodies(store) == []

    def test_records_about_something_are_found(self, store: Store) -> None:
        append(store, decided(1), ENTRY, decided(3))
        with store.read() as unit:
            assert [line.number for line in unit.audit.lines(mentioning="a_1")] == [2]
            assert [line.number for line in unit.audit.lines(after=1, limit=1)] == [2]
            assert unit.audit.lines(mentioning="c%1") == []


class TestErasure:
    def test_the_trail_of_an_action_is_found_in_order_and_holds_no_other(self, store: Store) -> None:
        with store.write() as unit:
            unit.audit.append(
                [ENTRY, replace(ENTRY, action="a_10"), replace(ENTRY, action="", detail={"of": "a_1"}), replace(ENTRY, decision="undone")]
            )
        with store.write() as unit:
            unit.audit.append([replace(ENTRY, decision="asked again")])
        with store.read() as unit:
            trail = unit.audit.of_action("a_1")
            assert unit.audit.of_action("a_2") == []
        assert [line.facts["decision"] for line in trail] == ["done", "undone", "asked again"]
        assert [line.facts["actor"] for line in trail] == ["ana.lima"] * 3

    def test_an_erased_person_is_gone_and_the_chain_holds(self, store: Store, anchors: FileAnchors) -> None:
        append(store, ENTRY, decided(2))
        anchor_head(store, anchors, KEY, NOON)
        with store.write() as unit:
            alias = unit.audit.forget("ana.lima", NOON)
        assert alias.startswith("p_")
        with store.read() as unit:
            executed, answered, erased = unit.audit.lines()
            assert "ana.lima" not in {known.person for known in unit.audit.aliases()}
        assert (executed.facts["actor"], executed.facts["subject"]) == (ERASED, "ben")
        assert executed.facts["detail"]["asked"] == [ERASED]
        assert (answered.facts["actor"], erased.facts["subject"], erased.facts["step"]) == (ERASED, ERASED, "erase")
        assert faults(store, anchors) == []

    def test_whoever_comes_back_has_another_alias(self, store: Store, anchors: FileAnchors) -> None:
        append(store, decided(1))
        with store.write() as unit:
            first = unit.audit.forget("ana.lima", NOON)
        append(store, decided(2))
        with store.read() as unit:
            (again,) = unit.audit.aliases()
            assert [line.facts["actor"] for line in unit.audit.lines()] == [ERASED, "operator", "ana.lima"]
        assert again.alias != first
        assert faults(store, anchors) == []

    def test_nobody_is_erased_who_is_not_in_it(self, store: Store) -> None:
        with store.write() as unit:
            assert unit.audit.forget("nobody", NOON) == ""
            assert unit.audit.count() == 0


class TestAnchors:
    def test_the_head_is_anchored_when_it_moved_and_kept_in_the_database_too(self, store: Store, anchors: FileAnchors) -> None:
        assert anchor_head(store, anchors, KEY, NOON) is None
        append(store, decided(1), decided(2))
        made = anchor_head(store, anchors, KEY, NOON)
        assert made is not None
        assert (made.number, made.at, made.holds(KEY)) == (2, NOON.isoformat(), True)
        assert anchor_head(store, anchors, KEY, NOON) is None
        append(store, decided(3))
        assert anchor_head(store, anchors, KEY, NOON) is not None
        with store.read() as unit:
            assert unit.audit.anchored() == list(anchors.read())
            assert unit.audit.anchored(after=2) == [unit.audit.last_anchor()]
        found = examine(store, anchors, KEY)
        assert (found.records, found.anchors, found.unanchored, found.faults) == (3, 2, 0, [])

    def test_what_came_after_the_last_anchor_is_counted(self, store: Store, anchors: FileAnchors) -> None:
        append(store, decided(1))
        anchor_head(store, anchors, KEY, NOON)
        append(store, decided(2), decided(3))
        assert examine(store, anchors, KEY).unanchored == 2

    def test_an_anchors_file_that_was_cut_shows(self, store: Store, anchors: FileAnchors) -> None:
        for number in range(4):
            append(store, decided(number))
            anchor_head(store, anchors, KEY, NOON)
        whole = anchors.path.read_text().splitlines(keepends=True)
        cut = "missing in the anchors file"
        for kept in (whole[:3], whole[1:], [whole[0], *whole[2:]], []):
            anchors.path.write_text("".join(kept))
            assert [cut in fault for fault in faults(store, anchors)] == [True] * (4 - len(kept))
        anchors.path.unlink()
        assert len(faults(store, anchors)) == 4
        anchors.path.write_text("".join([whole[1], whole[0], *whole[2:]]))
        assert any("out of order" in fault for fault in faults(store, anchors))

    def test_an_anchor_whose_copy_was_not_written_is_no_fault_and_is_copied_later(self, store: Store, anchors: FileAnchors) -> None:
        append(store, decided(1))
        anchor_head(store, anchors, KEY, NOON)
        append(store, decided(2))
        with store.read() as unit:
            head = unit.audit.head()
        assert head is not None
        anchors.add(Anchor.of(head, KEY))
        assert faults(store, anchors) == []
        append(store, decided(3))
        assert adopt(store, anchors, KEY) == 1
        anchor_head(store, anchors, KEY, NOON)
        assert faults(store, anchors) == []
        assert adopt(store, anchors, KEY) == 0

    def test_a_line_that_a_power_cut_tore_is_left_out_and_written_over(self, store: Store, anchors: FileAnchors) -> None:
        append(store, decided(1))
        anchor_head(store, anchors, KEY, NOON)
        with anchors.path.open("a") as file:
            file.write('{"number": 2, "ha')
        assert faults(store, anchors) == []
        append(store, decided(2))
        anchor_head(store, anchors, KEY, NOON)
        assert [anchor.number for anchor in anchors.read()] == [1, 2]
        assert faults(store, anchors) == []

    def test_anchors_of_an_early_version_still_hold(self, store: Store, anchors: FileAnchors) -> None:
        append(store, decided(1))
        with store.read() as unit:
            head = unit.audit.head()
        assert head is not None
        sealed = Anchor.of(head, KEY)
        anchors.path.write_text(json.dumps({"number": 1, "hash": sealed.hash, "seal": sealed.seal}) + "\n")
        assert adopt(store, anchors, KEY) == 1
        assert examine(store, anchors, KEY).faults == []

    def test_an_anchor_with_another_key_shows_and_is_not_relied_on(self, store: Store, anchors: FileAnchors) -> None:
        append(store, decided(1))
        anchor_head(store, anchors, KEY, NOON)
        with store.read() as unit:
            head = unit.audit.head()
        assert head is not None
        anchors.add(Anchor.of(head, b"another key"))
        anchors.add(Anchor(7, "x" * 64, "y" * 64))
        said = "is not sealed with this installation's key"
        assert faults(store, anchors) == [f"the anchor of record 1 {said}", f"the anchor of record 7 {said}"]

    def test_a_copy_is_never_overwritten(self, store: Store) -> None:
        with store.write() as unit:
            unit.audit.note_anchor(Anchor(1, "a", "b"))
            unit.audit.note_anchor(Anchor(1, "c", "d"))
            assert unit.audit.anchored() == [Anchor(1, "a", "b")]


OURS = ("audit", "audit_anchors")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def engine(request: pytest.FixtureRequest, engine_of: Callable[[str], Engine]) -> Engine:
    """A database with two records and an anchor in it."""
    opened = engine_of(str(request.param))
    store = SqlStore(opened, SAME_ISSUE)
    append(store, decided(1), decided(2))
    with store.write() as unit:
        unit.audit.note_anchor(Anchor(2, "a", "b"))
    return opened


def run(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def drop(engine: Engine, name: str, table: str) -> None:
    run(engine, f"DROP TRIGGER {name}" if engine.dialect.name == "sqlite" else f"DROP TRIGGER {name} ON {table}")


def names(engine: Engine, table: str) -> list[str]:
    made = ("UPDATE", "DELETE", "replace") if engine.dialect.name == "sqlite" else ("change", "truncate")
    return [f"{table}_no_{name}" for name in made]


def restored(engine: Engine) -> Callable[[], None]:
    """Remember the guards of a database that other tests use too."""
    if engine.dialect.name == "sqlite":
        return lambda: None

    def put_back() -> None:
        for table in OURS:
            run(engine, f"DROP TRIGGER IF EXISTS {table}_no_change ON {table}")
            run(engine, f"DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}")
            run(engine, f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION audit_only_grows()")
            run(engine, f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION audit_only_grows()")

    return put_back


def unguarded(engine: Engine) -> list[str]:
    with SqlStore(engine, SAME_ISSUE).read() as unit:
        return unit.audit.unguarded()


class TestGuards:
    @pytest.mark.parametrize("table", OURS)
    @pytest.mark.parametrize(
        "statement",
        ["UPDATE {0} SET hash = 'x'", "DELETE FROM {0}", "UPDATE {0} SET number = number + 10", "DELETE FROM {0} WHERE number = 2"],
    )
    def test_both_tables_refuse_changes(self, engine: Engine, table: str, statement: str) -> None:
        with pytest.raises(DBAPIError, match="only grows"):
            run(engine, statement.format(table))

    @pytest.mark.parametrize("statement", ["REPLACE INTO {0} SELECT * FROM {0}", "INSERT OR REPLACE INTO {0} SELECT * FROM {0} WHERE number = 2"])
    @pytest.mark.parametrize("table", OURS)
    def test_replacing_and_truncating_are_refused(self, engine: Engine, table: str, statement: str) -> None:
        with pytest.raises(DBAPIError, match="only grows"):
            run(engine, statement.format(table) if engine.dialect.name == "sqlite" else f"TRUNCATE {table}")

    def test_a_migrated_database_is_guarded(self, engine: Engine) -> None:
        assert unguarded(engine) == []

    @pytest.mark.parametrize("table", OURS)
    def test_each_dropped_trigger_is_reported(self, engine: Engine, table: str) -> None:
        put_back = restored(engine)
        for count, name in enumerate(names(engine, table), 1):
            drop(engine, name, table)
            assert f"the trigger {name} is missing: the table does not refuse changes" in unguarded(engine)
            assert len(unguarded(engine)) == count
        put_back()

    def test_a_trigger_that_does_nothing_is_reported(self, engine: Engine) -> None:
        put_back = restored(engine)
        name = names(engine, "audit")[0]
        drop(engine, name, "audit")
        if engine.dialect.name == "sqlite":
            run(engine, f"CREATE TRIGGER {name} BEFORE UPDATE ON audit BEGIN SELECT 1; END")
        else:
            run(engine, "CREATE OR REPLACE FUNCTION idle() RETURNS trigger AS $$ BEGIN RETURN OLD; END $$ LANGUAGE plpgsql")
            run(engine, f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION idle()")
        assert unguarded(engine) == [f"the trigger {name} was replaced: the table does not refuse changes"]
        put_back()

    def test_a_trigger_of_others_is_reported(self, engine: Engine) -> None:
        if engine.dialect.name == "sqlite":
            run(engine, "CREATE TRIGGER theirs AFTER INSERT ON audit BEGIN SELECT 1; END")
        else:
            run(engine, "CREATE TRIGGER theirs AFTER DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_only_grows()")
        assert unguarded(engine) == ["the trigger theirs is none of ours"]
        drop(engine, "theirs", "audit")

    @pytest.mark.real
    def test_a_trigger_switched_off_is_reported(self, engine_of: Callable[[str], Engine]) -> None:
        engine = engine_of("postgresql")
        run(engine, "ALTER TABLE audit DISABLE TRIGGER audit_no_change")
        assert unguarded(engine) == ["the trigger audit_no_change is switched off: the table does not refuse changes"]
        run(engine, "ALTER TABLE audit ENABLE TRIGGER audit_no_change")
        assert unguarded(engine) == []


class TestTamperedAliases:
    def change(self, engine: Engine, statement: str) -> list[str]:
        with engine.begin() as connection:
            connection.execute(text(statement))
        return examine(SqlStore(engine, SAME_ISSUE), FileAnchors(Path("nowhere")), KEY).faults

    @pytest.fixture
    def sqlite(self, engine_of: Callable[[str], Engine]) -> Engine:
        """A database with records of two people."""
        engine = engine_of("sqlite")
        append(SqlStore(engine, SAME_ISSUE), decided(1), decided(2, "ben"))
        return engine

    def test_blaming_somebody_else_shows(self, sqlite: Engine) -> None:
        changed = self.change(sqlite, "UPDATE aliases SET person = 'carl' WHERE person = 'ben'")
        assert len(changed) == 1
        assert "does not belong to the person" in changed[0]

    def test_taking_somebody_out_without_a_record_shows(self, sqlite: Engine) -> None:
        changed = self.change(sqlite, "DELETE FROM aliases WHERE person = 'ben'")
        assert len(changed) == 1
        assert "no record says so" in changed[0]

    def test_bringing_an_erased_person_back_shows(self, sqlite: Engine) -> None:
        store = SqlStore(sqlite, SAME_ISSUE)
        with store.read() as unit:
            ben = next(alias for alias in unit.audit.aliases() if alias.person == "ben")
        with store.write() as unit:
            unit.audit.forget("ben", NOON)
        changed = self.change(sqlite, f"INSERT INTO aliases VALUES ('ben', '{ben.alias}', '{ben.salt}')")
        assert len(changed) == 1
        assert "in the table of aliases again" in changed[0]


class TestTamperedTables:
    @pytest.fixture
    def sqlite(self, engine_of: Callable[[str], Engine], anchors: FileAnchors) -> Engine:
        """A database whose guards were taken away, with eleven records of which the last two are anchored."""
        engine = engine_of("sqlite")
        store = SqlStore(engine, SAME_ISSUE)
        append(store, *(decided(number) for number in range(10)))
        anchor_head(store, anchors, KEY, NOON)
        append(store, decided(10))
        anchor_head(store, anchors, KEY, NOON)
        for table in OURS:
            for name in names(engine, table):
                drop(engine, name, table)
        return engine

    @pytest.mark.parametrize(
        ("statement", "fault"),
        [
            ("INSERT INTO audit VALUES (0, 'x', 'y')", "1 records stand outside of the numbering"),
            ("INSERT INTO audit VALUES (-4, 'x', 'y')", "1 records stand outside of the numbering"),
            ("DELETE FROM audit", "record 10 was anchored and is gone"),
            ("DELETE FROM audit WHERE number > 7", "record 10 was anchored and is gone"),
            ("UPDATE audit SET body = CAST(body AS BLOB) WHERE number = 3", "record 3 was changed, or one before it was"),
            ("UPDATE audit SET body = CAST(x'7bff7d' AS TEXT) WHERE number = 3", "the audit cannot be read"),
            ("DROP TABLE audit", "the audit cannot be read"),
            ("ALTER TABLE audit RENAME COLUMN body TO text", "the audit cannot be read"),
            ("DROP TABLE audit_anchors", "the audit cannot be read"),
            ("DROP TABLE aliases", "the audit cannot be read"),
            ("DELETE FROM audit_anchors WHERE number = 10", "the anchor of record 10 is missing in the database"),
            ("UPDATE audit_anchors SET hash = seal WHERE number = 10", "the anchor of record 10 is another one in the database"),
        ],
    )
    def test_what_was_done_to_a_table_is_found(self, sqlite: Engine, anchors: FileAnchors, statement: str, fault: str) -> None:
        run(sqlite, statement)
        found = examine(SqlStore(sqlite, SAME_ISSUE), anchors, KEY).faults
        assert any(one.startswith(fault) for one in found if "trigger" not in one)

    def test_a_changed_chain_is_not_anchored_again(self, sqlite: Engine, anchors: FileAnchors) -> None:
        store = SqlStore(sqlite, SAME_ISSUE)
        append(store, decided(11), decided(12))
        run(sqlite, "UPDATE audit SET body = replace(body, 'auto', 'review') WHERE number = 12")
        with pytest.raises(AnchorRefused, match="record 12 was changed"):
            anchor_head(store, anchors, KEY, NOON)
        run(sqlite, "DELETE FROM audit WHERE number >= 11")
        with pytest.raises(AnchorRefused, match="record 11 is not the one that was anchored"):
            anchor_head(store, anchors, KEY, NOON)
        assert len(list(anchors.read())) == 2

    def test_readers_are_told_when_a_record_is_no_json(self, sqlite: Engine) -> None:
        run(sqlite, "UPDATE audit SET body = '[' WHERE number = 3")
        with pytest.raises(AuditUnreadable), SqlStore(sqlite, SAME_ISSUE).read() as unit:
            unit.audit.lines()


def test_an_examination_sees_one_moment_while_others_write(anchors: FileAnchors) -> None:
    store = MemoryStore(SAME_ISSUE)
    append(store, decided(1))
    anchor_head(store, anchors, KEY, NOON)
    before = list(anchors.read())

    class Growing(FileAnchors):
        def read(self):  # type: ignore[no-untyped-def]
            """Return the file as it was, the first time; then it has grown."""
            yield from before if not grown else FileAnchors.read(self)
            grown.append(1)

    grown: list[int] = []
    append(store, decided(2))
    anchor_head(store, anchors, KEY, NOON)
    anchors.add(Anchor(3, "a later head", "a later seal"))
    assert examine(store, Growing(anchors.path), KEY).faults == []
