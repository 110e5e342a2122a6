"""Orders in which the console's lists are read."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Create the indexes."""
    op.create_index("ix_tickets_standing", "tickets", ["assignee", "status", "opened_at", "number"])
    op.create_index("ix_tickets_status_opened", "tickets", ["status", "opened_at", "number"])
    op.create_index("ix_tickets_opened", "tickets", ["opened_at", "number"])
    op.create_index("ix_tickets_queue", "tickets", ["queue", "status", "opened_at", "number"])
    op.create_index("ix_actions_changed", "actions", ["changed_at", "id"])
    op.create_index("ix_actions_status_changed", "actions", ["status", "changed_at", "id"])
