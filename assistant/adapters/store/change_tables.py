"""The tables of changes, of what was done to devices, of compliance, and of the fleet that is a list."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text

from assistant.adapters.store.tables import metadata
from kb.adapters.store.engine import UtcDateTime

changes = Table(
    "changes",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("title", Text, nullable=False),
    Column("service", String(80), nullable=False),
    Column("status", String(20), nullable=False, index=True),
    Column("made_by", String(80), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("at", UtcDateTime, nullable=True),
    Column("terms", JSON, nullable=True),
    Column("action", String(40), nullable=False, index=True),
    Column("opens_at", UtcDateTime, nullable=True),
    Column("closes_at", UtcDateTime, nullable=True),
    Column("ended_at", UtcDateTime, nullable=True),
    Column("wave", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Index("ix_changes_opened", "opened_at", "id"),
    Index("ix_changes_service", "service", "at"),
)

change_devices = Table(
    "change_devices",
    metadata,
    Column("change", String(40), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("device", String(120), nullable=False),
    Column("name", Text, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("ticket", String(40), nullable=False),
    Column("undone_by", String(80), nullable=False),
)

findings = Table(
    "compliance_findings",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("device", String(120), nullable=False, index=True),
    Column("name", Text, nullable=False, index=True),
    Column("check", String(60), nullable=False),
    Column("evidence", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime, nullable=True, index=True),
    Column("change", String(40), nullable=False, index=True),
    Column("ticket", String(40), nullable=False),
)

runs = Table(
    "compliance_runs",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("devices", Integer, nullable=False),
    Column("silent", Integer, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("failing", Integer, nullable=False),
    Column("opened", Integer, nullable=False),
    Column("closed", Integer, nullable=False),
    Column("broken_off", Text, nullable=False),
)

fleet_devices = Table(
    "fleet_devices",
    metadata,
    Column("id", String(120), primary_key=True),
    Column("owner", String(80), nullable=False, index=True),
    Column("facts", JSON, nullable=False),
)

fleet_effects = Table(
    "fleet_effects",
    metadata,
    Column("key", String(120), primary_key=True),
    Column("device", String(120), nullable=False),
    Column("remedy", String(80), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
