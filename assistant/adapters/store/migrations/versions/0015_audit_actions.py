"""Which records of the audit are about which action, so that an action's trail is found without reading the whole audit."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
AT_ONCE = 2_000


def upgrade() -> None:
    """Create the table, and note what the audit holds."""
    table = op.create_table(
        "audit_actions",
        sa.Column("action", sa.String(40), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    )
    connection = op.get_bind()
    audit = sa.table("audit", sa.column("number", sa.Integer), sa.column("body", sa.Text))
    after = -1
    while rows := connection.execute(sa.select(audit).where(audit.c.number > after).order_by(audit.c.number).limit(AT_ONCE)).all():
        after = rows[-1].number
        found = [{"action": name, "number": row.number} for row in rows if (name := _action(row.body))]
        if found:
            connection.execute(sa.insert(table), found)


def _action(body: str) -> str:
    """Return the action that a record is about, "" for none; what cannot be read is left to ``firstline audit verify``."""
    try:
        facts = json.loads(body)
    except (TypeError, ValueError):
        return ""
    return str(facts.get("action") or "")[:40] if isinstance(facts, dict) else ""
