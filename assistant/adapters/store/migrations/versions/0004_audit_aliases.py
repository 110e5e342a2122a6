"""What people are called in the audit."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables."""
