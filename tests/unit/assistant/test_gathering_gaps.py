"""Gaps keep their identity: the job places what is new and moves nothing, however often and wherever it runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.memory.directory import MemoryDirectory
from assistant.adapters.memory.knowledge import MemoryKnowledge
from assistant.adapters.memory.notifier import MemoryNotifier
from assistant.adapters.memory.store import MemoryStore
from assistant.adapters.notify.message import Sender
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.desk.gaps import working
from assistant.desk.gaps.board import EVERY, Wanted, board, weeks_of
from assistant.desk.gaps.failing import Judging
from assistant.desk.gaps.gathering import IN_A_TRANSACTION, Gathered, Gathering
from assistant.desk.gaps.watching import NOTICE, Watching, sentence
from assistant.desk.gaps.working import NotPossible
from assistant.domain.configuration import Company, Organisation, Person
from assistant.ports.store import Store
from assistant.workflows.errands import Call
from assistant.workflows.spiking import TellOperator
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate
from kb.gaps import NOT_KEPT, K
from kb.model import Asking, FailureClass, Gap, GapState, UnresolvedIntent

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
COMMON = frozenset(["pool", "car", "book", "reserve", "bank", "token", "renew", "broken", "badge", "visitor"])
OPERATOR = Person("omar.haddad", "Omar Haddad", "omar@x.example", groups=frozenset({"it-operators"}))
AUTHOR = Person("elin.berg", "Elin Berg", "elin@x.example", groups=frozenset({"kb-authors"}))
WORDS = {"car": "How do I book a pool car", "token": "My bank token is broken", "badge": "Visitor badge lost"}
SIZE = 16


def vector(topic: str, number: int) -> tuple[float, ...]:
    row = np.random.default_rng(number).normal(size=SIZE) * 0.05
    row[sorted(WORDS).index(topic)] += 1
    return tuple((row / np.linalg.norm(row)).astype(np.float32).tolist())


def about(topic: str, *numbers: int, at: datetime = NOON, **facts: object) -> list[UnresolvedIntent]:
    """Return questions about a topic; each number is another person."""
    return [
        replace(
            UnresolvedIntent(
                f"u_{topic}_{n}", f"{WORDS[topic]}?", FailureClass.NO_ARTICLE, (), topic, "", f"c_{n}", f"p{n}", at, vector=vector(topic, n)
            ),
            **facts,  # type: ignore[arg-type]
        )
        for n in numbers
    ]


class Office:
    """A store with the jobs over it."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock, self.knowledge = store, FixedClock(NOON + timedelta(hours=1)), MemoryKnowledge()
        self.directory = MemoryDirectory(Organisation(Company("X", "x.example"), (OPERATOR, AUTHOR)))
        judging = Judging(store, self.knowledge, self.directory, self.clock, lambda: 0.5)
        self.gathering = Gathering(store, self.knowledge, self.directory, self.clock, judging, lambda: COMMON)

    def ask(self, *intents: UnresolvedIntent) -> Gathered:
        """Record intents and gather."""
        with self.store.write() as unit:
            for one in intents:
                unit.intents.record(one)
        return self.gathering.gather()

    def homes(self, intents: Collection[UnresolvedIntent]) -> dict[str, str]:
        """Return the gap of each intent."""
        with self.store.read() as unit:
            return {one.id: unit.gaps.gap_of(one.id) for one in intents}

    def gaps(self) -> list[Gap]:
        with self.store.read() as unit:
            return unit.gaps.all()

    def gap(self, topic: str) -> Gap:
        """Return the gap of a category."""
        return next(gap for gap in self.gaps() if gap.category == topic)


@pytest.fixture(params=["memory", "sqlite"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    if request.param == "memory":
        yield Office(MemoryStore(0.72))
        return
    engine = open_engine(f"sqlite:///{tmp_path}/gaps.db")
    migrate(engine)
    migrate(engine, MIGRATIONS, SCHEMA_TABLE)
    yield Office(SqlStore(engine, 0.72))
    engine.dispose()


def test_a_gap_keeps_its_name_and_its_questions_when_a_week_arrives(office: Office) -> None:
    first = [*about("car", *range(6)), *about("token", *range(6))]
    assert office.ask(*first) == Gathered(0, 12, 2)
    before, names = office.homes(first), {gap.id: gap.name for gap in office.gaps()}
    assert set(names.values()) == {"Book pool car", "Bank token broken"}
    later = [*about("car", *range(10, 14), at=NOON + timedelta(days=7)), *about("badge", *range(10, 13), at=NOON + timedelta(days=7))]
    assert office.ask(*later) == Gathered(4, 3, 1)
    assert office.homes(first) == before
    assert {gap.id: gap.name for gap in office.gaps() if gap.id in names} == names
    assert set(office.homes(later[:4]).values()) == {before["u_car_0"]}


def test_gathering_again_changes_nothing(office: Office) -> None:
    office.ask(*about("car", *range(6)))
    before = office.gaps()
    assert office.gathering.gather() == Gathered()
    assert office.gaps() == before


def test_two_services_that_decide_at_the_same_time_place_everything_once(office: Office) -> None:
    """The other one gathers between this one's reading and its writing."""
    intents = [*about("car", *range(6)), *about("token", *range(6))]
    with office.store.write() as unit:
        for one in intents:
            unit.intents.record(one)
    other, embeds = office.gathering, []

    class Slow(MemoryDirectory):
        def people(self) -> list[Person]:
            if not embeds:
                embeds.append(other.gather())
            return super().people()

    slow = replace(other, directory=Slow(Organisation(Company("X", "x.example"))))
    assert slow.gather() == Gathered()
    assert embeds == [Gathered(0, 12, 2)]
    assert [gap.demand for gap in office.gaps()] == [6, 6]


def test_more_than_fits_a_transaction_is_gathered_all_the_same(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    assert IN_A_TRANSACTION > 7
    monkeypatch.setattr("assistant.desk.gaps.gathering.IN_A_TRANSACTION", 7)
    intents = [one for topic in WORDS for one in about(topic, *range(6))]
    assert office.ask(*intents) == Gathered(0, 18, 3)
    assert "" not in office.homes(intents).values()


def test_a_question_without_a_vector_gets_one_and_keeps_it(office: Office) -> None:
    (bare,) = about("car", 1, vector=())
    office.ask(bare)
    with office.store.read() as unit:
        (kept,) = unit.intents.between(NOON, NOON + timedelta(hours=1))
    assert kept.vector == pytest.approx(office.knowledge.embed(bare.question))


def test_without_words_a_gap_is_its_category_and_nobody_embeds_anything(office: Office) -> None:
    office.knowledge.model_available = False
    office.ask(*about("car", *range(6), vector=(), question=NOT_KEPT))
    (gap,) = office.gaps()
    assert (gap.name, gap.demand, gap.centroid) == ("car", 6, ())
    with office.store.read() as unit:
        (row,) = board(unit, Wanted(), NOON, {}, lambda _: True).rows
    assert row.quotes == ()


def test_fewer_than_five_people_are_not_quoted_anywhere(office: Office) -> None:
    office.ask(*about("car", *range(K - 1)), *about("token", *range(K), question="My bank token is broken, password: Hunter2-Secret"))
    with office.store.read() as unit:
        rows = {row.gap.category: row for row in board(unit, Wanted(), NOON, {}, lambda _: True).rows}
        office.ask(*about("car", *range(20, 24), asker="p0"))
        again = {row.gap.category: row for row in board(unit, Wanted(), NOON, {}, lambda _: True).rows}
    assert (rows["car"].quotes, rows["car"].quiet) == ((), True)
    assert len(rows["token"].quotes) == 1
    assert "Hunter2" not in rows["token"].quotes[0]
    assert again["car"].quotes == (), "one person who asks often is one person"


def test_the_board_ranks_filters_and_pages(office: Office) -> None:
    office.ask(*about("car", *range(6)), *about("token", *range(6), ticket="T-1"), *about("badge", 1))
    with office.store.read() as unit:
        whole = board(unit, Wanted(), NOON, {}, lambda _: True)
        page = board(unit, Wanted(), NOON, {}, lambda _: True, skip=1, limit=1)
        cars = board(unit, Wanted(category="car"), NOON, {}, lambda _: True)
        named = board(unit, Wanted(text="TOKEN"), NOON, {}, lambda _: True)
        gone = board(unit, Wanted(states=frozenset({GapState.DISMISSED})), NOON, {}, lambda _: True)
        week = board(unit, Wanted(NOON + timedelta(days=1), NOON + timedelta(days=8), EVERY), NOON, {}, lambda _: True)
    assert [(row.rank, row.gap.category, row.minutes) for row in whole.rows] == [(1, "token", 80), (2, "car", 60), (3, "badge", 10)]
    assert (whole.total, whole.demand, whole.categories) == (3, 13, ("badge", "car", "token"))
    assert [(row.rank, row.gap.category) for row in page.rows] == [(2, "car")]
    assert page.total == 3
    assert [row.gap.category for row in cars.rows] == ["car"]
    assert [row.gap.category for row in named.rows] == ["token"]
    assert (gone.rows, week.rows) == ((), ())


def test_history_counts_the_weeks_of_the_organisation() -> None:
    mondays = [datetime(2026, 11, day, 23, tzinfo=UTC) for day in (1, 8, 15)]
    askings = [Asking("g", "", mondays[0]), Asking("g", "", mondays[1] - timedelta(seconds=1)), Asking("g", "", mondays[1])]
    assert weeks_of(askings, mondays) == [(date(2026, 11, 1), 2), (date(2026, 11, 8), 1)]


def test_a_dismissed_gap_takes_later_questions_of_its_kind_and_stays_dismissed(office: Office) -> None:
    office.ask(*about("car", *range(6)))
    with office.store.write() as unit:
        working.dismiss(unit, office.gap("car").id, "the fleet team answers that", "elin.berg", NOON)
    office.ask(*about("car", *range(10, 16)))
    gap = office.gap("car")
    assert (gap.state, gap.demand, gap.reason) == (GapState.DISMISSED, 12, "the fleet team answers that")
    with office.store.write() as unit:
        working.reopen(unit, gap.id, "elin.berg", NOON)
        with pytest.raises(NotPossible):
            working.reopen(unit, gap.id, "elin.berg", NOON)
    assert office.gap("car").state is GapState.OPEN


def test_a_name_that_a_person_gave_stays(office: Office) -> None:
    office.ask(*about("car", 1))
    with office.store.write() as unit:
        working.rename(unit, office.gap("car").id, "  Pool cars,  password: Hunter2-Secret ", "elin.berg", NOON)
    office.ask(*about("car", *range(10, 16)))
    assert office.gap("car").name.startswith("Pool cars")
    assert "Hunter2" not in office.gap("car").name
    for wrong in ("", "   ", "x" * 81):
        with office.store.write() as unit, pytest.raises(NotPossible):
            working.rename(unit, office.gap("car").id, wrong, "elin.berg", NOON)


def test_gaps_are_merged_and_split_by_people_alone(office: Office) -> None:
    office.ask(*about("car", *range(6)), *about("token", *range(6)))
    car, token = office.gap("car"), office.gap("token")
    speech = office.gathering.speech()
    with office.store.write() as unit:
        merged = working.merge(unit, car.id, token.id, speech, "elin.berg", NOON)
    assert (merged.id, merged.name, merged.demand, [gap.id for gap in office.gaps()]) == (token.id, token.name, 12, [token.id])
    with office.store.write() as unit:
        fresh = working.split(unit, token.id, [f"u_car_{n}" for n in range(6)], speech, "elin.berg", NOON)
    assert (fresh.demand, fresh.category, fresh.name) == (6, "car", "Book pool car")
    assert office.gap("token").demand == 6
    with office.store.read() as unit:
        assert [line.facts["decision"] for line in unit.audit.lines()] == ["merged", "split"]


@pytest.mark.parametrize("chosen", [[], ["u_token_1"], [f"u_car_{n}" for n in range(6)]])
def test_a_gap_is_not_split_into_nothing(office: Office, chosen: list[str]) -> None:
    office.ask(*about("car", *range(6)), *about("token", *range(6)))
    with office.store.write() as unit, pytest.raises(NotPossible):
        working.split(unit, office.gap("car").id, chosen, office.gathering.speech(), "elin.berg", NOON)


def test_a_gap_is_not_merged_with_itself_nor_with_one_that_is_gone(office: Office) -> None:
    office.ask(*about("car", *range(6)))
    car = office.gap("car").id
    for other in (car, "g_none"):
        with office.store.write() as unit, pytest.raises(NotPossible):
            working.merge(unit, car, other, office.gathering.speech(), "elin.berg", NOON)


def test_a_gap_is_taken_up_by_somebody_who_may_until_a_day_to_come(office: Office) -> None:
    office.ask(*about("car", *range(6)))
    car, allowed = office.gap("car").id, {"elin.berg"}
    with office.store.write() as unit:
        working.assign(unit, car, "elin.berg", date(2026, 12, 1), allowed, "elin.berg", NOON)
    assert (office.gap("car").assigned_to, office.gap("car").due) == ("elin.berg", date(2026, 12, 1))
    for owner, due in (("maria.santos", None), ("elin.berg", date(2026, 11, 1))):
        with office.store.write() as unit, pytest.raises(NotPossible):
            working.assign(unit, car, owner, due, allowed, "elin.berg", NOON)
    with office.store.write() as unit:
        working.assign(unit, car, "", date(2026, 12, 1), allowed, "elin.berg", NOON)
    assert (office.gap("car").assigned_to, office.gap("car").due) == ("", None)


def test_a_draft_and_an_article_move_the_gap_on(office: Office) -> None:
    office.ask(*about("car", *range(6)))
    car = office.gap("car").id
    steps = (
        (lambda unit: working.drafted(unit, car, NOON), GapState.DRAFTED),
        (lambda unit: working.dropped(unit, car, NOON), GapState.OPEN),
        (lambda unit: working.drafted(unit, car, NOON), GapState.DRAFTED),
        (lambda unit: working.published(unit, car, "cars", NOON), GapState.PUBLISHED),
        (lambda unit: working.dropped(unit, car, NOON), GapState.PUBLISHED),
        (lambda unit: working.close(unit, car, "elin.berg", NOON), GapState.CLOSED),
        (lambda unit: working.drafted(unit, "g_none", NOON), GapState.CLOSED),
    )
    for step, state in steps:
        with office.store.write() as unit:
            step(unit)
        assert office.gap("car").state is state
    assert office.gap("car").article == "cars"


def test_a_gap_whose_questions_are_all_gone_is_dropped_unless_somebody_has_it(office: Office) -> None:
    with office.store.write() as unit:
        unit.gaps.save(Gap("g_empty", "Old", NOON - timedelta(days=9)))
        unit.gaps.save(Gap("g_fresh", "New", office.clock.now()))
        unit.gaps.save(Gap("g_taken", "Taken", NOON - timedelta(days=9), assigned_to="elin.berg"))
        unit.gaps.save(Gap("g_done", "Done", NOON - timedelta(days=9), GapState.PUBLISHED))
    assert office.gathering.tidy() == 1
    assert {gap.id for gap in office.gaps()} == {"g_fresh", "g_taken", "g_done"}


def test_a_centroid_that_was_forgotten_is_learnt_again(office: Office) -> None:
    office.ask(*about("car", *range(6)))
    before = office.gap("car")
    with office.store.write() as unit:
        unit.gaps.save(replace(before, centroid=()))
    office.gathering.tidy()
    assert office.gap("car") == before


def test_operators_are_told_of_a_spike_once(office: Office) -> None:
    with office.store.write() as unit:
        for day in range(20):
            unit.intents.record(about("badge", 100 + day, at=NOON - timedelta(days=day + 1))[0])
    outage = about("token", *range(12), at=NOON + timedelta(minutes=40))
    office.ask(*outage)
    watching = Watching(office.store, office.directory, office.clock)
    found = watching.look()
    assert {one.subject.partition(":")[0] for one in found} == {"gap", "category"}
    assert "12 questions" in sentence(found[0])
    office.clock.advance(timedelta(minutes=2))
    assert watching.look() == []
    with office.store.read() as unit:
        told = [entry for entry in unit.outbox.waiting() if entry.kind == NOTICE]
        rows = board(unit, Wanted(), office.clock.now(), {}, lambda _: True).rows
    assert {entry.body["person"] for entry in told} == {"omar.haddad"}
    assert len(told) == len(found)
    assert [row.spike is not None for row in rows if row.gap.category == "token"] == [True]
    assert [row.spike is not None for row in rows if row.gap.category == "badge"] == [False]
    notifier = MemoryNotifier(Sender("Help", "help@x.example", office.clock))
    telling = TellOperator(office.store, office.directory, notifier, lambda: "https://help.x.example", lambda: "Europe/Stockholm")
    telling.call(Call(told[0], False, office.clock.now()))
    (mail,) = notifier.sent.values()
    assert "It began on 18 November 2026 13:40 CET." in mail.text
