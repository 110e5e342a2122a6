"""The tables of problems: the problems, their tickets, what was told, and what tickets are about."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, LargeBinary, String, Table, Text

from assistant.adapters.store.tables import metadata
from kb.adapters.store.engine import UtcDateTime

problems = Table(
    "problems",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", String(40), nullable=False, unique=True),
    Column("state", String(20), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("category", String(80), nullable=False),
    Column("codes", JSON, nullable=False),
    Column("why", JSON, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("made_at", UtcDateTime, nullable=False, index=True),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("concerns", JSON, nullable=False),
    Column("cause", Text, nullable=False),
    Column("workaround", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("said_at", UtcDateTime),
    Column("next_update", UtcDateTime),
    Column("change", JSON, nullable=False),
    Column("resolution", Text, nullable=False),
    Column("opened_by", String(80), nullable=False),
    Column("opened_at", UtcDateTime),
    Column("resolved_at", UtcDateTime),
    Column("version", Integer, nullable=False),
)

problem_links = Table(
    "problem_links",
    metadata,
    Column("problem", String(40), primary_key=True),
    Column("ticket", String(40), primary_key=True),
    Column("person", String(80), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("how", String(20), nullable=False),
    Column("by", String(80), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("asked_at", UtcDateTime),
    Column("closed", Boolean, nullable=False),
    Column("answer", String(10), nullable=False),
    Index("ix_problem_links_ticket", "ticket"),
    Index("ix_problem_links_at", "at"),
)

problem_messages = Table(
    "problem_messages",
    metadata,
    Column("key", String(80), primary_key=True),
    Column("problem", String(40), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("by", String(80), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("people", Integer, nullable=False),
)

problem_traces = Table(
    "problem_traces",
    metadata,
    Column("ticket", String(40), primary_key=True),
    Column("person", String(80), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("service", String(120), nullable=False),
    Column("category", String(80), nullable=False),
    Column("codes", JSON, nullable=False),
    Column("site", String(120), nullable=False),
    Column("manner", String(10), nullable=False),
    Column("vector", LargeBinary, nullable=False),
)
