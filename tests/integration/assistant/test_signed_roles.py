"""Roles that a sign-in gave: until its end, in place of the directory's, and gone with the person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.adapters.store.organisation import BuiltinDirectory
from assistant.adapters.store.signed_roles import KIND, SignedRoles
from assistant.adapters.store.tables import organisation
from assistant.domain.configuration import DEFAULT_ROLES, Company, Organisation, Person, Role
from assistant.privacy import erase
from kb.adapters.store.engine import reading
from tests.support.service import copy_demo
from tests.support.world import opened_world

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Moving:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def home(model_home: Path, tmp_path: Path) -> Path:
    return copy_demo(tmp_path / "home", model_home)


def test_roles_of_a_sign_in_take_the_place_of_the_directorys_until_it_ends(home: Path) -> None:
    with opened_world(home) as world:
        clock = Moving()
        inner = world.assistant.workplace
        directory = SignedRoles(inner, inner.engine, DEFAULT_ROLES, clock)
        sam = directory.person("sam.oduya")
        assert sam is not None and sam.roles == frozenset(), "the directory's groups give roles although a sign-in should"
        directory.remember(sam, frozenset({"it-auditors", "something-else"}), NOW + timedelta(hours=1))
        known = {one.id: one for one in directory.people()}
        again = directory.person("sam.oduya")
        assert again is not None and again.roles == known["sam.oduya"].roles == {Role.AUDITOR}
        assert again.groups == sam.groups == {"it-desk"}, "what somebody may read does not come from the sign-in"
        assert not any(one.roles for one in known.values() if one.id != "sam.oduya")
        directory.remember(sam, frozenset({"kb-authors"}), NOW + timedelta(hours=2))
        assert directory.person("sam.oduya").roles == {Role.AUTHOR}  # type: ignore[union-attr]
        clock.at = NOW + timedelta(hours=2)
        assert directory.person("sam.oduya").roles == frozenset()  # type: ignore[union-attr]
        assert directory.person("nobody.here") is None


def test_who_is_erased_or_leaves_the_people_file_leaves_no_roles_behind(home: Path) -> None:
    with opened_world(home) as world:
        inner: BuiltinDirectory = world.assistant.workplace
        directory = SignedRoles(inner, inner.engine, DEFAULT_ROLES)
        for name in ("sam.oduya", "elin.berg"):
            directory.remember(Person(name, name), frozenset({"it-admins"}), datetime.now(UTC) + timedelta(hours=1))
        erase(world.assistant, "sam.oduya")
        assert kept(inner) == ["elin.berg"]
        inner.replace(Organisation(Company("X", "x.test"), (Person("elin.berg", "Elin"),)))
        assert kept(inner) == [], "a new people file leaves roles that were given before"


def kept(directory: BuiltinDirectory) -> list[str]:
    with reading(directory.engine) as connection:
        return list(connection.execute(organisation.select().where(organisation.c.kind == KIND).with_only_columns(organisation.c.id)).scalars())
