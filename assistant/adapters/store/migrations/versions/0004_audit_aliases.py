"""What people are called in the audit, and the database's own copies of the audit's anchors."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

REFUSE_SQLITE = "CREATE TRIGGER audit_anchors_no_{verb} BEFORE {verb} ON audit_anchors BEGIN SELECT RAISE(ABORT, 'the audit only grows'); END"
REFUSE_REPLACING = """
CREATE TRIGGER audit_anchors_no_replace BEFORE INSERT ON audit_anchors WHEN EXISTS (SELECT 1 FROM audit_anchors WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'the audit only grows'); END
"""
REFUSE_POSTGRESQL = """
CREATE TRIGGER audit_anchors_no_change BEFORE UPDATE OR DELETE ON audit_anchors FOR EACH ROW EXECUTE FUNCTION audit_only_grows();
CREATE TRIGGER audit_anchors_no_truncate BEFORE TRUNCATE ON audit_anchors EXECUTE FUNCTION audit_only_grows();
"""


def upgrade() -> None:
    """Create the tables and the triggers that guard the copies."""
    op.create_table(
        "aliases",
        sa.Column("person", sa.String(200), primary_key=True),
        sa.Column("alias", sa.String(40), nullable=False, unique=True),
        sa.Column("salt", sa.String(64), nullable=False),
    )
    op.create_table(
        "audit_anchors",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(REFUSE_SQLITE.format(verb=verb))
        op.execute(REFUSE_REPLACING)
    else:
        op.execute(REFUSE_POSTGRESQL)
