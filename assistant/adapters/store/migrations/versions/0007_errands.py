"""Who carries out an outbox entry now, and a quick way to what is due."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table and the index."""
    op.create_table(
        "outbox_holds",
        sa.Column("key", sa.String(120), primary_key=True),
        sa.Column("holder", sa.String(40), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "due_at"])
