"""Experiments with their weekly looks, and decisions about thresholds and the ranking."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "experiments",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("gap", sa.String(40), nullable=False),
        sa.Column("article", sa.String(200), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("published_at", TIME, nullable=False),
        sa.Column("chosen_at", TIME, nullable=False),
        sa.Column("standing", sa.String(20), nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_index("ix_experiments_gap", "experiments", ["gap"])
    op.create_index("ix_experiments_article", "experiments", ["article"])
    op.create_table(
        "experiment_looks",
        sa.Column("experiment", sa.String(40), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("effect", sa.JSON, nullable=False),
    )
    op.create_table(
        "experiment_rows",
        sa.Column("experiment", sa.String(40), primary_key=True),
        sa.Column("conversation", sa.String(40), primary_key=True),
        sa.Column("episode", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("week", sa.Integer, nullable=False),
        sa.Column("resolved", sa.Boolean, nullable=False),
    )
    op.create_index("ix_experiment_rows_conversation", "experiment_rows", ["conversation"])
    op.create_table(
        "tuning_decisions",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("about", sa.String(80), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("decided_by", sa.String(80), nullable=False),
        sa.Column("before", sa.JSON, nullable=False),
        sa.Column("after", sa.JSON, nullable=False),
        sa.Column("predicted", sa.JSON, nullable=False),
        sa.Column("policy", sa.String(64), nullable=False),
        sa.Column("undone_at", TIME),
        sa.Column("undone_by", sa.String(80), nullable=False),
        sa.UniqueConstraint("about", "number"),
    )
