"""Drafts of articles, who made each revision and why, and which articles were edited here before their file was."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables; of the revisions before nobody knows who made them."""
    op.create_table(
        "revision_facts",
        sa.Column("article_id", sa.String(200), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("author", sa.String(80), nullable=False),
        sa.Column("reviewer", sa.String(80), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("platforms", sa.JSON, nullable=False),
        sa.Column("review_by", sa.Date),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(["article_id", "number"], ["revisions.article_id", "revisions.number"]),
    )
    op.add_column("articles", sa.Column("ahead", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("article", sa.String(200), nullable=False),
        sa.Column("based_on", sa.Integer, nullable=False),
        sa.Column("gap", sa.String(40), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("audience", sa.JSON, nullable=False),
        sa.Column("platforms", sa.JSON, nullable=False),
        sa.Column("review_by", sa.Date),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("author", sa.String(80), nullable=False),
        sa.Column("writers", sa.JSON, nullable=False),
        sa.Column("reviewer", sa.String(80), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("provenance", sa.JSON, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
    )
    op.create_index("ix_drafts_article", "drafts", ["article"])
    op.create_index("ix_drafts_gap", "drafts", ["gap"])
    op.create_index("ix_drafts_state", "drafts", ["state"])
