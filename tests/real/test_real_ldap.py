"""The LDAP directory against Debian's slapd: what only a real server with a password policy shows."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ldap3
import pytest

from assistant.adapters.identity.ldap import LdapDirectory
from assistant.ports.identity import NoSuchAccount
from assistant.ports.outside import Refused, Unavailable, Uncertain
from tests.support.offices import fill_ldap, ldap_directory
from tests.support.slapd_server import (
    ADMIN,
    FIRST_PASSWORD,
    GROUPS,
    HALF,
    HALF_PASSWORD,
    PEOPLE,
    SERVICE,
    SERVICE_PASSWORD,
    SUFFIX,
    Slapd,
    certificate,
    group_dn,
    person_dn,
    running_slapd,
)
from tests.support.tcp_proxy import way_to

pytestmark = pytest.mark.real
POLICY = f"cn=default,ou=policies,{SUFFIX}"
MODIFY_PASSWORD = b"1.3.6.1.4.1.4203.1.11.1"
CROWD = 150


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with running_slapd(tmp_path_factory.mktemp("slapd")) as started:
        yield started


@pytest.fixture
def slapd(server: Slapd) -> Slapd:
    fill_ldap(server)
    return server


@pytest.fixture
def directory(slapd: Slapd) -> LdapDirectory:
    return ldap_directory(slapd.url)


def facts(slapd: Slapd, uid: str, *names: str) -> dict[str, list[bytes]]:
    """The attributes of a person as an administrator sees them, without those that have no value."""
    admin = slapd.admin()
    admin.search(person_dn(uid), "(objectClass=*)", "BASE", attributes=list(names))
    found = {name: values for name, values in admin.response[0]["raw_attributes"].items() if values}
    admin.unbind()
    return found


class TestPasswords:
    def test_the_temporary_password_opens_nothing_but_the_choice_of_a_new_one(self, slapd: Slapd, directory: LdapDirectory) -> None:
        given = directory.reset_password("ann")
        assert given is not None
        assert not slapd.signs_in("ann", FIRST_PASSWORD)
        own = ldap3.Connection(ldap3.Server("127.0.0.1", port=slapd.port), person_dn("ann"), given.reveal())
        assert own.bind()
        own.search(SUFFIX, "(uid=ann)")
        assert own.result["description"] == "insufficientAccessRights"
        own.extend.standard.modify_password(person_dn("ann"), given.reveal(), "My-own-choice-1")
        assert own.result["description"] == "success"
        own.unbind()
        account = directory.account("ann")
        assert (account.must_change, account.locked) == (False, False)

    def test_a_reset_opens_an_account_that_wrong_passwords_locked(self, slapd: Slapd, directory: LdapDirectory) -> None:
        slapd.lock("ann")
        given = directory.reset_password("ann")
        assert given is not None
        assert slapd.signs_in("ann", given.reveal())

    def test_a_rule_of_the_server_refuses_and_leaves_everything_as_it_was(self, slapd: Slapd, directory: LdapDirectory) -> None:
        slapd.change(POLICY, pwdMinLength=[90])
        try:
            with pytest.raises(Refused, match="constraintViolation"):
                directory.reset_password("ann")
        finally:
            slapd.change(POLICY, pwdMinLength=[8])
        assert not directory.account("ann").must_change
        assert slapd.signs_in("ann", FIRST_PASSWORD)

    def test_an_account_that_may_not_demand_a_change_is_refused_before_it_sets_a_password(self, slapd: Slapd) -> None:
        half = ldap_directory(slapd.url, account=(HALF, HALF_PASSWORD))
        with pytest.raises(Refused, match="insufficientAccessRights"):
            half.reset_password("ann")
        assert facts(slapd, "ann", "pwdReset", "pwdChangedTime") == {}
        assert slapd.signs_in("ann", FIRST_PASSWORD)

    def test_no_password_is_logged_or_stands_in_an_error(self, slapd: Slapd, directory: LdapDirectory, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        given = directory.reset_password("ann")
        slapd.change(POLICY, pwdMinLength=[90])
        try:
            with pytest.raises(Refused) as caught:
                directory.reset_password("ann")
        finally:
            slapd.change(POLICY, pwdMinLength=[8])
        assert given is not None
        seen = f"{caplog.text} {caught.value!r} {directory!r}"
        assert given.reveal() not in seen
        assert SERVICE_PASSWORD not in seen


class TestLocks:
    def test_a_lock_by_wrong_passwords_is_seen_and_unlocked_for_good(self, slapd: Slapd, directory: LdapDirectory) -> None:
        slapd.lock("ann")
        assert not slapd.signs_in("ann", FIRST_PASSWORD)
        assert directory.account("ann").locked
        assert directory.unlock("ann")
        assert not slapd.signs_in("ann", "wrong once more")
        assert slapd.signs_in("ann", FIRST_PASSWORD)
        assert not directory.account("ann").must_change

    def test_a_lock_of_ours_keeps_the_person_out(self, slapd: Slapd, directory: LdapDirectory) -> None:
        assert directory.lock("ann")
        assert not slapd.signs_in("ann", FIRST_PASSWORD)
        assert slapd.signs_in("bo", FIRST_PASSWORD)

    def test_an_account_that_an_administrator_switched_off_is_nobody_and_stays_off(self, slapd: Slapd, directory: LdapDirectory) -> None:
        """slapd opens even such an account when its password is set, so a reset has to be refused before that."""
        slapd.change(person_dn("bo"), pwdAccountLockedTime=["000001010000Z"])
        assert directory.person("bo") is None
        assert [person.id for person in directory.people()] == ["ann"]
        assert directory.person("ann").manager == "" == directory.people()[0].manager  # type: ignore[union-attr]
        assert not directory.account("bo").active
        for call in (directory.unlock, directory.reset_password):
            with pytest.raises(Refused, match="switched"):
                call("bo")
        assert not directory.lock("bo")
        assert facts(slapd, "bo", "pwdAccountLockedTime", "pwdChangedTime") == {"pwdAccountLockedTime": [b"000001010000Z"]}
        assert not slapd.signs_in("bo", FIRST_PASSWORD)


class TestGroups:
    def test_a_group_without_rights_for_us_is_refused(self, slapd: Slapd, directory: LdapDirectory) -> None:
        slapd.add_group("read-only", "bo")
        for call, person in ((directory.grant, "ann"), (directory.revoke, "bo")):
            with pytest.raises(Refused, match="insufficientAccessRights"):
                call(person, "read-only")
        assert "read-only" in directory.account("bo").groups
        assert "read-only" not in directory.account("ann").groups

    def test_the_last_member_cannot_leave_and_that_is_said(self, slapd: Slapd, directory: LdapDirectory) -> None:
        slapd.change(group_dn("payroll"), member=[person_dn("ann")])
        with pytest.raises(Refused, match="objectClassViolation"):
            directory.revoke("ann", "payroll")
        assert "payroll" in directory.account("ann").groups

    def test_a_group_that_goes_meanwhile_is_no_such_account(self, slapd: Slapd, directory: LdapDirectory) -> None:
        admin = slapd.admin()
        admin.delete(group_dn("ledger"))
        with pytest.raises(NoSuchAccount):
            directory.grant("ann", "ledger")


class TestPeople:
    def test_two_people_with_one_id_are_nobody(self, slapd: Slapd, directory: LdapDirectory) -> None:
        slapd.add(f"ou=abroad,{PEOPLE}", "organizationalUnit")
        slapd.add(f"uid=ann,ou=abroad,{PEOPLE}", "inetOrgPerson", cn="Ann Other", sn="Other")
        try:
            assert directory.person("ann") is None
            assert [person.id for person in directory.people()] == ["bo"]
            with pytest.raises(NoSuchAccount):
                directory.unlock("ann")
        finally:
            admin = slapd.admin()
            admin.delete(f"uid=ann,ou=abroad,{PEOPLE}")
            admin.delete(f"ou=abroad,{PEOPLE}")

    def test_a_person_with_two_ids_is_nobody_under_either(self, slapd: Slapd, directory: LdapDirectory) -> None:
        admin = slapd.admin()
        admin.modify(person_dn("ann"), {"uid": [(ldap3.MODIFY_ADD, ["ann.the.approver"])]})
        assert directory.person("ann") is None
        assert directory.person("ann.the.approver") is None
        assert [person.id for person in directory.people()] == ["bo"]

    def test_more_people_than_the_server_gives_at_once_are_read(self, slapd: Slapd, directory: LdapDirectory) -> None:
        admin = slapd.admin()
        for number in range(CROWD):
            admin.add(f"uid=u{number},{PEOPLE}", "inetOrgPerson", {"cn": f"U {number}", "sn": "U"})
        assert len(directory.people()) == CROWD + 2

    def test_odd_names_of_groups_and_people_are_taken_as_they_are(self, slapd: Slapd, directory: LdapDirectory) -> None:
        slapd.add_person("o'neil*(x)", "Ø Neil")
        slapd.add_group("R*D (ext)")
        assert directory.person("o'neil*(x)") is not None
        assert directory.grant("o'neil*(x)", "R*D (ext)")
        assert directory.account("o'neil*(x)").groups == {"R*D (ext)"}
        assert {person.id: person.groups for person in directory.people()}["o'neil*(x)"] == {"R*D (ext)"}

    def test_a_base_that_does_not_exist_holds_nobody(self, slapd: Slapd) -> None:
        elsewhere = ldap_directory(slapd.url)
        object.__setattr__(elsewhere.tree, "people_base", f"ou=nowhere,{SUFFIX}")
        assert elsewhere.people() == []
        assert elsewhere.person("ann") is None


class TestConnections:
    def test_a_restart_of_the_server_is_not_noticed(self, slapd: Slapd, directory: LdapDirectory) -> None:
        assert directory.grant("ann", "ledger")
        slapd.stop()
        slapd.start()
        assert directory.revoke("ann", "ledger")
        assert directory.person("bo") is not None

    def test_a_server_that_is_down_changes_nothing_and_says_so(self, slapd: Slapd, directory: LdapDirectory) -> None:
        assert directory.person("ann") is not None
        slapd.stop()
        try:
            calls: list[Callable[[], object]] = [
                directory.people,
                lambda: directory.person("ann"),
                lambda: directory.reset_password("ann"),
                lambda: directory.grant("ann", "ledger"),
            ]
            for call in calls:
                with pytest.raises(Unavailable):
                    call()
        finally:
            slapd.start()

    def test_many_at_once_get_their_own_answers(self, slapd: Slapd, directory: LdapDirectory) -> None:
        wanted = ["ann", "bo", "nobody"] * 30
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(directory.person, wanted))
        assert [person.id if person else "nobody" for person in found] == wanted

    def test_an_answer_that_is_lost_after_the_change_was_sent_is_uncertain(self, slapd: Slapd) -> None:
        with way_to(slapd.port) as way:
            directory = ldap_directory(f"ldap://127.0.0.1:{way.port}")
            assert directory.person("ann") is not None
            way.cut_on = b"\x06member1"
            with pytest.raises(Uncertain):
                directory.grant("ann", "ledger")
        end = time.monotonic() + 5
        while "ledger" not in ldap_directory(slapd.url).account("ann").groups:
            assert time.monotonic() < end, "the change was sent, so it has to take effect"

    def test_a_lost_answer_to_a_reset_is_uncertain_and_no_password_comes_back(self, slapd: Slapd) -> None:
        with way_to(slapd.port) as way:
            directory = ldap_directory(f"ldap://127.0.0.1:{way.port}")
            assert directory.person("ann") is not None
            way.cut_on = MODIFY_PASSWORD
            with pytest.raises(Uncertain):
                directory.reset_password("ann")

    def test_a_server_that_says_nothing_is_given_up_in_time(self, slapd: Slapd) -> None:
        with way_to(slapd.port) as way:
            way.mute = True
            start = time.monotonic()
            with pytest.raises(Unavailable):
                ldap_directory(f"ldap://127.0.0.1:{way.port}").person("ann")
            assert time.monotonic() - start < 8

    def test_a_wrong_password_of_the_service_account_is_said(self, slapd: Slapd) -> None:
        with pytest.raises(Unavailable, match="does not accept"):
            ldap_directory(slapd.url, account=(SERVICE, "wrong")).person("ann")

    def test_the_service_account_needs_no_more_than_its_rights(self, slapd: Slapd) -> None:
        """The account that all these tests use may not change what it need not change."""
        own = ldap3.Connection(ldap3.Server("127.0.0.1", port=slapd.port), SERVICE, SERVICE_PASSWORD, auto_bind=True)
        own.modify(person_dn("ann"), {"mail": [(ldap3.MODIFY_REPLACE, ["x@x.example"])]})
        assert own.result["description"] == "insufficientAccessRights"
        own.delete(group_dn("ledger"))
        assert own.result["description"] == "insufficientAccessRights"
        own.search(GROUPS, f"(member={ADMIN})", attributes=["cn"])
        assert own.entries
        own.unbind()


class TestProtection:
    @pytest.mark.parametrize("way", ["ldaps", "starttls"])
    def test_a_certificate_that_holds_is_accepted_and_any_other_is_not(self, slapd: Slapd, way: str, tmp_path: Path) -> None:
        url, start_tls = (slapd.tls_url, False) if way == "ldaps" else (slapd.url, True)
        assert ldap_directory(url, ca_file=str(slapd.authority), start_tls=start_tls).person("ann") is not None
        other = certificate(tmp_path)
        for unknown in ("", str(other)):
            with pytest.raises(Unavailable):
                ldap_directory(url, ca_file=unknown, start_tls=start_tls).person("ann")

    def test_a_certificate_for_another_name_is_not_accepted(self, slapd: Slapd) -> None:
        assert ldap_directory(slapd.tls_url, ca_file=str(slapd.authority)).person("ann") is not None
        with pytest.raises(Unavailable, match="certificate"):
            ldap_directory(slapd.tls_url_of_no_name, ca_file=str(slapd.authority)).person("ann")
