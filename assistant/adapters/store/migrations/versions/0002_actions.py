"""Actions with their approvals, the outbox, and second factors."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    _actions()
    _outbox()


def _actions() -> None:
    op.create_table(
        "actions",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("tool", sa.String(40), nullable=False, index=True),
        sa.Column("actor", sa.String(80), nullable=False, index=True),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("conversation", sa.String(40), nullable=False, index=True),
        sa.Column("status", sa.String(20), nullable=False, index=True),
        sa.Column("arguments", sa.JSON, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("plan", sa.JSON, nullable=False),
        sa.Column("result", sa.JSON, nullable=False),
        sa.Column("reverts", sa.String(40), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "approvals",
        sa.Column("action", sa.String(40), sa.ForeignKey("actions.id"), primary_key=True),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("requester", sa.String(80), nullable=False),
        sa.Column("stages", sa.JSON, nullable=False),
        sa.Column("status", sa.String(20), nullable=False, index=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("remind_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "votes",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("action", sa.String(40), sa.ForeignKey("approvals.action"), nullable=False),
        sa.Column("stage", sa.Integer, nullable=False),
        sa.Column("approver", sa.String(80), nullable=False),
        sa.Column("instead_of", sa.String(80), nullable=False),
        sa.Column("approves", sa.Boolean, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.UniqueConstraint("action", "approver"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(120), nullable=False, unique=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("state", sa.String(20), nullable=False, index=True),
        sa.Column("done_at", TIME),
        sa.Column("result", sa.JSON, nullable=False),
    )
    op.create_table(
        "challenges",
        sa.Column("action", sa.String(40), primary_key=True),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
    )
    op.create_table(
        "second_factors",
        sa.Column("person", sa.String(80), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("secret", sa.String(80), nullable=False),
        sa.Column("last_step", sa.Integer, nullable=False),
        sa.Column("registered_at", TIME, nullable=False),
    )
