"""A tool whose prerequisite is missing is off, with the reason; the model is not shown it, and a wish for it comes to nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.adapters.clock import SystemClock
from assistant.adapters.memory.directory import MemoryDirectory
from assistant.adapters.store.organisation import BuiltinDirectory, read_people_file
from assistant.agent.tools.registry import schemas, switched_off
from assistant.agent.tools.tool import Hands
from assistant.connections import open_directory, open_notifier
from assistant.domain.configuration import Organisation
from assistant.governance.policy_file import load_policy
from assistant.settings import Settings
from kb.adapters.store.engine import open_engine
from tests.support.service import PEOPLE_FILE

POLICY = load_policy()
COMPANY, _ = read_people_file(PEOPLE_FILE)
LDAP: dict[str, Any] = {
    "directory": "ldap",
    "ldap_url": "ldaps://ldap.x.example",
    "ldap_bind_dn": "cn=firstline,dc=x",
    "ldap_password": "ldap-secret",
    "ldap_people_base": "ou=people,dc=x",
    "ldap_group_base": "ou=groups,dc=x",
}
SCIM: dict[str, Any] = {"directory": "scim", "scim_url": "https://idp.x.example/scim/v2", "scim_token": "scim-secret"}
TAKES_PASSWORDS = {"scim_password_forces_change": True, "scim_recovery_kind": "home"}


def hands(tmp_path: Path, made: Organisation = COMPANY, **settings: Any) -> Hands:
    """What tools act with: the company's file, and the directory that the settings name. Nothing is connected."""
    workplace = MemoryDirectory(made)
    builtin = BuiltinDirectory(open_engine(f"sqlite:///{tmp_path}/x.db"))
    directory = open_directory(Settings(home=tmp_path, **settings), builtin) if settings else workplace
    return Hands(directory, open_notifier(Settings(home=tmp_path), SystemClock()), workplace)


def without(**lists: Any) -> Organisation:
    """The demo company without some of its lists."""
    facts = {name: getattr(COMPANY, name) for name in ("company", "people", "devices", "services", "queues", "entitlements")}
    return Organisation(**facts | lists)


def test_with_everything_there_no_tool_is_off(tmp_path: Path) -> None:
    assert switched_off(POLICY, hands(tmp_path)) == {}


@pytest.mark.parametrize(
    ("missing", "off"),
    [
        ({"queues": ()}, {"create_ticket", "update_ticket"}),
        ({"services": ()}, {"service_status"}),
        ({"entitlements": ()}, {"grant_access", "give_up_access"}),
    ],
)
def test_what_the_people_file_lacks_switches_off_what_needs_it(tmp_path: Path, missing: dict[str, Any], off: set[str]) -> None:
    found = switched_off(POLICY, hands(tmp_path, without(**missing)))
    assert set(found) == off
    assert all(reason.startswith("the people file names no ") for reason in found.values())


@pytest.mark.parametrize(
    ("settings", "off"),
    [
        (LDAP, {"reset_password": "FIRSTLINE_LDAP_ATTRIBUTES"}),
        (LDAP | {"ldap_attributes": {"recovery": "labeledURI"}}, {}),
        (SCIM, {"reset_password": "FIRSTLINE_SCIM_PASSWORD_FORCES_CHANGE", "unlock_account": "FIRSTLINE_SCIM_INACTIVE_IS_LOCKED"}),
        (SCIM | TAKES_PASSWORDS, {"unlock_account": "FIRSTLINE_SCIM_INACTIVE_IS_LOCKED"}),
        (
            SCIM | {"scim_password_forces_change": True, "scim_inactive_is_locked": True},
            {"reset_password": "FIRSTLINE_SCIM_RECOVERY_KIND", "close_account": "FIRSTLINE_SCIM_INACTIVE_IS_LOCKED"},
        ),
        (SCIM | TAKES_PASSWORDS | {"scim_inactive_is_locked": True}, {"close_account": "FIRSTLINE_SCIM_INACTIVE_IS_LOCKED"}),
    ],
)
def test_what_a_directory_cannot_do_is_off_and_the_reason_names_the_setting(tmp_path: Path, settings: dict[str, Any], off: dict[str, str]) -> None:
    found = switched_off(POLICY, hands(tmp_path, **settings))
    assert {name: reason.split()[0] for name, reason in found.items()} == off


def test_a_model_is_not_shown_what_is_off(tmp_path: Path) -> None:
    shown = {schema["name"] for schema in schemas((), POLICY, hands(tmp_path, **SCIM))}
    assert "unlock_account" not in shown
    assert "my_devices" in shown
