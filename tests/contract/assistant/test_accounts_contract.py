"""What every directory promises about people and their accounts: the built-in one, the one in memory, LDAP and SCIM on real servers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from assistant.adapters.memory.directory import MemoryDirectory
from assistant.adapters.store.organisation import BuiltinDirectory
from assistant.domain.configuration import Person
from assistant.ports.identity import Account, Directory, NewAccount, NoSuchAccount
from assistant.ports.outside import Refused
from tests.support.offices import ANN, BO, CLOSED, ORGANISATION, OURS, Office, fill_ldap, fill_scim, ldap_directory, scim_directory
from tests.support.scim_server import ScimServer, running_scim
from tests.support.slapd_server import Slapd, running_slapd

REAL = pytest.mark.real
KINDS = ["memory", "sqlite", *(pytest.param(kind, marks=REAL) for kind in ("postgresql", "ldap", "ldap-member-of", "scim"))]
HOSTILE = [
    "",
    "nobody",
    "ANN",
    "ann ",
    " ann",
    "*",
    "a*",
    "ann)(uid=*",
    "*)(uid=*",
    "ann*",
    'ann" or userName pr or userName eq "',
    "uid=ann",
    "ann\\2a",
]
STEPS = 60


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with running_slapd(tmp_path_factory.mktemp("slapd")) as server:
        yield server


@pytest.fixture(scope="module")
def scim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScimServer]:
    with running_scim(tmp_path_factory.mktemp("scim")) as server:
        yield server


@pytest.fixture(params=KINDS)
def office(request: pytest.FixtureRequest, engine_of: Callable[[str], Engine]) -> Office:
    kind = str(request.param)
    if kind.startswith("ldap"):
        server = request.getfixturevalue("slapd")
        fill_ldap(server)
        return Office(ldap_directory(server.url, "memberOf" if kind == "ldap-member-of" else ""))
    if kind == "scim":
        provider = request.getfixturevalue("scim")
        fill_scim(provider)
        return Office(scim_directory(provider.url), tells_changes_of_passwords=False)
    if kind == "memory":
        return Office(MemoryDirectory(ORGANISATION))
    built = BuiltinDirectory(engine_of(kind))
    built.replace(ORGANISATION)
    return Office(built)


@pytest.fixture
def directory(office: Office) -> Directory:
    return office.directory


def state(directory: Directory) -> tuple[list[Person], list[Account], frozenset[str]]:
    """Everything that can be seen of everybody."""
    people = directory.people()
    return people, [directory.account(person.id) for person in people], directory.groups()


def test_a_person_comes_back_whole(directory: Directory) -> None:
    assert directory.person("ann") == ANN
    assert directory.person("bo") == BO


def test_people_come_by_name_and_whole(directory: Directory) -> None:
    assert directory.people() == [ANN, BO]


def test_an_account_begins_open(directory: Directory) -> None:
    assert directory.account("ann") == Account("ann", groups=ANN.groups)


def test_only_our_groups_are_named(directory: Directory) -> None:
    assert directory.groups() == OURS


@pytest.mark.parametrize("name", HOSTILE)
def test_only_an_exact_id_finds_anybody_and_nothing_else_changes_anything(directory: Directory, name: str) -> None:
    before = state(directory)
    assert directory.person(name) is None
    calls: list[Callable[[], object]] = [
        lambda: directory.account(name),
        lambda: directory.lock(name),
        lambda: directory.unlock(name),
        lambda: directory.reset_password(name),
        lambda: directory.grant(name, "ledger"),
        lambda: directory.revoke(name, "finance"),
    ]
    for call in calls:
        with pytest.raises(NoSuchAccount):
            call()
    assert state(directory) == before


@pytest.mark.parametrize("group", ["", "nothing", CLOSED, "LEDGER", "ledger ", "*", "l*", "ledger)(cn=*", 'ledger" or displayName pr'])
def test_only_a_group_of_ours_can_be_granted_or_revoked(directory: Directory, group: str) -> None:
    before = state(directory)
    for call in (directory.grant, directory.revoke):
        with pytest.raises(NoSuchAccount):
            call("bo", group)
    assert state(directory) == before


def test_a_grant_takes_effect_once_and_for_one_person(directory: Directory) -> None:
    assert directory.grant("ann", "ledger")
    assert not directory.grant("ann", "ledger")
    assert directory.person("ann").groups == directory.account("ann").groups == {"finance", "payroll", "ledger"}  # type: ignore[union-attr]
    assert directory.person("bo") == BO


def test_a_revocation_takes_effect_once_and_for_one_person(directory: Directory) -> None:
    assert directory.revoke("ann", "finance")
    assert not directory.revoke("ann", "finance")
    assert directory.person("ann").groups == directory.account("ann").groups == {"payroll"}  # type: ignore[union-attr]
    assert directory.account("bo").groups == {"finance"}


def test_a_grant_and_its_revocation_leave_everything_as_it_was(directory: Directory) -> None:
    before = state(directory)
    assert directory.grant("bo", "payroll")
    assert directory.revoke("bo", "payroll")
    assert directory.revoke("ann", "finance")
    assert directory.grant("ann", "finance")
    assert state(directory) == before


def test_a_group_without_members_is_still_there(directory: Directory) -> None:
    assert directory.revoke("ann", "payroll")
    assert "payroll" in directory.groups()
    assert directory.grant("ann", "payroll")


def test_locking_and_unlocking_take_effect_once_and_take_one_another_back(directory: Directory) -> None:
    before = state(directory)
    assert not directory.unlock("ann")
    assert directory.lock("ann")
    assert not directory.lock("ann")
    assert directory.account("ann").locked
    assert not directory.account("bo").locked
    assert directory.person("ann") == ANN
    assert directory.unlock("ann")
    assert not directory.unlock("ann")
    assert state(directory) == before


def test_a_reset_gives_a_fresh_password_and_unlocks(office: Office) -> None:
    directory = office.directory
    directory.lock("ann")
    first, second = directory.reset_password("ann"), directory.reset_password("ann")
    assert first is not None
    assert second is not None
    assert first.reveal() != second.reveal()
    assert len(first.reveal()) >= 20
    assert first.reveal() not in f"{first} {first!r}"
    account = directory.account("ann")
    assert not account.locked
    if office.tells_changes_of_passwords:
        assert account.must_change
        assert account.password_mark
    assert directory.account("bo") == Account("bo", groups=BO.groups)
    assert account.groups == ANN.groups


def test_any_sequence_of_calls_does_what_it_says(directory: Directory) -> None:
    """Sixty random calls against a model of five lines."""
    chance = random.Random(20_261_122)
    groups, locked = {"ann": set(ANN.groups), "bo": set(BO.groups)}, set[str]()
    for _ in range(STEPS):
        person, group = chance.choice(["ann", "bo"]), chance.choice(sorted(OURS))
        call = chance.choice(["grant", "revoke", "lock", "unlock"])
        if call == "grant":
            assert directory.grant(person, group) is (group not in groups[person])
            groups[person].add(group)
        elif call == "revoke":
            assert directory.revoke(person, group) is (group in groups[person])
            groups[person].discard(group)
        else:
            assert getattr(directory, call)(person) is ((person in locked) == (call == "unlock"))
            (locked.add if call == "lock" else locked.discard)(person)
    for person in groups:
        assert directory.account(person) == Account(person, locked=person in locked, groups=frozenset(groups[person]))


NEW = NewAccount("eva", "Eva Ny", "eva@x.example", "Engineer", "R&D", "Lund", "bo", "eva@home.example")


def test_an_account_that_was_opened_is_a_person_without_groups(directory: Directory) -> None:
    assert directory.create(NEW)
    found = directory.person("eva")
    assert found is not None
    assert (found.name, found.email, found.title, found.department, found.location, found.manager, found.recovery) == (
        "Eva Ny",
        "eva@x.example",
        "Engineer",
        "R&D",
        "Lund",
        "bo",
        "eva@home.example",
    )
    account = directory.account("eva")
    assert (account.active, account.locked, account.groups) == (True, False, frozenset())


def test_an_account_that_is_opened_again_is_the_same_one_and_another_persons_is_refused(directory: Directory) -> None:
    assert directory.create(NEW)
    before = state(directory)
    assert not directory.create(NEW)
    with pytest.raises(Refused):
        directory.create(replace(NEW, name="Eve Other"))
    with pytest.raises(Refused):
        directory.create(replace(NEW, email="other@x.example"))
    assert state(directory) == before


def test_an_account_that_is_switched_off_is_nobody_and_keeps_its_groups(directory: Directory) -> None:
    groups = directory.account("ann").groups
    if "disable" in directory.unable():
        with pytest.raises(Refused):
            directory.disable("ann")
        return
    assert directory.disable("ann")
    assert not directory.disable("ann")
    assert directory.person("ann") is None
    assert "ann" not in [person.id for person in directory.people()]
    assert (directory.account("ann").active, directory.account("ann").groups) == (False, groups)
    for group in groups:
        assert directory.revoke("ann", group), "what a leaver held can be ended after the account was switched off"
    assert directory.enable("ann")
    assert not directory.enable("ann")
    assert directory.person("ann") is not None
    assert directory.account("ann").groups == frozenset()


@pytest.mark.parametrize("name", HOSTILE)
def test_nobody_elses_account_is_switched_off_by_a_name_that_is_not_exact(directory: Directory, name: str) -> None:
    if "disable" not in directory.unable():
        with pytest.raises(NoSuchAccount):
            directory.disable(name)
    assert directory.person("ann") is not None
