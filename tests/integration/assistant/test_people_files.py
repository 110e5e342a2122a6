"""People files: a good one replaces the organisation as a whole, a bad one is refused in words and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.store.organisation import PeopleFileError
from assistant.bootstrap import Assistant, load_people, open_assistant
from assistant.domain.configuration import Entitlement
from assistant.domain.ticket import TicketStatus
from assistant.settings import Settings
from tests.support.service import PEOPLE_FILE
from tests.support.world import MONDAY

GOOD = """
[company]
name = "Example"
domain = "x.example"
timezone = "Europe/Stockholm"

[[queues]]
id = "network"
name = "Network"
categories = ["vpn"]

[[services]]
id = "vpn"
name = "VPN"
status = "operational"

[[people]]
id = "ana"
name = "Ana Silva"
manager = "bo"
groups = ["finance"]

[[people]]
id = "bo"
name = "Bo Ek"

[[devices]]
id = "LT-1"
owner = "ana"
name = "ThinkPad"
platform = "windows"
os = "Windows 11"
primary = true

[[tickets]]
id = "T-1"
requester = "ana"
subject = "VPN drops"
description = "Every ten minutes."
category = "vpn"
status = "in_progress"
queue = "network"
assignee = "bo"
opened = "2026-11-19T08:12:00+01:00"
"""


@dataclass(frozen=True)
class Office:
    """An assistant without articles or model, and a people file to load."""

    assistant: Assistant
    file: Path

    def load(self, text: str | bytes) -> tuple[int, int]:
        self.file.write_bytes(text.encode() if isinstance(text, str) else text)
        return load_people(self.assistant, self.file)

    def tickets(self) -> list[str]:
        with self.assistant.store.read() as unit:
            return [ticket.subject for ticket in unit.tickets.all()]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    assistant = open_assistant(Settings(home=tmp_path / "home"), FixedClock(MONDAY))
    yield Office(assistant, tmp_path / "people.toml")
    assistant.close()


def test_a_good_file_is_taken_whole(office: Office) -> None:
    assert office.load(GOOD) == (2, 1)
    directory = office.assistant.directory
    ana = directory.person("ana")
    assert ana is not None
    assert (ana.name, ana.manager, ana.groups) == ("Ana Silva", "bo", frozenset({"finance"}))
    assert [device.id for device in directory.devices_of("ana")] == ["LT-1"]
    assert directory.company().timezone == "Europe/Stockholm"
    with office.assistant.store.read() as unit:
        (ticket,) = unit.tickets.all()
    assert (ticket.subject, ticket.status, ticket.assignee, ticket.queue) == ("VPN drops", TicketStatus.IN_PROGRESS, "bo", "network")
    assert ticket.opened_at.isoformat() == "2026-11-19T07:12:00+00:00"


def test_accounts_and_access_are_taken_from_the_file(office: Office) -> None:
    more = '\n[[entitlements]]\nid = "ledger"\nname = "Ledger"\nowner = "bo"\ncost = 40\nopen_to = ["finance"]\n'
    office.load(GOOD.replace('manager = "bo"', 'manager = "bo"\ndelegate = "bo"\nlocked = true\nrecovery = "ana@home.example"') + more)
    directory, place = office.assistant.directory, office.assistant.workplace
    ana = directory.person("ana")
    assert ana is not None
    assert (ana.delegate, ana.recovery, directory.account("ana").locked, directory.account("bo").locked) == ("bo", "ana@home.example", True, False)
    assert place.entitlements() == (Entitlement("ledger", "Ledger", owner="bo", cost=40, open_to=("finance",)),)
    assert directory.groups() == {"finance", "ledger"}


def test_loading_again_creates_no_second_ticket_and_leaves_its_progress(office: Office) -> None:
    office.load(GOOD)
    with office.assistant.store.write() as unit:
        (ticket,) = unit.tickets.all()
        unit.tickets.change_status(ticket.id, TicketStatus.RESOLVED, "bo", "done", MONDAY)
    office.load(GOOD.replace("Bo Ek", "Bo Berg"))
    with office.assistant.store.read() as unit:
        assert [(t.subject, t.status) for t in unit.tickets.all()] == [("VPN drops", TicketStatus.RESOLVED)]
    bo = office.assistant.directory.person("bo")
    assert bo is not None
    assert bo.name == "Bo Berg"


def test_the_demo_companys_file_is_good(office: Office) -> None:
    people, devices = load_people(office.assistant, PEOPLE_FILE)
    assert people >= 10
    assert devices >= people
    assert len(office.tickets()) >= 5


def change(old: str, new: str, count: int = 1) -> Callable[[], str]:
    assert old in GOOD
    return lambda: GOOD.replace(old, new, count)


BAD: list[tuple[str, Callable[[], str | bytes], str]] = [
    ("is empty", lambda: "", "company"),
    ("is no TOML", lambda: "[company\nname", ""),
    ("is no text", lambda: b"\xff\xfe\x00name", ""),
    ("has no company", change("[company]", "[firm]"), "company"),
    ("has a company without a name", change('name = "Example"\n', ""), "name"),
    ("has a company with an unknown field", change('name = "Example"', 'name = "Example"\ncolour = "red"'), "colour"),
    ("has an unknown time zone", change("Europe/Stockholm", "Europe/Stockholmm"), "Stockholmm"),
    ("has a person without an id", change('id = "bo"\n', ""), "id"),
    ("has a person with an empty id", change('id = "bo"', 'id = ""'), "id"),
    ("has a person without a name", change('name = "Bo Ek"\n', ""), "name"),
    ("has a person with an unknown field", change('name = "Bo Ek"', 'name = "Bo Ek"\nshoe = 42'), "shoe"),
    ("has a person twice", change('id = "bo"\nname = "Bo Ek"', 'id = "ana"\nname = "Bo Ek"'), "ana"),
    ("has groups that are no list", change('groups = ["finance"]', 'groups = "finance"'), "groups"),
    ("has people that are no list", lambda: GOOD.replace("[[people]]", "[people]", 1).replace("[[people]]", "[other]"), ""),
    ("has an unknown manager", change('manager = "bo"', 'manager = "carl"'), "carl"),
    ("has a device of a stranger", change('owner = "ana"', 'owner = "dora"'), "dora"),
    ("has a device with an unknown system", change('platform = "windows"', 'platform = "beos"'), "beos"),
    ("has a device twice", lambda: GOOD + '\n[[devices]]\nid = "LT-1"\nowner = "bo"\nname = "x"\nplatform = "linux"\nos = "x"\n', "LT-1"),
    ("has a ticket of a stranger", change('requester = "ana"', 'requester = "emil"'), "emil"),
    ("has a ticket without a subject", change('subject = "VPN drops"\n', ""), "subject"),
    ("has a ticket with an unknown status", change('status = "in_progress"', 'status = "nearly done"'), "nearly done"),
    ("has a ticket with no date", change("2026-11-19T08:12:00+01:00", "last week"), "last week"),
    ("has a ticket with a time without a zone", change("2026-11-19T08:12:00+01:00", "2026-11-19T08:12:00"), "zone"),
    ("has a ticket twice", lambda: GOOD + GOOD[GOOD.index("[[tickets]]") :], "T-1"),
    ("has an entitlement twice", lambda: GOOD + 2 * '\n[[entitlements]]\nid = "ledger"\nname = "Ledger"\n', "ledger"),
    ("has an entitlement of a stranger", lambda: GOOD + '\n[[entitlements]]\nid = "ledger"\nname = "Ledger"\nowner = "fay"\n', "fay"),
    ("has an entitlement with a cost in words", lambda: GOOD + '\n[[entitlements]]\nid = "ledger"\nname = "Ledger"\ncost = "a lot"\n', "cost"),
    ("has an unknown delegate", change('manager = "bo"', 'manager = "bo"\ndelegate = "gus"'), "gus"),
    ("has a lock that is neither yes nor no", change('manager = "bo"', 'manager = "bo"\nlocked = "yes"'), "locked"),
    ("has a recovery address at the company", change('manager = "bo"', 'manager = "bo"\nrecovery = "ana@x.example"'), "recovery"),
    ("has a recovery address that is none", change('manager = "bo"', 'manager = "bo"\nrecovery = "07700 900123"'), "recovery"),
    ("has a queue without a name", change('name = "Network"\n', ""), "name"),
]


@pytest.mark.parametrize(("make", "why"), [(make, why) for _, make, why in BAD], ids=[name for name, _, _ in BAD])
def test_a_file_is_refused_by_name_when_it(office: Office, make: Callable[[], str | bytes], why: str) -> None:
    office.load(GOOD)
    before = office.assistant.directory.people(), office.assistant.workplace.company(), office.tickets()
    with pytest.raises(PeopleFileError) as caught:
        office.load(make())
    assert str(office.file) in str(caught.value)
    assert why in str(caught.value)
    assert (office.assistant.directory.people(), office.assistant.workplace.company(), office.tickets()) == before


def test_a_missing_file_and_a_folder_are_refused(office: Office, tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(PeopleFileError, match=str(path)):
            load_people(office.assistant, path)


def test_a_database_that_fails_leaves_the_organisation_as_it_was(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.load(GOOD)
    engine: Engine = office.assistant.knowledge_base.engine
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON organisation WHEN NEW.id = 'bo' BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    with pytest.raises(Exception, match="full"):
        office.load(GOOD.replace("Ana Silva", "Ana Berg"))
    ana = office.assistant.directory.person("ana")
    assert ana is not None
    assert ana.name == "Ana Silva"
