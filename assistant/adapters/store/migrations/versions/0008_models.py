"""The ledger of calls to language models, and the turns of candidates."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "model_calls",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("conversation", sa.String(40), nullable=False),
        sa.Column("message", sa.String(64), nullable=False),
        sa.Column("step", sa.String(20), nullable=False),
        sa.Column("model", sa.String(120), nullable=False),
        sa.Column("prompt", sa.String(120), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("read", sa.Integer, nullable=False),
        sa.Column("written", sa.Integer, nullable=False),
        sa.Column("estimated", sa.Boolean, nullable=False),
        sa.Column("cost", sa.Float, nullable=False),
        sa.Column("trouble", sa.String(20), nullable=False),
    )
    op.create_index("ix_model_calls_conversation", "model_calls", ["conversation"])
    op.create_index("ix_model_calls_at", "model_calls", ["at"])
    op.create_table(
        "shadow_turns",
        sa.Column("candidate", sa.String(80), primary_key=True),
        sa.Column("conversation", sa.String(40), primary_key=True),
        sa.Column("message", sa.String(64), primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("live", sa.JSON, nullable=False),
        sa.Column("shadow", sa.JSON, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("cost", sa.Float, nullable=False),
        sa.Column("canary", sa.Boolean, nullable=False),
        sa.Column("trouble", sa.String(20), nullable=False),
    )
