"""The SCIM directory against scim2-server: what only a real provider shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from assistant.adapters.identity.scim import ScimDirectory, ScimMeaning
from assistant.adapters.identity.scim_wire import open_wire
from assistant.domain.secret import Secret
from assistant.ports.identity import NoSuchAccount
from assistant.ports.outside import Refused, Unavailable, Uncertain
from tests.support.offices import ANN, BO, CLOSED, OURS, fill_scim, scim_directory
from tests.support.scim_server import PATCH, ScimServer, running_scim
from tests.support.tcp_proxy import way_to

pytestmark = pytest.mark.real
CROWD = 120


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScimServer]:
    with running_scim(tmp_path_factory.mktemp("scim")) as started:
        yield started


@pytest.fixture
def scim(server: ScimServer) -> ScimServer:
    fill_scim(server)
    return server


@pytest.fixture
def directory(scim: ScimServer) -> ScimDirectory:
    return scim_directory(scim.url)


def test_a_person_by_the_rest_of_the_name_is_read(scim: ScimServer, directory: ScimDirectory) -> None:
    scim.add_user("cy", name={"givenName": "Cy", "familyName": "Dahl"})
    assert directory.person("cy").name == "Cy Dahl"  # type: ignore[union-attr]


def test_all_pages_are_read(scim: ScimServer, directory: ScimDirectory) -> None:
    for number in range(CROWD):
        scim.add_user(f"u{number}")
    assert len(directory.people()) == CROWD + 2


def test_without_a_list_of_groups_every_group_exists(scim: ScimServer) -> None:
    assert scim_directory(scim.url, groups=frozenset()).groups() == OURS | {CLOSED}


def test_two_groups_with_one_name_cannot_be_told_apart_so_neither_is_granted(scim: ScimServer, directory: ScimDirectory) -> None:
    """The provider lets two groups share a name."""
    scim.add_group("ledger")
    with pytest.raises(NoSuchAccount, match="several"):
        directory.grant("ann", "ledger")


class TestAccountsThatAreSwitchedOff:
    def test_they_are_nobody_and_stay_off_where_inactive_is_no_lock(self, scim: ScimServer) -> None:
        directory = scim_directory(scim.url, inactive_is_locked=False)
        scim.set_active("bo", False)
        assert directory.person("bo") is None
        assert [person.id for person in directory.people()] == ["ann"]
        assert directory.person("ann").manager == ""  # type: ignore[union-attr]
        assert not directory.account("bo").active
        for call in (directory.unlock, directory.lock, directory.reset_password):
            with pytest.raises(Refused, match="switched off"):
                call("bo")
        assert scim.user("bo")["active"] is False

    def test_an_open_account_is_neither_locked_nor_unlocked_there(self, scim: ScimServer) -> None:
        directory = scim_directory(scim.url, inactive_is_locked=False)
        for call in (directory.lock, directory.unlock):
            with pytest.raises(Refused, match="locked"):
                call("ann")
        assert scim.user("ann")["active"] is True

    def test_a_reset_opens_a_locked_account_in_the_same_step(self, scim: ScimServer, directory: ScimDirectory) -> None:
        scim.set_active("ann", False)
        assert directory.reset_password("ann") is not None
        assert scim.user("ann")["active"] is True


def test_no_password_is_set_where_it_would_not_have_to_be_changed(scim: ScimServer) -> None:
    before = scim.user("ann")["meta"]["version"]
    with pytest.raises(Refused, match="temporary passwords"):
        scim_directory(scim.url, password_forces_change=False).reset_password("ann")
    assert scim.user("ann")["meta"]["version"] == before


def test_a_reset_changes_the_user_and_shows_the_password_nowhere(scim: ScimServer, directory: ScimDirectory) -> None:
    before = scim.user("ann")["meta"]["version"]
    given = directory.reset_password("ann")
    assert given is not None
    after = scim.user("ann")
    assert after["meta"]["version"] != before
    assert given.reveal() not in f"{after} {directory!r} {scim.log.read_text()}"


def test_a_member_that_is_no_user_does_no_harm(scim: ScimServer, directory: ScimDirectory) -> None:
    """The provider takes members that do not exist."""
    group = next(row["id"] for row in scim.call("GET", "/Groups")["Resources"] if row["displayName"] == "ledger")
    scim.call("PATCH", f"/Groups/{group}", schemas=[PATCH], Operations=[{"op": "add", "path": "members", "value": [{"value": "nobody"}]}])
    assert directory.people() == [ANN, BO]
    assert directory.grant("bo", "ledger")


def test_a_token_that_is_not_accepted_is_said_and_not_shown(scim: ScimServer) -> None:
    directory = ScimDirectory(open_wire(scim.url, Secret("not-the-token"), 3, ""), ScimMeaning(frozenset(), False, False, ""))
    with pytest.raises(Unavailable, match="FIRSTLINE_SCIM_TOKEN") as caught:
        directory.people()
    assert "not-the-token" not in f"{caught.value!r} {directory!r}"


def test_a_provider_that_forgot_everything_is_believed(scim: ScimServer, directory: ScimDirectory) -> None:
    assert directory.person("ann") is not None
    scim.stop()
    calls: list[Callable[[], object]] = [directory.people, lambda: directory.grant("ann", "ledger"), lambda: directory.reset_password("ann")]
    for call in calls:
        with pytest.raises(Unavailable):
            call()
    scim.start()
    assert directory.people() == []
    assert directory.person("ann") is None
    with pytest.raises(NoSuchAccount):
        directory.grant("ann", "ledger")


def test_an_answer_that_is_lost_after_the_change_was_sent_is_uncertain(scim: ScimServer) -> None:
    with way_to(scim.port) as way:
        directory = scim_directory(f"http://127.0.0.1:{way.port}/v2")
        assert directory.person("ann") is not None
        way.cut_on = b"PATCH "
        with pytest.raises(Uncertain):
            directory.grant("ann", "ledger")


def test_a_provider_that_says_nothing_is_given_up_in_time(scim: ScimServer) -> None:
    with way_to(scim.port) as way:
        way.mute = True
        with pytest.raises(Unavailable):
            scim_directory(f"http://127.0.0.1:{way.port}/v2").person("ann")


def test_an_account_is_switched_off_and_on_where_that_is_no_lock(scim: ScimServer) -> None:
    directory = scim_directory(scim.url, inactive_is_locked=False)
    assert "disable" not in directory.unable()
    assert directory.disable("ann")
    assert not directory.disable("ann")
    assert directory.person("ann") is None
    assert directory.account("ann").active is False
    assert all(directory.revoke("ann", group) for group in ANN.groups)
    assert directory.enable("ann")
    assert directory.person("ann") is not None


def test_where_an_account_that_is_off_could_be_unlocked_nothing_is_switched_off(directory: ScimDirectory) -> None:
    assert "unlocked again by its person" in directory.unable()["disable"]
    with pytest.raises(Refused):
        directory.disable("ann")
    assert directory.person("ann") is not None
