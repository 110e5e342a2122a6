"""Which tickets stand in another system, what it reported, and how far it was read."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables."""
