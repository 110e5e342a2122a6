"""The same two people and their groups in every kind of directory."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.adapters.identity.ldap import LdapDirectory, LdapTree, attributes_with
from assistant.adapters.identity.ldap_sessions import LdapServer, Sessions
from assistant.adapters.identity.scim import ScimDirectory, ScimMeaning
from assistant.adapters.identity.scim_wire import open_wire
from assistant.domain.configuration import Company, Entitlement, Organisation, Person
from assistant.domain.secret import Secret
from assistant.ports.identity import Directory
from tests.support.scim_server import ENTERPRISE, TOKEN, ScimServer
from tests.support.slapd_server import (
    CLOSED_GROUPS,
    GROUPS,
    PEOPLE,
    SERVICE,
    SERVICE_PASSWORD,
    Slapd,
    person_dn,
)

ANN = Person("ann", "Ann Åkesson", "ann@x.example", "Engineer", "R&D", "Lund", "bo", frozenset({"finance", "payroll"}), recovery="ann@home.example")
BO = Person("bo", "Bo Ek", groups=frozenset({"finance"}))
OURS = frozenset({"ledger", "finance", "payroll"})
CLOSED = "domain-admins"
"""A group that is there in the other system but does not exist for us."""
ORGANISATION = Organisation(Company("Example", "x.example"), people=(BO, ANN), entitlements=(Entitlement("ledger", "Ledger"),))
ATTRIBUTES = {"recovery": "labeledURI"}
TIMEOUT = 3.0


@dataclass(frozen=True)
class Office:
    """A directory of one kind with Ann and Bo in it, and what that kind can tell."""

    directory: Directory
    tells_changes_of_passwords: bool = True


def ldap_directory(
    url: str, member_of: str = "", account: tuple[str, str] = (SERVICE, SERVICE_PASSWORD), ca_file: str = "", start_tls: bool = False
) -> LdapDirectory:
    """Return the adapter for one of our test servers."""
    server = LdapServer(url, account[0], Secret(account[1]), start_tls, False, ca_file, TIMEOUT)
    places = {"people_base": PEOPLE, "people_filter": "(objectClass=inetOrgPerson)", "attributes": attributes_with(ATTRIBUTES)}
    groups = {"group_base": GROUPS, "group_filter": "(objectClass=groupOfNames)", "group_name": "cn", "group_member": "member"}
    return LdapDirectory(Sessions(server), LdapTree(**places, **groups, member_of=member_of))  # type: ignore[arg-type]


def fill_ldap(server: Slapd) -> None:
    """Make the server hold Ann and Bo and nobody else."""
    admin = server.admin()
    for base in (PEOPLE, GROUPS, CLOSED_GROUPS):
        admin.search(base, "(objectClass=*)", "LEVEL", attributes=["1.1"])
        for row in admin.response:
            admin.delete(row["dn"])
    admin.unbind()
    server.add_person("bo", BO.name)
    more = {"mail": ANN.email, "title": ANN.title, "departmentNumber": ANN.department, "l": ANN.location, "labeledURI": ANN.recovery}
    server.add_person("ann", ANN.name, manager=person_dn("bo"), **more)
    for group in sorted(OURS):
        server.add_group(group, *[person.id for person in (ANN, BO) if group in person.groups])
    server.add_group(CLOSED, "bo", base=CLOSED_GROUPS)


def scim_directory(url: str, **meaning: object) -> ScimDirectory:
    """Return the adapter for one of our test servers."""
    plain = {"groups": OURS, "inactive_is_locked": True, "password_forces_change": True, "recovery_kind": "home"}
    return ScimDirectory(open_wire(url, Secret(TOKEN), TIMEOUT, ""), ScimMeaning(**plain | meaning))  # type: ignore[arg-type]


def fill_scim(server: ScimServer) -> None:
    """Make the server hold Ann and Bo and nobody else."""
    for kind in ("Groups", "Users"):
        for row in server.call("GET", f"/{kind}").get("Resources", []):
            server.call("DELETE", f"/{kind}/{row['id']}")
    bo = server.add_user("bo", displayName=BO.name)
    addresses = [{"value": ANN.email, "primary": True, "type": "work"}, {"value": ANN.recovery, "type": "home"}]
    work = {ENTERPRISE: {"department": ANN.department, "manager": {"value": bo}}}
    ann = server.add_user(
        "ann", displayName=ANN.name, title=ANN.title, emails=addresses, addresses=[{"locality": ANN.location, "type": "work"}], **work
    )
    for group in sorted(OURS):
        server.add_group(group, *[place for person, place in ((ANN, ann), (BO, bo)) if group in person.groups])
    server.add_group(CLOSED, bo)
