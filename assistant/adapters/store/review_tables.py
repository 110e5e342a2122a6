"""The tables of weekly reviews: the record, the names beside it, and what is decided on it."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, String, Table, Text

from assistant.adapters.store.tables import metadata
from kb.adapters.store.engine import UtcDateTime

reviews = Table(
    "reviews",
    metadata,
    Column("week", String(8), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", String(64), nullable=False),
)

review_names = Table(
    "review_names",
    metadata,
    Column("week", String(8), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("key", String(10), primary_key=True),
    Column("text", Text, nullable=False),
    Column("salt", String(64), nullable=False),
    Column("words", Boolean, nullable=False),
)

review_decisions = Table(
    "review_decisions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("week", String(8), nullable=False, index=True),
    Column("review", Integer, nullable=False),
    Column("finding", String(120), nullable=False),
    Column("what", Text, nullable=False),
    Column("owner", String(80), nullable=False),
    Column("due", String(10), nullable=False),
    Column("status", String(20), nullable=False, index=True),
    Column("made_by", String(80), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("changed_by", String(80), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
)
