"""The tables of joiners and leavers: cases, their steps, and the devices that are kept for somebody."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, Integer, String, Table, Text

from assistant.adapters.store.tables import metadata
from kb.adapters.store.engine import UtcDateTime

joiner_cases = Table(
    "joiner_cases",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("status", String(20), nullable=False, index=True),
    Column("employee", String(80), nullable=False, index=True),
    Column("person", String(80), nullable=False, index=True),
    Column("manager", String(80), nullable=False, index=True),
    Column("started_by", String(80), nullable=False),
    Column("source", String(20), nullable=False),
    Column("day", Date, nullable=False, index=True),
    Column("moment", UtcDateTime, nullable=False),
    Column("zone", String(60), nullable=False),
    Column("who", JSON, nullable=False),
    Column("checklist", String(64), nullable=False),
    Column("steps", JSON, nullable=False),
    Column("told_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False, index=True),
    Column("version", Integer, nullable=False),
)
"""``who`` is what is known of the person beside the id, ``steps`` the checklist as it stood when the case began."""

joiner_steps = Table(
    "joiner_steps",
    metadata,
    Column("case", String(40), primary_key=True),
    Column("step", String(40), primary_key=True),
    Column("status", String(20), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("late_at", UtcDateTime),
    Column("begun_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("by", String(80), nullable=False),
    Column("action", String(60), nullable=False),
    Column("ticket", String(20), nullable=False),
    Column("why", Text, nullable=False),
    Column("result", JSON, nullable=False),
    Column("reminded_at", UtcDateTime),
    Column("escalated_at", UtcDateTime),
)

device_reservations = Table(
    "device_reservations",
    metadata,
    Column("device", String(80), primary_key=True),
    Column("key", String(120), nullable=False, unique=True),
    Column("person", String(80), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
)
