"""Tables of the knowledge base. Migrations in ``migrations/`` make them; this module describes them to queries."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from kb.adapters.store.engine import UtcDateTime

metadata = MetaData()

articles = Table(
    "articles",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("title", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("audience", JSON, nullable=False),
    Column("platforms", JSON, nullable=False),
    Column("review_by", Date),
    Column("tags", JSON, nullable=False),
    Column("source", Text, nullable=False, index=True),
    Column("path", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("model", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
    Column("ahead", Integer, nullable=False, server_default="0"),
)

revisions = Table(
    "revisions",
    metadata,
    Column("article_id", String(200), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
)

revision_audiences = Table(
    "revision_audiences",
    metadata,
    Column("article_id", String(200), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("audience", JSON, nullable=False),
    ForeignKeyConstraint(["article_id", "number"], ["revisions.article_id", "revisions.number"]),
)

revision_facts = Table(
    "revision_facts",
    metadata,
    Column("article_id", String(200), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("author", String(80), nullable=False),
    Column("reviewer", String(80), nullable=False),
    Column("why", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("platforms", JSON, nullable=False),
    Column("review_by", Date),
    Column("tags", JSON, nullable=False),
    ForeignKeyConstraint(["article_id", "number"], ["revisions.article_id", "revisions.number"]),
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("article", String(200), nullable=False, index=True),
    Column("based_on", Integer, nullable=False),
    Column("gap", String(40), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("audience", JSON, nullable=False),
    Column("platforms", JSON, nullable=False),
    Column("review_by", Date),
    Column("tags", JSON, nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("author", String(80), nullable=False),
    Column("writers", JSON, nullable=False),
    Column("reviewer", String(80), nullable=False),
    Column("note", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("provenance", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

trials = Table(
    "trials",
    metadata,
    Column("draft", String(40), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("asked_by", String(80), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("state", String(20), nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("tried", JSON, nullable=False),
    Column("left_out", JSON, nullable=False),
)

passages = Table(
    "passages",
    metadata,
    Column("id", String(260), primary_key=True),
    Column("article_id", String(200), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("heading", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    ForeignKeyConstraint(["article_id", "revision"], ["revisions.article_id", "revisions.number"]),
)

vectors = Table(
    "vectors",
    metadata,
    Column("owner", String(280), primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("article_id", String(200), nullable=False, index=True),
    Column("text_hash", String(64), nullable=False),
    Column("model", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Index("ix_vectors_text", "text_hash", "model"),
)

publications = Table(
    "publications",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=True),
    Column("article_id", String(200), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

ingest_runs = Table(
    "ingest_runs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False, index=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("state", String(20), nullable=False),
    Column("counts", JSON, nullable=False),
    Column("failures", JSON, nullable=False),
)

unresolved_intents = Table(
    "unresolved_intents",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("question", Text, nullable=False),
    Column("failure", String(40), nullable=False),
    Column("nearest", JSON, nullable=False),
    Column("category", String(80), nullable=False),
    Column("platform", String(20), nullable=False),
    Column("origin", String(80), nullable=False, index=True),
    Column("asker", String(80), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False, index=True),
    Column("ticket", String(80), nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Index("ix_unresolved_intents_counted", "id", "asked_at", "asker", "ticket", "category"),
)

gaps = Table(
    "gaps",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("state", String(20), nullable=False),
    Column("named", Boolean, nullable=False),
    Column("category", String(80), nullable=False),
    Column("assigned_to", String(80), nullable=False),
    Column("due", Date),
    Column("article", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("centroid", LargeBinary, nullable=False),
)

gap_members = Table(
    "gap_members",
    metadata,
    Column("intent", String(40), ForeignKey("unresolved_intents.id", ondelete="CASCADE"), primary_key=True),
    Column("gap", String(40), ForeignKey("gaps.id"), nullable=False),
    Column("failure", String(40), nullable=False),
    Column("placed_at", UtcDateTime, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("asker", String(80), nullable=False),
    Column("ticket", String(80), nullable=False),
    Index("ix_gap_members_asked", "gap", "asked_at", "intent", "failure"),
    Index("ix_gap_members_askers", "gap", "asker", "asked_at"),
    Index("ix_gap_members_tickets", "gap", "ticket", "asked_at"),
)

spikes = Table(
    "spikes",
    metadata,
    Column("subject", String(90), primary_key=True),
    Column("since", UtcDateTime, primary_key=True),
    Column("label", Text, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False, index=True),
    Column("count", Integer, nullable=False),
    Column("expected", Float, nullable=False),
    Column("chance", Float, nullable=False),
)
