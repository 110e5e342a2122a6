"""What gaps count of unresolved intents stands in an index, so that counting reads no vectors."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the index."""
    op.create_index("ix_unresolved_intents_counted", "unresolved_intents", ["id", "asked_at", "asker", "ticket", "category"])
