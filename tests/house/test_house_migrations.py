"""Migrations make exactly the tables that the code describes."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData, make_url, text

from assistant.adapters.store.tables import metadata as assistant_tables
from assistant.bootstrap import MIGRATIONS as ASSISTANT_SCRIPTS
from assistant.bootstrap import SCHEMA_TABLE
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import MIGRATIONS, VERSION_TABLE, current_version, migrate, newest_version
from kb.adapters.store.tables import metadata as kb_tables

POSTGRESQL = os.environ.get("FIRSTLINE_TEST_POSTGRESQL", "")
Chain = tuple[MetaData, Path, str]
CHAINS: dict[str, Chain] = {"kb": (kb_tables, MIGRATIONS, VERSION_TABLE), "assistant": (assistant_tables, ASSISTANT_SCRIPTS, SCHEMA_TABLE)}


@pytest.fixture(params=sorted(CHAINS))
def chain(request: pytest.FixtureRequest) -> Chain:
    """Tables, scripts and version table of one chain of migrations."""
    return CHAINS[request.param]


def statements(engine: Engine, leave_out: str) -> dict[str, str]:
    """Return what makes each table and index of a SQLite database; a table that was made anew under its name stands there in quotes."""
    query = text("SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
    with engine.connect() as connection:
        return {name: re.sub(r"\s+", " ", made).replace('"', "") for name, made in connection.execute(query) if name != leave_out}


def database(folder: Path, name: str) -> Engine:
    return open_engine(f"sqlite:///{folder / name}.db")


def test_a_migrated_database_is_exactly_what_the_tables_describe(chain: Chain, tmp_path: Path) -> None:
    tables, scripts, version_table = chain
    migrated, described = database(tmp_path, "migrated"), database(tmp_path, "described")
    assert migrate(migrated, scripts, version_table)
    tables.create_all(described)
    assert statements(migrated, version_table) == statements(described, version_table)
    assert len(statements(migrated, version_table)) >= len(tables.tables)


def differences(engine: Engine, chain: Chain) -> list[object]:
    """Return what a new migration would have to change."""
    tables, scripts, version_table = chain
    migrate(engine, scripts, version_table)
    with engine.connect() as connection:
        options = {"compare_type": True, "version_table": version_table}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), tables))


def test_the_migration_tool_finds_nothing_left_to_do(chain: Chain, tmp_path: Path) -> None:
    assert differences(database(tmp_path, "migrated"), chain) == []


@pytest.mark.real
@pytest.mark.skipif(not POSTGRESQL, reason="FIRSTLINE_TEST_POSTGRESQL names no server")
def test_the_migration_tool_finds_nothing_left_to_do_on_postgresql(chain: Chain) -> None:
    schema, whole = f"test_{secrets.token_hex(6)}", open_engine(POSTGRESQL)
    with whole.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    engine = open_engine(make_url(POSTGRESQL).update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False))
    try:
        assert differences(engine, chain) == []
    finally:
        engine.dispose()
        with whole.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        whole.dispose()


def test_a_current_database_is_left_alone(chain: Chain, tmp_path: Path) -> None:
    _, scripts, version_table = chain
    engine = database(tmp_path, "migrated")
    assert migrate(engine, scripts, version_table)
    assert not migrate(engine, scripts, version_table)
    assert current_version(engine, version_table) == newest_version(scripts)


def test_both_chains_live_in_one_database_without_touching_each_other(tmp_path: Path) -> None:
    engine = database(tmp_path, "both")
    for _, scripts, version_table in CHAINS.values():
        migrate(engine, scripts, version_table)
    for _, scripts, version_table in CHAINS.values():
        assert current_version(engine, version_table) == newest_version(scripts)
    with engine.connect() as connection:
        found = {name for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"))}
    assert found == {*kb_tables.tables, *assistant_tables.tables, VERSION_TABLE, SCHEMA_TABLE}


def test_an_empty_database_has_no_version(tmp_path: Path) -> None:
    assert current_version(database(tmp_path, "empty")) is None


@pytest.fixture
def broken_script(tmp_path: Path) -> Callable[[], Path]:
    """Makes a chain whose second script fails half way."""

    def make() -> Path:
        scripts = tmp_path / "scripts"
        (scripts / "versions").mkdir(parents=True)
        (scripts / "env.py").write_text((MIGRATIONS / "env.py").read_text())
        head = 'import sqlalchemy as sa\nfrom alembic import op\nrevision = "{}"\ndown_revision = {}\ndef upgrade():\n'
        create = '    op.create_table("t{}", sa.Column("id", sa.Integer, primary_key=True))\n'
        (scripts / "versions" / "0001_one.py").write_text(head.format("0001", None) + create.format(1))
        (scripts / "versions" / "0002_two.py").write_text(head.format("0002", '"0001"') + create.format(2) + "    raise RuntimeError('power cut')\n")
        return scripts

    return make


def test_a_migration_that_fails_leaves_nothing_half_done(tmp_path: Path, broken_script: Callable[[], Path]) -> None:
    engine = database(tmp_path, "broken")
    with pytest.raises(RuntimeError, match="power cut"):
        migrate(engine, broken_script(), "version")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar() == 0
