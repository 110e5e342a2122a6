"""The outcome ledger: how episodes ended, what was asked, which decisions were confirmed."""

from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from kb.adapters.store.engine import UtcDateTime

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the tables, and count what ended before."""
    outcomes = op.create_table(
        "outcomes",
        sa.Column("conversation", sa.String(40), primary_key=True),
        sa.Column("episode", sa.Integer, primary_key=True),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("hour", sa.String(2), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("category", sa.String(80), nullable=False),
        sa.Column("intent", sa.String(80), nullable=False),
        sa.Column("platform", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(30), nullable=False),
        sa.Column("reason", sa.String(30), nullable=False),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("closed_at", UtcDateTime, nullable=False),
        sa.Column("reopened_at", UtcDateTime),
    )
    op.create_index(
        "ix_outcomes_day", "outcomes", ["day", "week", "hour", "channel", "category", "intent", "platform", "outcome", "reason", "reopened_at"]
    )
    op.create_table(
        "asked",
        sa.Column("conversation", sa.String(40), primary_key=True),
        sa.Column("episode", sa.Integer, primary_key=True),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.Column("platform", sa.String(20), nullable=False),
        sa.Column("person", sa.String(80), nullable=False, index=True),
        sa.Column("at", UtcDateTime, nullable=False, index=True),
    )
    op.create_table(
        "judged",
        sa.Column("conversation", sa.String(40), primary_key=True),
        sa.Column("episode", sa.Integer, primary_key=True),
        sa.Column("message", sa.String(64), primary_key=True),
        sa.Column("step", sa.String(20), primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False, index=True),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("decision", sa.String(40), nullable=False),
        sa.Column("articles", sa.JSON, nullable=False),
        sa.Column("right", sa.Boolean),
        sa.Column("policy", sa.String(80), nullable=False),
    )
    _count_before(outcomes)


def _count_before(outcomes: sa.Table) -> None:
    """Count the episodes that ended under earlier versions; those of a conversation share the category and platform of its latest one."""
    connection = op.get_bind()
    company = connection.execute(sa.text("SELECT facts FROM organisation WHERE kind = 'company'")).scalar()
    facts = company if isinstance(company, dict) else __import__("json").loads(company) if company else {}
    zone = ZoneInfo(facts.get("timezone") or "UTC")
    texts, moments = (sa.String, UtcDateTime)
    c = sa.table("conversations", *(sa.column(name, kind) for name, kind in (("id", texts), ("channel", texts), ("memory", sa.JSON))))
    e = sa.table(
        "episodes",
        *(sa.column(name, texts) for name in ("conversation", "outcome")),
        *(sa.column(name, moments) for name in ("opened_at", "closed_at")),
        sa.column("number", sa.Integer),
        sa.column("reopened", sa.Boolean),
    )
    h = sa.table("handoffs", sa.column("conversation", texts), sa.column("episode", sa.Integer), sa.column("reason", texts), sa.column("number", sa.Integer))
    reasons = {(row.conversation, row.episode): row.reason for row in connection.execute(sa.select(h).order_by(h.c.number))}
    ended = sa.select(e, c.c.channel, c.c.memory).join(c, c.c.id == e.c.conversation).where(e.c.outcome.is_not(None), e.c.closed_at.is_not(None))
    rows = []
    for one in connection.execute(ended).all():
        year, week, _ = one.closed_at.astimezone(zone).isocalendar()
        memory = one.memory or {}
        rows.append(
            {
                "conversation": one.conversation,
                "episode": one.number,
                "day": one.closed_at.astimezone(zone).date().isoformat(),
                "week": f"{year}-W{week:02}",
                "hour": f"{one.opened_at.astimezone(zone).hour:02}",
                "channel": one.channel,
                "category": memory.get("category") or "",
                "intent": "question",
                "platform": memory.get("platform") or "",
                "outcome": one.outcome,
                "reason": reasons.get((one.conversation, one.number), "") if one.outcome in ("HANDED_OFF", "TICKET_FILED") else "",
                "opened_at": one.opened_at,
                "closed_at": one.closed_at,
                "reopened_at": one.closed_at if one.reopened else None,
            }
        )
    for start in range(0, len(rows), 1_000):
        connection.execute(sa.insert(outcomes), rows[start : start + 1_000])
