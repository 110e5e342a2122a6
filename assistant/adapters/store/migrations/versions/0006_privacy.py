"""What retention and erasure keep."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "erasures",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("known_as", sa.JSON, nullable=False),
        sa.Column("began_at", TIME, nullable=False),
        sa.Column("finished_at", TIME),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.Column("elsewhere", sa.JSON, nullable=False),
    )
    op.create_table(
        "retention_passes",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("counts", sa.JSON, nullable=False),
    )
