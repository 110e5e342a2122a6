"""The tables of alerts. What others wrote stands in columns of type Text or JSON, so that erasing a person finds it there."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, String, Table, Text

from assistant.adapters.store.tables import metadata
from kb.adapters.store.engine import UtcDateTime

reports = Table(
    "alert_reports",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("standing", String(8), nullable=False),
    Column("source", String(80), nullable=False),
    Column("fingerprint", String(32), nullable=False),
    Column("state", String(10), nullable=False),
    Column("severity", String(10), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False, index=True),
    Column("said", JSON, nullable=False),
    Column("aside", Text, nullable=False),
    Index("ix_alert_reports_standing", "standing", "number"),
    sqlite_autoincrement=True,
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("fingerprint", String(32), nullable=False),
    Column("source", String(80), nullable=False),
    Column("state", String(10), nullable=False),
    Column("severity", String(10), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("said", JSON, nullable=False),
    Column("item", Text, nullable=False),
    Column("first_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("count", Integer, nullable=False),
    Column("changes", JSON, nullable=False),
    Column("flapping", Boolean, nullable=False),
    Column("in_group", String(32), nullable=False),
    Column("likeness", Float, nullable=False),
    Index("ix_alerts_fingerprint", "fingerprint", "last_at"),
    Index("ix_alerts_in_group", "in_group", "id"),
    Index("ix_alerts_received_at", "received_at"),
)

groups = Table(
    "alert_groups",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("standing", String(10), nullable=False),
    Column("first_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("title", Text, nullable=False),
    Column("category", String(80), nullable=False),
    Column("queue", String(80), nullable=False),
    Column("ticket", String(40), nullable=False),
    Column("severity", String(10), nullable=False),
    Column("alerts", Integer, nullable=False),
    Column("firing", Integer, nullable=False),
    Column("items", Integer, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("common", JSON, nullable=False),
    Column("why", JSON, nullable=False),
    Column("profile", JSON, nullable=False),
    Column("told", JSON, nullable=False),
    Column("into", String(32), nullable=False),
    Column("calm_since", UtcDateTime, nullable=True),
    Column("settled", Boolean, nullable=False),
    Index("ix_alert_groups_standing", "standing", "last_at"),
    Index("ix_alert_groups_calm", "standing", "calm_since"),
    Index("ix_alert_groups_ticket", "ticket"),
)

revision = Table("alert_revision", metadata, Column("id", Integer, primary_key=True, autoincrement=False), Column("number", Integer, nullable=False))

judgements = Table(
    "alert_judgements",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("verdict", String(10), nullable=False),
    Column("about", String(32), nullable=False, index=True),
    Column("other", String(32), nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("pairs_judged", Integer, nullable=False),
    Column("pairs_kept", Integer, nullable=False),
    Column("alone", Boolean, nullable=False),
    Column("moved", JSON, nullable=False),
    Column("before", JSON, nullable=False),
    Column("pairs", JSON, nullable=False),
    Column("undone_at", UtcDateTime, nullable=True),
    Column("undone_by", String(80), nullable=False),
)

weights = Table(
    "alert_weights",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("values", JSON, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("undone_at", UtcDateTime, nullable=True),
    Column("undone_by", String(80), nullable=False),
)
