"""Who asked, and which ticket came of it, stand beside the members of a gap, so that both are counted without reading the intents."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
INTENT = "FROM unresolved_intents WHERE unresolved_intents.id = gap_members.intent"
ASKER, TICKET = f"(SELECT asker {INTENT})", f"(SELECT ticket {INTENT})"


def upgrade() -> None:
    """Add the columns with what the intents say, and the indexes that people and tickets are counted by."""
    if op.get_bind().dialect.name == "sqlite":
        _made_anew()
    else:
        op.add_column("gap_members", sa.Column("asker", sa.String(80)))
        op.add_column("gap_members", sa.Column("ticket", sa.String(80)))
        op.execute(f"UPDATE gap_members SET asker = {ASKER}, ticket = {TICKET}")
        op.alter_column("gap_members", "asker", nullable=False)
        op.alter_column("gap_members", "ticket", nullable=False)
    op.create_index("ix_gap_members_askers", "gap_members", ["gap", "asker", "asked_at"])
    op.create_index("ix_gap_members_tickets", "gap_members", ["gap", "ticket", "asked_at"])


def _made_anew() -> None:
    """Make the table anew: SQLite cannot say of a column that it must not be empty once it is there."""
    op.create_table(
        "gap_members_anew",
        sa.Column("intent", sa.String(40), sa.ForeignKey("unresolved_intents.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("gap", sa.String(40), sa.ForeignKey("gaps.id"), nullable=False),
        sa.Column("failure", sa.String(40), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asker", sa.String(80), nullable=False),
        sa.Column("ticket", sa.String(80), nullable=False),
    )
    op.execute(f"INSERT INTO gap_members_anew SELECT intent, gap, failure, placed_at, asked_at, {ASKER}, {TICKET} FROM gap_members")
    op.drop_table("gap_members")
    op.rename_table("gap_members_anew", "gap_members")
    op.create_index("ix_gap_members_asked", "gap_members", ["gap", "asked_at", "intent", "failure"])
