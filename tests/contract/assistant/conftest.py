"""Every adapter of a port beside its fake: the same promises for both."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from assistant.adapters.memory.store import MemoryStore
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.ports.store import Store
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate

SAME_ISSUE = 0.72
POSTGRESQL = os.environ.get("FIRSTLINE_TEST_POSTGRESQL", "")
"""Read when the tests are collected: the settings fixture of the whole suite removes it from the environment."""


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Engine]:
    """A PostgreSQL database with our tables, in a schema of its own that is dropped at the end."""
    if not POSTGRESQL:
        pytest.skip("FIRSTLINE_TEST_POSTGRESQL names no database")
    schema = f"firstline_test_{os.getpid()}"
    plain = open_engine(POSTGRESQL)
    with plain.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    separator = "&" if "?" in POSTGRESQL else "?"
    engine = open_engine(f"{POSTGRESQL}{separator}options=-csearch_path%3D{schema}")
    migrate(engine)
    migrate(engine, MIGRATIONS, SCHEMA_TABLE)
    yield engine
    engine.dispose()
    with plain.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    plain.dispose()


def emptied(engine: Engine) -> Engine:
    """Return the engine with nothing in its tables; TRUNCATE is refused for the audit, so its triggers rest meanwhile."""
    with engine.begin() as connection:
        for guarded in ("audit", "audit_anchors"):
            connection.execute(text(f"ALTER TABLE {guarded} DISABLE TRIGGER USER"))
        elsewhere = "audit_anchors, audit_actions, aliases, outside_tickets, outside_changes, outside_deliveries, outside_looks, outside_cursors"
        elsewhere += ", challenges, second_factors, handoffs, holdings, votes, approvals, actions, outbox, outbox_holds, model_calls, shadow_turns"
        elsewhere += ", channel_inbox, channel_threads, channel_posts, attachments, feedback, outcomes, asked, judged"
        elsewhere += ", drafts, trials, gap_members, gaps, spikes"
        elsewhere += ", experiments, experiment_looks, experiment_rows, tuning_decisions"
        elsewhere += ", reviews, review_names, review_decisions"
        elsewhere += ", alert_reports, alerts, alert_groups, alert_revision, alert_judgements, alert_weights"
        elsewhere += ", problems, problem_links, problem_messages, problem_traces"
        elsewhere += ", rungs, frozen_records"
        elsewhere += ", triages"
        elsewhere += ", joiner_cases, joiner_steps, device_reservations"
        elsewhere += ", changes, change_devices, compliance_findings, compliance_runs, fleet_devices, fleet_effects"
        known = "passages, vectors, publications, revision_audiences, revision_facts, revisions, articles, unresolved_intents"
        tables = f"{elsewhere}, organisation, ticket_notes, tickets, events, messages, episodes, conversations, audit, {known}"
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))
        for guarded in ("audit", "audit_anchors"):
            connection.execute(text(f"ALTER TABLE {guarded} ENABLE TRIGGER USER"))
    return engine


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with our tables and nothing in them, to be copied."""
    path = tmp_path_factory.mktemp("contract") / "empty.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    migrate(engine, MIGRATIONS, SCHEMA_TABLE)
    engine.dispose()
    return path


@pytest.fixture
def engine_of(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Engine]]:
    """Opens an empty database by the name of its kind."""
    opened: list[Engine] = []

    def open_(kind: str) -> Engine:
        if kind == "postgresql":
            return emptied(request.getfixturevalue("postgresql"))
        path = tmp_path / "contract.db"
        path.write_bytes(request.getfixturevalue("empty_sqlite").read_bytes())
        opened.append(open_engine(f"sqlite:///{path}"))
        return opened[-1]

    yield open_
    for engine in opened:
        engine.dispose()


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def kind(request: pytest.FixtureRequest) -> str:
    """Where an adapter keeps its rows."""
    return str(request.param)


@pytest.fixture
def store(kind: str, engine_of: Callable[[str], Engine]) -> Store:
    """An empty store of each kind."""
    return MemoryStore(SAME_ISSUE) if kind == "memory" else SqlStore(engine_of(kind), SAME_ISSUE)
