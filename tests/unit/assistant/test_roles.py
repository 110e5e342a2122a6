"""Which groups give which role, as the settings say it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from assistant.adapters.store.organisation import PeopleFileError, read_people_file
from assistant.domain.configuration import DEFAULT_ROLES, Person, Role
from assistant.settings import Settings


def roles(groups: set[str], tmp_path: Path, **settings: Any) -> set[str]:
    granted = Settings(home=tmp_path, **settings).granted_roles
    return {role.value for role in Person("x", "X", groups=frozenset(groups)).with_roles(granted).roles}


@pytest.mark.parametrize(
    ("groups", "given"),
    [
        (set(), set()),
        ({"it-desk"}, {"agent"}),
        ({"kb-authors", "finance"}, {"author"}),
        ({"it-operators"}, {"operator"}),
        ({"it-auditors"}, {"auditor"}),
        ({"it-desk", "kb-authors"}, {"agent", "author"}),
        ({"it-admins"}, {"agent", "author", "operator", "auditor"}),
        ({"IT-ADMINS", "it-admin", "admin"}, set()),
    ],
)
def test_without_settings_the_groups_keep_their_meaning_and_administrators_have_every_role(groups: set[str], given: set[str], tmp_path: Path) -> None:
    assert roles(groups, tmp_path) == given


def test_a_role_that_is_set_has_other_groups_and_those_not_named_keep_theirs(tmp_path: Path) -> None:
    settings = {"roles": {"agent": ["helpdesk", "second-line"], "admin": []}}
    assert roles({"second-line"}, tmp_path, **settings) == {"agent"}
    assert roles({"it-desk"}, tmp_path, **settings) == set()
    assert roles({"it-admins"}, tmp_path, **settings) == set(), "a role with an empty list is nobody's"
    assert roles({"kb-authors"}, tmp_path, **settings) == {"author"}


@pytest.mark.parametrize("wrong", [{"janitor": ["x"]}, {"agent": "it-desk"}, {"agent": [1]}, ["it-desk"]])
def test_roles_that_are_none_are_refused_at_the_start(wrong: Any, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="roles"):
        Settings(home=tmp_path, roles=wrong)


def test_roles_are_looked_up_anew_and_never_added_to(tmp_path: Path) -> None:
    agent = Person("x", "X", groups=frozenset({"it-desk"})).with_roles(DEFAULT_ROLES)
    assert agent.is_agent and not agent.is_author
    assert agent.with_roles({Role.AUTHOR: frozenset({"it-desk"})}).roles == {Role.AUTHOR}


def test_a_people_file_cannot_give_roles_past_the_groups(tmp_path: Path) -> None:
    file = tmp_path / "people.toml"
    file.write_text('[company]\nname = "X"\ndomain = "x.test"\n[[people]]\nid = "ann"\nname = "Ann"\nroles = ["auditor"]\n')
    with pytest.raises(PeopleFileError, match="groups give them"):
        read_people_file(file)
