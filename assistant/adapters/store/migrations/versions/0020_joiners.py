"""Add the tables for checklists of joiners and leavers."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "joiner_cases",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("employee", sa.String(80), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("manager", sa.String(80), nullable=False),
        sa.Column("started_by", sa.String(80), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("moment", TIME, nullable=False),
        sa.Column("zone", sa.String(60), nullable=False),
        sa.Column("who", sa.JSON, nullable=False),
        sa.Column("checklist", sa.String(64), nullable=False),
        sa.Column("steps", sa.JSON, nullable=False),
        sa.Column("told_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    for name in ("status", "employee", "person", "manager", "day", "changed_at"):
        op.create_index(f"ix_joiner_cases_{name}", "joiner_cases", [name])
    op.create_table(
        "joiner_steps",
        sa.Column("case", sa.String(40), primary_key=True),
        sa.Column("step", sa.String(40), primary_key=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("late_at", TIME),
        sa.Column("begun_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("ticket", sa.String(20), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("result", sa.JSON, nullable=False),
        sa.Column("reminded_at", TIME),
        sa.Column("escalated_at", TIME),
    )
    op.create_table(
        "device_reservations",
        sa.Column("device", sa.String(80), primary_key=True),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_device_reservations_person", "device_reservations", ["person"])
