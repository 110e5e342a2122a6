"""Add the index by which a turn finds what is wrong with somebody's device where its fleet gives it another id."""

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_compliance_findings_name", "compliance_findings", ["name"])
