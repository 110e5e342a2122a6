"""When the members of a gap were asked stands beside them, so that a gap's latest ones are found without reading the others."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
ASKED = "SELECT asked_at FROM unresolved_intents WHERE unresolved_intents.id = gap_members.intent"


def upgrade() -> None:
    """Add the column with what the intents say, and the index that members are counted and read by."""
    op.drop_index("ix_gap_members_gap", "gap_members")
    if op.get_bind().dialect.name == "sqlite":
        _made_anew()
    else:
        op.add_column("gap_members", sa.Column("asked_at", sa.DateTime(timezone=True)))
        op.execute(f"UPDATE gap_members SET asked_at = ({ASKED})")
        op.alter_column("gap_members", "asked_at", nullable=False)
    op.create_index("ix_gap_members_asked", "gap_members", ["gap", "asked_at", "intent", "failure"])


def _made_anew() -> None:
    """Make the table anew: SQLite cannot say of a column that it must not be empty once it is there."""
    op.create_table(
        "gap_members_anew",
        sa.Column("intent", sa.String(40), sa.ForeignKey("unresolved_intents.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("gap", sa.String(40), sa.ForeignKey("gaps.id"), nullable=False),
        sa.Column("failure", sa.String(40), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.execute(f"INSERT INTO gap_members_anew SELECT intent, gap, failure, placed_at, ({ASKED}) FROM gap_members")
    op.drop_table("gap_members")
    op.rename_table("gap_members_anew", "gap_members")
