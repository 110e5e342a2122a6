"""Gaps that keep their identity, which unresolved intents belong to them, and spikes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "gaps",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("named", sa.Boolean, nullable=False),
        sa.Column("category", sa.String(80), nullable=False),
        sa.Column("assigned_to", sa.String(80), nullable=False),
        sa.Column("due", sa.Date),
        sa.Column("article", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("centroid", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "gap_members",
        sa.Column("intent", sa.String(40), sa.ForeignKey("unresolved_intents.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("gap", sa.String(40), sa.ForeignKey("gaps.id"), nullable=False),
        sa.Column("failure", sa.String(40), nullable=False),
        sa.Column("placed_at", TIME, nullable=False),
    )
    op.create_index("ix_gap_members_gap", "gap_members", ["gap"])
    op.create_table(
        "spikes",
        sa.Column("subject", sa.String(90), primary_key=True),
        sa.Column("since", TIME, primary_key=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("expected", sa.Float, nullable=False),
        sa.Column("chance", sa.Float, nullable=False),
    )
    op.create_index("ix_spikes_seen_at", "spikes", ["seen_at"])
