"""Attachments know the ticket that they went to."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column; what was attached before went to no ticket."""
    op.add_column("attachments", sa.Column("ticket", sa.String(40), nullable=False, server_default=""))
    op.create_index("ix_attachments_ticket", "attachments", ["ticket"])
