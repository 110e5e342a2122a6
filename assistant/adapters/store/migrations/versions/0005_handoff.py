"""Who has a conversation, and why it was handed over."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables."""
