"""Weeks of the demo company, played through the real parts of the service into a state folder."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant.bootstrap import Assistant, open_assistant
from assistant.governance.anchoring import examine
from assistant.settings import Settings
from evals.weeks.cli import app
from evals.weeks.place import MARK, Place
from evals.weeks.play import plan_of, play
from tests.support.service import copy_demo

END = datetime(2026, 11, 20, 15, tzinfo=UTC)


def stage(place: Path, model_home: Path) -> Settings:
    """An empty state folder that knows already what messages mean: learning that anew takes longer than the play."""
    kept = copy_demo(place / "kept", model_home)
    home = place / "home"
    (home / "index").mkdir(parents=True)
    (home / "models").symlink_to((model_home / "models").resolve())
    if (kept / "index" / "understanding.npz").exists():
        shutil.copy2(kept / "index" / "understanding.npz", home / "index")
    return Settings(home=home)


@pytest.fixture(scope="module")
def lived(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Assistant, dict[str, Any]]]:
    settings = stage(tmp_path_factory.mktemp("weeks"), model_home)
    played = play(settings, plan_of(2, 3, 16, END), print, {1: "scan-to-mail"})
    assistant = open_assistant(settings)
    yield assistant, played.counts
    assistant.close()


def everything(assistant: Assistant, name: str) -> list[dict[str, Any]]:
    from sqlalchemy import select

    from assistant.adapters.store import tables
    from kb.adapters.store.engine import reading

    with reading(assistant.store.engine) as connection:
        return [dict(row) for row in connection.execute(select(tables.metadata.tables[name])).mappings()]


def test_everything_bears_a_time_of_the_played_weeks(lived: tuple[Assistant, dict[str, Any]]) -> None:
    assistant, _ = lived
    begin = plan_of(2, 3, 16, END).start - timedelta(days=2)
    times = {
        (table, column): [row[column] for row in everything(assistant, table) if row[column] is not None]
        for table, columns in {
            "conversations": ("opened_at", "changed_at"),
            "episodes": ("opened_at", "closed_at"),
            "messages": ("at",),
            "events": ("at",),
            "handoffs": ("at",),
            "tickets": ("updated_at",),
        }.items()
        for column in columns
    }
    assert {name for name, found in times.items() if not found} == set()
    assert {name for name, found in times.items() if not all(begin <= at <= END for at in found)} == set()
    assert all(begin <= one.updated_at <= END for one in assistant.knowledge_base.store.articles())
    with assistant.store.read() as unit:
        audited = [datetime.fromisoformat(json.loads(row["body"])["at"]) for row in everything(assistant, "audit")]
        assert unit.audit.count() == len(audited)
    assert all(begin <= at <= END for at in audited)
    assert audited == sorted(audited)


def test_what_was_said_went_through_the_service_and_ended_in_more_than_one_way(lived: tuple[Assistant, dict[str, Any]]) -> None:
    assistant, counts = lived
    outcomes = Counter(row["outcome"] for row in everything(assistant, "episodes"))
    assert counts["conversations"] == len(everything(assistant, "conversations")) >= 15
    assert {"RESOLVED_CONFIRMED", "RESOLVED_ASSUMED", "TICKET_FILED"} <= outcomes.keys()
    assert {row["channel"] for row in everything(assistant, "conversations")} >= {"widget", "slack"}
    assert counts["turns"] == len(everything(assistant, "messages"))
    assert not any(row["reply"] is None for row in everything(assistant, "messages"))


def test_nothing_is_left_to_do_for_the_time_that_was_played(lived: tuple[Assistant, dict[str, Any]]) -> None:
    assistant, _ = lived
    with assistant.store.read() as unit:
        assert [one.kind for one in unit.outbox.due(END - timedelta(minutes=1), 10)] == []


def test_tickets_that_the_desk_solved_say_how_in_the_words_of_people(lived: tuple[Assistant, dict[str, Any]]) -> None:
    assistant, counts = lived
    agents = {one.id for one in assistant.directory.people() if one.is_agent}
    said = [row for row in everything(assistant, "ticket_notes") if row["author"] in agents and len(row["text"].split()) > 6]
    solved = [row for row in everything(assistant, "tickets") if row["status"] == "resolved"]
    assert counts["solved by the desk"] == len(solved) > 0
    assert said


def test_a_second_person_published_an_article_and_the_review_of_the_week_was_frozen_and_decided_on(lived: tuple[Assistant, dict[str, Any]]) -> None:
    assistant, counts = lived
    assert (counts["articles published"], counts["decisions"] > 0) == (1, True)
    article = next(one for one in assistant.knowledge_base.store.articles() if one.source == "firstline")
    monday = plan_of(2, 3, 16, END).monday(2)
    assert article.updated_at < monday
    [signed] = assistant.knowledge_base.store.revisions(article.id)
    assert (signed.author, signed.reviewer) == ("elin.berg", "laura.keane")
    with assistant.store.read() as unit:
        [head] = unit.reviews.heads()
        decisions = unit.reviews.decisions(head.week)
        frozen = unit.reviews.latest(head.week)
    assert frozen is not None
    assert (head.week, frozen.faults()) == ("2026-W46", [])
    assert timedelta(0) < head.made_at - monday < timedelta(hours=12)
    assert decisions
    assert all(head.made_at < one.made_at < END for one in decisions)


def test_the_audit_of_played_weeks_verifies(lived: tuple[Assistant, dict[str, Any]]) -> None:
    assistant, _ = lived
    found = examine(assistant.store, assistant.anchors, assistant.secret)
    assert found.faults == []
    assert found.records > 50


def test_the_same_seed_plays_the_same_weeks(lived: tuple[Assistant, dict[str, Any]], model_home: Path, tmp_path: Path) -> None:
    assistant, counts = lived
    settings = stage(tmp_path, model_home)
    again = play(settings, plan_of(2, 3, 16, END), print, {1: "scan-to-mail"})
    other = open_assistant(settings)
    try:
        assert {**again.counts, "seconds of upkeep": 0} == {**counts, "seconds of upkeep": 0}
        assert _story(other) == _story(assistant)
    finally:
        other.close()


def _story(assistant: Assistant) -> list[tuple[Any, ...]]:
    """What happened, without the ids, which are drawn anew."""
    said = {row["conversation"]: [] for row in everything(assistant, "messages")}  # type: dict[str, list[Any]]
    for row in everything(assistant, "messages"):
        said[row["conversation"]].append((row["at"], row["text"], row["choice"].partition(":")[0], row["reply"]["kind"], row["reply"]["state"]))
    outcomes = {(row["conversation"], row["number"]): row["outcome"] for row in everything(assistant, "episodes")}
    return sorted(
        (row["opened_at"], row["person"], row["channel"], row["state"], outcomes[row["id"], row["episode"]] or "", tuple(said.get(row["id"], ())))
        for row in everything(assistant, "conversations")
    )


# -- where it is played -------------------------------------------------------------------------------------------------


def simulate(home: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["simulate", "--into", str(home), "--weeks", "1", "--per-week", "5", "--until", "2026-11-20T15:00:00", *options])
    return done.exit_code, done.output


def test_a_folder_that_holds_more_than_the_demo_company_is_refused_and_left_as_it_is(model_home: Path, tmp_path: Path) -> None:
    from evals.world import DEMO_ARTICLES
    from ingest.report import LineReport
    from ingest.sync import sync

    home = copy_demo(tmp_path / "home", model_home)
    own = tmp_path / "own"
    own.mkdir()
    (own / "canteen-printer.md").write_text("---\ntitle: The printer in the canteen\n---\n\nIt is switched off on Fridays.\n")
    settings = Settings(home=home)
    assistant = open_assistant(settings)
    sync(own, assistant.knowledge_base, settings, LineReport(print))
    assistant.close()
    before = (home / "firstline.db").stat().st_mtime_ns
    code, said = simulate(home)
    assert code == 2
    assert "holds more than the demo company (canteen-printer)" in said
    assert (home / "firstline.db").stat().st_mtime_ns == before
    assert DEMO_ARTICLES.exists()


def test_conversations_of_people_are_never_replaced(model_home: Path, tmp_path: Path) -> None:
    from assistant.agent.state import Inbound

    home = copy_demo(tmp_path / "home", model_home)
    assistant = open_assistant(Settings(home=home))
    assistant.turns.take("maria.santos", None, Inbound("m1", "My mailbox is full"), "widget")
    assistant.close()
    for options in ((), ("--again",)):
        code, said = simulate(home, *options)
        assert code == 2
        assert "1 conversations that were not played" in said


def test_an_interrupted_play_leaves_the_folder_as_it_was(model_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import evals.weeks.play as playing

    def interrupted(settings: Settings, *_: Any) -> None:
        (settings.home / "firstline.db").write_text("half")
        raise KeyboardInterrupt

    home = copy_demo(tmp_path / "home", model_home)
    before = sorted(path.name for path in home.iterdir())
    monkeypatch.setattr(playing, "play", interrupted)
    code, said = simulate(home)
    assert code == 130
    assert "is as it was" in said
    assert sorted(path.name for path in home.iterdir()) == before
    assert not Place(home).stage.exists()


def test_played_weeks_take_the_place_of_the_demo_company_and_say_that_they_are_simulated(model_home: Path, tmp_path: Path) -> None:
    home = copy_demo(tmp_path / "home", model_home)
    code, said = simulate(home, "--json", str(tmp_path / "played.json"))
    assert code == 0, said
    facts = json.loads((home / MARK).read_text())
    assert facts["simulated"] is True
    assert facts["counts"]["conversations"] == json.loads((tmp_path / "played.json").read_text())["counts"]["conversations"]
    assert (home / "models").exists()
    assert not Place(home).stage.exists()
    code, said = simulate(home)
    assert code == 2
    assert "--again" in said


def test_every_page_of_a_played_home_says_that_its_weeks_are_simulated(lived: tuple[Assistant, dict[str, Any]], tmp_path: Path) -> None:
    from starlette.testclient import TestClient

    from assistant.entrypoints.tokens import Tokens
    from assistant.service import SIMULATED, open_app

    assistant, _ = lived
    assert SIMULATED == MARK
    said = []
    for played in (False, True):
        mark = assistant.settings.home / MARK
        mark.write_text("{}") if played else mark.unlink(missing_ok=True)
        client = TestClient(open_app(assistant, "http://127.0.0.1", ()), base_url="http://127.0.0.1")
        client.cookies.set("firstline_session", Tokens(assistant.secret, 15).issue("elin.berg")[0])
        said.append("simulated weeks" in client.get("/console/week").text)
    assert said == [False, True]
