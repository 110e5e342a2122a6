"""What arrives from channels, where people talk, what was posted; attachments and feedback."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "channel_inbox",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("id", sa.String(240), nullable=False),
        sa.Column("line", sa.String(240), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("holder", sa.String(40), nullable=False),
        sa.Column("held_until", TIME),
        sa.Column("done_at", TIME),
        sa.Column("why", sa.Text, nullable=False),
        sa.UniqueConstraint("channel", "id"),
    )
    op.create_index("ix_channel_inbox_state_due_at", "channel_inbox", ["state", "due_at"])
    op.create_index("ix_channel_inbox_line_state", "channel_inbox", ["line", "state"])
    op.create_table(
        "channel_threads",
        sa.Column("channel", sa.String(20), primary_key=True),
        sa.Column("place", sa.String(200), primary_key=True),
        sa.Column("person", sa.String(80), primary_key=True),
        sa.Column("public", sa.Boolean, nullable=False),
        sa.Column("conversation", sa.String(40), nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_index("ix_channel_threads_conversation", "channel_threads", ["conversation"])
    op.create_table(
        "channel_posts",
        sa.Column("channel", sa.String(20), primary_key=True),
        sa.Column("place", sa.String(200), primary_key=True),
        sa.Column("post", sa.String(200), primary_key=True),
        sa.Column("about", sa.String(120), nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_index("ix_channel_posts_about", "channel_posts", ["about"])
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("conversation", sa.String(40), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("media", sa.String(80), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("conversation", "key"),
    )
    op.create_index("ix_attachments_person_at", "attachments", ["person", "at"])
    op.create_table(
        "feedback",
        sa.Column("conversation", sa.String(40), primary_key=True),
        sa.Column("message", sa.String(64), primary_key=True),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("helpful", sa.Boolean, nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("articles", sa.JSON, nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_index("ix_feedback_at", "feedback", ["at"])
