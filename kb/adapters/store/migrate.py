"""Brings a database to the schema that this version of the code expects."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, column, inspect, select, table

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "kb_schema_version"


def migrate(engine: Engine, scripts: Path = MIGRATIONS, version_table: str = VERSION_TABLE) -> bool:
    """Upgrade to the newest schema; return whether anything had to be done.

    A database that is already current is recognised without loading the migration library's environment.
    """
    if current_version(engine, version_table) == newest_version(scripts):
        return False
    from alembic import command
    from alembic.config import Config

    from kb.adapters.store.engine import writing

    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.set_main_option("path_separator", "os")
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        config.attributes["version_table"] = version_table
        command.upgrade(config, "head")
    return True


def current_version(engine: Engine, version_table: str = VERSION_TABLE) -> str | None:
    """Return the schema version recorded in the database, None for an empty one."""
    if not inspect(engine).has_table(version_table):
        return None
    with engine.connect() as connection:
        found: str | None = connection.execute(select(column("version_num")).select_from(table(version_table))).scalar()
    return found


def newest_version(scripts: Path = MIGRATIONS) -> str:
    """Return the newest version among the scripts, whose file names begin with their number."""
    return max(path.name for path in (scripts / "versions").glob("[0-9]*.py")).split("_")[0]
