"""The table of what triage said of tickets."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Integer, String, Table

from assistant.adapters.store.tables import metadata
from kb.adapters.store.engine import UtcDateTime

triages = Table(
    "triages",
    metadata,
    Column("ticket", String(40), primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("route", String(10), nullable=False),
    Column("rule", String(200), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("model", String(60), nullable=False),
    Column("policy", String(80), nullable=False),
    Column("category_before", String(200), nullable=False),
    Column("queue_before", String(200), nullable=False),
    Column("category_settled", String(200), nullable=False),
    Column("queue_settled", String(200), nullable=False),
    Column("settled_at", UtcDateTime, index=True),
    Column("settled_by", String(80), nullable=False),
    Column("misrouted", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
)
