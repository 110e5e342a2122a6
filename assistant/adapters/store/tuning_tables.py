"""Tables of experiments and tuning decisions, beside those of ``tables.py``."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Integer, String, Table, Text, UniqueConstraint

from assistant.adapters.store.tables import metadata
from kb.adapters.store.engine import UtcDateTime

experiments = Table(
    "experiments",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("gap", String(40), nullable=False, index=True),
    Column("article", String(200), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
    Column("chosen_at", UtcDateTime, nullable=False),
    Column("standing", String(20), nullable=False),
    Column("ended_at", UtcDateTime),
    Column("why", Text, nullable=False),
)

experiment_looks = Table(
    "experiment_looks",
    metadata,
    Column("experiment", String(40), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("effect", JSON, nullable=False),
)

experiment_rows = Table(
    "experiment_rows",
    metadata,
    Column("experiment", String(40), primary_key=True),
    Column("conversation", String(40), primary_key=True, index=True),
    Column("episode", Integer, primary_key=True, autoincrement=False),
    Column("week", Integer, nullable=False),
    Column("resolved", Boolean, nullable=False),
)

tuning_decisions = Table(
    "tuning_decisions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("about", String(80), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("decided_by", String(80), nullable=False),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Column("predicted", JSON, nullable=False),
    Column("policy", String(64), nullable=False),
    Column("undone_at", UtcDateTime),
    Column("undone_by", String(80), nullable=False),
    UniqueConstraint("about", "number"),
)
