"""Who could read each revision when it was live. Revisions from before stay unreadable once another one is live."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "revision_audiences",
        sa.Column("article_id", sa.String(200), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("audience", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(["article_id", "number"], ["revisions.article_id", "revisions.number"]),
    )
