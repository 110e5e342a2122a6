"""Add the tables for problems: the problems, their tickets, what was told, and what tickets are about."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "problems",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(40), nullable=False, unique=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("category", sa.String(80), nullable=False),
        sa.Column("codes", sa.JSON, nullable=False),
        sa.Column("why", sa.JSON, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.Column("concerns", sa.JSON, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("workaround", sa.Text, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("said_at", TIME),
        sa.Column("next_update", TIME),
        sa.Column("change", sa.JSON, nullable=False),
        sa.Column("resolution", sa.Text, nullable=False),
        sa.Column("opened_by", sa.String(80), nullable=False),
        sa.Column("opened_at", TIME),
        sa.Column("resolved_at", TIME),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "problem_links",
        sa.Column("problem", sa.String(40), primary_key=True),
        sa.Column("ticket", sa.String(40), primary_key=True),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("how", sa.String(20), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("removed", sa.Boolean, nullable=False),
        sa.Column("asked_at", TIME),
        sa.Column("closed", sa.Boolean, nullable=False),
        sa.Column("answer", sa.String(10), nullable=False),
    )
    op.create_table(
        "problem_messages",
        sa.Column("key", sa.String(80), primary_key=True),
        sa.Column("problem", sa.String(40), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
    )
    op.create_table(
        "problem_traces",
        sa.Column("ticket", sa.String(40), primary_key=True),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("service", sa.String(120), nullable=False),
        sa.Column("category", sa.String(80), nullable=False),
        sa.Column("codes", sa.JSON, nullable=False),
        sa.Column("site", sa.String(120), nullable=False),
        sa.Column("manner", sa.String(10), nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
    )
    for table, columns in (
        ("problems", ("state", "made_at")),
        ("problem_links", ("person", "ticket", "at")),
        ("problem_messages", ("problem", "at")),
        ("problem_traces", ("person", "at")),
    ):
        for column in columns:
            op.create_index(f"ix_{table}_{column}", table, [column])
