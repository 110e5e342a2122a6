"""The triggers that make the audit's tables grow only, and whether they stand as the migrations made them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy import Connection, text

GUARDED = ("audit", "audit_anchors")
_ABORT = "BEGIN SELECT RAISE(ABORT, 'the audit only grows'); END"
_FORMS = {
    "UPDATE": "CREATE TRIGGER {0}_no_UPDATE BEFORE UPDATE ON {0}",
    "DELETE": "CREATE TRIGGER {0}_no_DELETE BEFORE DELETE ON {0}",
    "replace": "CREATE TRIGGER {0}_no_replace BEFORE INSERT ON {0} WHEN EXISTS (SELECT 1 FROM {0} WHERE number = NEW.number)",
}
_SQLITE = {f"{table}_no_{name}": f"{form.format(table)} {_ABORT}" for table in GUARDED for name, form in _FORMS.items()}
_ROW_CHANGES, _TRUNCATE = 1 + 2 + 8 + 16, 2 + 32
"""``tgtype`` of PostgreSQL: for each row, before, delete, update; before, truncate."""
_POSTGRESQL = {f"{table}_no_{name}": kind for table in GUARDED for name, kind in (("change", _ROW_CHANGES), ("truncate", _TRUNCATE))}
_REFUSES = "BEGIN RAISE EXCEPTION 'the audit only grows'; END"
_STANDING = """
SELECT t.tgname AS name, t.tgtype AS kind, t.tgenabled AS enabled, p.prosrc AS source,
       t.tgqual IS NOT NULL OR array_length(t.tgattr::int[], 1) IS NOT NULL AS narrowed
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
WHERE t.tgrelid IN (to_regclass('audit'), to_regclass('audit_anchors')) AND NOT t.tgisinternal
"""
_RULES = "SELECT rulename FROM pg_rules WHERE tablename IN ('audit', 'audit_anchors') AND schemaname = current_schema()"


def unguarded(connection: Connection) -> list[str]:
    """Return what is wrong with the guards of the audit's tables, in words; [] when all stand as they should."""
    found = _on_postgresql(connection) if connection.dialect.name == "postgresql" else _on_sqlite(connection)
    return sorted(found)


def _on_sqlite(connection: Connection) -> Iterator[str]:
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('audit', 'audit_anchors')"
    standing = {name: " ".join(made.split()) for name, made in connection.execute(text(query))}
    for name in _SQLITE.keys() - standing.keys():
        yield f"the trigger {name} is missing: the table does not refuse changes"
    for name, made in standing.items():
        if name not in _SQLITE:
            yield f"the trigger {name} is none of ours"
        elif made != _SQLITE[name]:
            yield f"the trigger {name} was replaced: the table does not refuse changes"


def _on_postgresql(connection: Connection) -> Iterator[str]:
    standing = {row.name: row for row in connection.execute(text(_STANDING))}
    for name in _POSTGRESQL.keys() - standing.keys():
        yield f"the trigger {name} is missing: the table does not refuse changes"
    for name, row in standing.items():
        refuses = re.sub(r"\s+", " ", row.source).strip() == _REFUSES
        if name not in _POSTGRESQL:
            yield f"the trigger {name} is none of ours"
        elif row.enabled not in ("O", "A"):
            yield f"the trigger {name} is switched off: the table does not refuse changes"
        elif row.kind != _POSTGRESQL[name] or row.narrowed or not refuses:
            yield f"the trigger {name} was replaced: the table does not refuse changes"
    for (name,) in connection.execute(text(_RULES)):
        yield f"the rule {name} on the audit is none of ours"
