"""Add the tables for changes, compliance findings and what was done to devices."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "changes",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("service", sa.String(80), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("made_by", sa.String(80), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("at", TIME, nullable=True),
        sa.Column("terms", sa.JSON, nullable=True),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("opens_at", TIME, nullable=True),
        sa.Column("closes_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("wave", sa.Integer, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_index("ix_changes_status", "changes", ["status"])
    op.create_index("ix_changes_action", "changes", ["action"])
    op.create_index("ix_changes_opened", "changes", ["opened_at", "id"])
    op.create_index("ix_changes_service", "changes", ["service", "at"])
    op.create_table(
        "change_devices",
        sa.Column("change", sa.String(40), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("device", sa.String(120), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("wave", sa.Integer, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("ticket", sa.String(40), nullable=False),
        sa.Column("undone_by", sa.String(80), nullable=False),
    )
    op.create_table(
        "compliance_findings",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("device", sa.String(120), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("check", sa.String(60), nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("change", sa.String(40), nullable=False),
        sa.Column("ticket", sa.String(40), nullable=False),
    )
    op.create_index("ix_compliance_findings_device", "compliance_findings", ["device"])
    op.create_index("ix_compliance_findings_closed_at", "compliance_findings", ["closed_at"])
    op.create_index("ix_compliance_findings_change", "compliance_findings", ["change"])
    op.create_table(
        "compliance_runs",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("devices", sa.Integer, nullable=False),
        sa.Column("silent", sa.Integer, nullable=False),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.Column("failing", sa.Integer, nullable=False),
        sa.Column("opened", sa.Integer, nullable=False),
        sa.Column("closed", sa.Integer, nullable=False),
        sa.Column("broken_off", sa.Text, nullable=False),
    )
    op.create_index("ix_compliance_runs_at", "compliance_runs", ["at"])
    op.create_table(
        "fleet_devices",
        sa.Column("id", sa.String(120), primary_key=True),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
    )
    op.create_index("ix_fleet_devices_owner", "fleet_devices", ["owner"])
    op.create_table(
        "fleet_effects",
        sa.Column("key", sa.String(120), primary_key=True),
        sa.Column("device", sa.String(120), nullable=False),
        sa.Column("remedy", sa.String(80), nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
