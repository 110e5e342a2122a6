"""The assistant's tables. Migrations in ``migrations/`` make them; this module describes them to queries."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

from kb.adapters.store.engine import UtcDateTime

metadata = MetaData()

organisation = Table(
    "organisation",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("id", String(80), primary_key=True),
    Column("owner", String(80), nullable=False, index=True),
    Column("facts", JSON, nullable=False),
)

tickets = Table(
    "tickets",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("key", String(120), nullable=False, unique=True),
    Column("requester", String(80), nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("status", String(20), nullable=False, index=True),
    Column("queue", String(80), nullable=False),
    Column("category", String(80), nullable=False),
    Column("assignee", String(80), nullable=False),
    Column("origin", String(80), nullable=False),
    Column("body", JSON, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("ix_tickets_standing", "assignee", "status", "opened_at", "number"),
    Index("ix_tickets_status_opened", "status", "opened_at", "number"),
    Index("ix_tickets_opened", "opened_at", "number"),
    Index("ix_tickets_queue", "queue", "status", "opened_at", "number"),
    sqlite_autoincrement=True,
)

ticket_notes = Table(
    "ticket_notes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("ticket", String(40), ForeignKey("tickets.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("author", String(80), nullable=False),
    Column("text", Text, nullable=False),
    Column("public", Boolean, nullable=False),
)

outside_tickets = Table(
    "outside_tickets",
    metadata,
    Column("system", String(40), primary_key=True),
    Column("ticket", String(40), ForeignKey("tickets.id"), primary_key=True),
    Column("outside", String(80), nullable=False),
    Column("url", Text, nullable=False),
    Column("key", String(120), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("system", "outside"),
)

outside_changes = Table(
    "outside_changes",
    metadata,
    Column("system", String(40), primary_key=True),
    Column("change", String(80), primary_key=True),
    Column("outside", String(80), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
)

outside_deliveries = Table(
    "outside_deliveries",
    metadata,
    Column("system", String(40), primary_key=True),
    Column("delivery", String(120), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)

outside_looks = Table(
    "outside_looks",
    metadata,
    Column("system", String(40), primary_key=True),
    Column("outside", String(80), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)

outside_cursors = Table(
    "outside_cursors",
    metadata,
    Column("system", String(40), primary_key=True),
    Column("cursor", String(80), nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("person", String(80), nullable=False, index=True),
    Column("channel", String(20), nullable=False),
    Column("state", String(30), nullable=False, index=True),
    Column("before", String(30), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("episode", Integer, nullable=False),
    Column("memory", JSON, nullable=False),
)

episodes = Table(
    "episodes",
    metadata,
    Column("conversation", String(40), ForeignKey("conversations.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("outcome", String(30)),
    Column("reopened", Boolean, nullable=False),
    Column("ticket", String(40), nullable=False),
    Column("summary", Text, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("conversation", String(40), ForeignKey("conversations.id"), nullable=False),
    Column("id", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("choice", String(80), nullable=False),
    Column("device", String(80), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("answered", Boolean, nullable=False, index=True),
    Column("reply", JSON),
    UniqueConstraint("conversation", "id"),
)

events = Table(
    "events",
    metadata,
    Column("conversation", String(40), ForeignKey("conversations.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("body", JSON, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("hash", String(64), nullable=False),
)

aliases = Table(
    "aliases",
    metadata,
    Column("person", String(200), primary_key=True),
    Column("alias", String(40), nullable=False, unique=True),
    Column("salt", String(64), nullable=False),
)

audit_actions = Table(
    "audit_actions",
    metadata,
    Column("action", String(40), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
)

audit_anchors = Table(
    "audit_anchors",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
    Column("seal", String(64), nullable=False),
    Column("at", String(40), nullable=False),
)

actions = Table(
    "actions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tool", String(40), nullable=False, index=True),
    Column("actor", String(80), nullable=False, index=True),
    Column("subject", String(80), nullable=False),
    Column("conversation", String(40), nullable=False, index=True),
    Column("status", String(20), nullable=False, index=True),
    Column("arguments", JSON, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("plan", JSON, nullable=False),
    Column("result", JSON, nullable=False),
    Column("reverts", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    Index("ix_actions_changed", "changed_at", "id"),
    Index("ix_actions_status_changed", "status", "changed_at", "id"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("action", String(40), ForeignKey("actions.id"), primary_key=True),
    Column("hash", String(64), nullable=False),
    Column("requester", String(80), nullable=False),
    Column("stages", JSON, nullable=False),
    Column("status", String(20), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("remind_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Column("version", Integer, nullable=False),
)

votes = Table(
    "votes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("action", String(40), ForeignKey("approvals.action"), nullable=False),
    Column("stage", Integer, nullable=False),
    Column("approver", String(80), nullable=False),
    Column("instead_of", String(80), nullable=False),
    Column("approves", Boolean, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("note", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("action", "approver"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("key", String(120), nullable=False, unique=True),
    Column("kind", String(40), nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("done_at", UtcDateTime),
    Column("result", JSON, nullable=False),
    Index("ix_outbox_due", "state", "due_at"),
)

outbox_holds = Table(
    "outbox_holds",
    metadata,
    Column("key", String(120), primary_key=True),
    Column("holder", String(40), nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

challenges = Table(
    "challenges",
    metadata,
    Column("action", String(40), primary_key=True),
    Column("hash", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)

second_factors = Table(
    "second_factors",
    metadata,
    Column("person", String(80), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("secret", String(80), nullable=False),
    Column("last_step", Integer, nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
)

handoffs = Table(
    "handoffs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("conversation", String(40), nullable=False, index=True),
    Column("episode", Integer, nullable=False),
    Column("reason", String(30), nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("ticket", String(40), nullable=False),
    Column("waits", Boolean, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("taken_by", String(80), nullable=False),
)

holdings = Table(
    "holdings",
    metadata,
    Column("conversation", String(40), primary_key=True),
    Column("person", String(80), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("heard_at", UtcDateTime, nullable=False),
)

erasures = Table(
    "erasures",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("person", String(80), nullable=False),
    Column("known_as", JSON, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("counts", JSON, nullable=False),
    Column("elsewhere", JSON, nullable=False),
)

retention_passes = Table(
    "retention_passes",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("counts", JSON, nullable=False),
)

model_calls = Table(
    "model_calls",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("conversation", String(40), nullable=False, index=True),
    Column("message", String(64), nullable=False),
    Column("step", String(20), nullable=False),
    Column("model", String(120), nullable=False),
    Column("prompt", String(120), nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("seconds", Float, nullable=False),
    Column("read", Integer, nullable=False),
    Column("written", Integer, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("cost", Float, nullable=False),
    Column("trouble", String(20), nullable=False),
)

shadow_turns = Table(
    "shadow_turns",
    metadata,
    Column("candidate", String(80), primary_key=True),
    Column("conversation", String(40), primary_key=True),
    Column("message", String(64), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("live", JSON, nullable=False),
    Column("shadow", JSON, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("cost", Float, nullable=False),
    Column("canary", Boolean, nullable=False),
    Column("trouble", String(20), nullable=False),
)

channel_inbox = Table(
    "channel_inbox",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("channel", String(20), nullable=False),
    Column("id", String(240), nullable=False),
    Column("line", String(240), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("body", JSON, nullable=False),
    Column("state", String(20), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("holder", String(40), nullable=False),
    Column("held_until", UtcDateTime),
    Column("done_at", UtcDateTime),
    Column("why", Text, nullable=False),
    UniqueConstraint("channel", "id"),
    Index("ix_channel_inbox_state_due_at", "state", "due_at"),
    Index("ix_channel_inbox_line_state", "line", "state"),
)

channel_threads = Table(
    "channel_threads",
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("place", String(200), primary_key=True),
    Column("person", String(80), primary_key=True),
    Column("public", Boolean, nullable=False),
    Column("conversation", String(40), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
)

channel_posts = Table(
    "channel_posts",
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("place", String(200), primary_key=True),
    Column("post", String(200), primary_key=True),
    Column("about", String(120), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
)

attachments = Table(
    "attachments",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("conversation", String(40), nullable=False),
    Column("person", String(80), nullable=False),
    Column("key", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("media", String(80), nullable=False),
    Column("size", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("ticket", String(40), nullable=False, server_default=""),
    UniqueConstraint("conversation", "key"),
    Index("ix_attachments_person_at", "person", "at"),
    Index("ix_attachments_ticket", "ticket"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("conversation", String(40), primary_key=True),
    Column("message", String(64), primary_key=True),
    Column("person", String(80), nullable=False),
    Column("helpful", Boolean, nullable=False),
    Column("reason", String(20), nullable=False),
    Column("note", Text, nullable=False),
    Column("articles", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("conversation", String(40), primary_key=True),
    Column("episode", Integer, primary_key=True),
    Column("day", String(10), nullable=False),
    Column("week", String(8), nullable=False),
    Column("hour", String(2), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("category", String(80), nullable=False),
    Column("intent", String(80), nullable=False),
    Column("platform", String(20), nullable=False),
    Column("outcome", String(30), nullable=False),
    Column("reason", String(30), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime, nullable=False),
    Column("reopened_at", UtcDateTime),
    Index("ix_outcomes_day", "day", "week", "hour", "channel", "category", "intent", "platform", "outcome", "reason", "reopened_at"),
)

asked = Table(
    "asked",
    metadata,
    Column("conversation", String(40), primary_key=True),
    Column("episode", Integer, primary_key=True),
    Column("question", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("platform", String(20), nullable=False),
    Column("person", String(80), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False, index=True),
)

judged = Table(
    "judged",
    metadata,
    Column("conversation", String(40), primary_key=True),
    Column("episode", Integer, primary_key=True),
    Column("message", String(64), primary_key=True),
    Column("step", String(20), primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("confidence", Float, nullable=False),
    Column("decision", String(40), nullable=False),
    Column("articles", JSON, nullable=False),
    Column("right", Boolean),
    Column("policy", String(80), nullable=False),
)
