"""Add the tables for alerts and what they were grouped into."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "alert_reports",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("standing", sa.String(8), nullable=False),
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("fingerprint", sa.String(32), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("said", sa.JSON, nullable=False),
        sa.Column("aside", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alert_reports_received_at", "alert_reports", ["received_at"])
    op.create_index("ix_alert_reports_standing", "alert_reports", ["standing", "number"])
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("fingerprint", sa.String(32), nullable=False),
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("said", sa.JSON, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("first_at", TIME, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("changes", sa.JSON, nullable=False),
        sa.Column("flapping", sa.Boolean, nullable=False),
        sa.Column("in_group", sa.String(32), nullable=False),
        sa.Column("likeness", sa.Float, nullable=False),
    )
    op.create_index("ix_alerts_fingerprint", "alerts", ["fingerprint", "last_at"])
    op.create_index("ix_alerts_in_group", "alerts", ["in_group", "id"])
    op.create_index("ix_alerts_received_at", "alerts", ["received_at"])
    op.create_table(
        "alert_groups",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("standing", sa.String(10), nullable=False),
        sa.Column("first_at", TIME, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("category", sa.String(80), nullable=False),
        sa.Column("queue", sa.String(80), nullable=False),
        sa.Column("ticket", sa.String(40), nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("alerts", sa.Integer, nullable=False),
        sa.Column("firing", sa.Integer, nullable=False),
        sa.Column("items", sa.Integer, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("common", sa.JSON, nullable=False),
        sa.Column("why", sa.JSON, nullable=False),
        sa.Column("profile", sa.JSON, nullable=False),
        sa.Column("told", sa.JSON, nullable=False),
        sa.Column("into", sa.String(32), nullable=False),
        sa.Column("calm_since", TIME, nullable=True),
        sa.Column("settled", sa.Boolean, nullable=False),
    )
    op.create_index("ix_alert_groups_standing", "alert_groups", ["standing", "last_at"])
    op.create_index("ix_alert_groups_calm", "alert_groups", ["standing", "calm_since"])
    op.create_index("ix_alert_groups_ticket", "alert_groups", ["ticket"])
    op.create_table(
        "alert_revision",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, nullable=False),
    )
    op.create_table(
        "alert_judgements",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("about", sa.String(32), nullable=False),
        sa.Column("other", sa.String(32), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("pairs_judged", sa.Integer, nullable=False),
        sa.Column("pairs_kept", sa.Integer, nullable=False),
        sa.Column("alone", sa.Boolean, nullable=False),
        sa.Column("moved", sa.JSON, nullable=False),
        sa.Column("before", sa.JSON, nullable=False),
        sa.Column("pairs", sa.JSON, nullable=False),
        sa.Column("undone_at", TIME, nullable=True),
        sa.Column("undone_by", sa.String(80), nullable=False),
    )
    op.create_index("ix_alert_judgements_about", "alert_judgements", ["about"])
    op.create_index("ix_alert_judgements_at", "alert_judgements", ["at"])
    op.create_table(
        "alert_weights",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("values", sa.JSON, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("undone_at", TIME, nullable=True),
        sa.Column("undone_by", sa.String(80), nullable=False),
    )
