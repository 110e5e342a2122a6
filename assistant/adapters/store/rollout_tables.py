"""Tables of the rollout ladder and of frozen records, beside those of ``tables.py``."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text, UniqueConstraint

from assistant.adapters.store.tables import metadata
from kb.adapters.store.engine import UtcDateTime

rungs = Table(
    "rungs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("category", String(200), nullable=False),
    Column("number", Integer, nullable=False),
    Column("before", String(20), nullable=False),
    Column("rung", String(20), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("decided_by", String(80), nullable=False),
    Column("why", Text, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("undone_at", UtcDateTime),
    Column("undone_by", String(80), nullable=False),
    UniqueConstraint("category", "number"),
)

frozen_records = Table(
    "frozen_records",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("name", String(120), primary_key=True),
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", String(80), nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_frozen_records_made", "kind", "made_at"),
)
