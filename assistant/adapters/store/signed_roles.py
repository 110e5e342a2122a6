"""Roles that the identity provider's token gives: remembered from the sign-in until its end, beside a directory that knows the people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Engine, delete, insert, select

from assistant.adapters.store.tables import organisation
from assistant.domain.configuration import Person, Role
from assistant.domain.secret import Secret
from assistant.ports.identity import Account, Directory, NewAccount
from kb.adapters.store.engine import reading, writing

KIND = "signed"


@dataclass(frozen=True, slots=True)
class SignedRoles:
    """The ``Directory`` port over another one. Its people have the roles of their last sign-in, and none after its end.

    Their groups stay those of the directory: what somebody may read and ask for does not depend on where they sign in.
    """

    directory: Directory
    engine: Engine
    granted: Mapping[str, frozenset[str]]
    """The groups of the token that give each role."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def remember(self, person: Person, groups: frozenset[str], until: datetime) -> None:
        """Give a person the roles of these groups until then, in place of those from before; of the groups themselves nothing is kept."""
        roles = replace(person, groups=groups).with_roles(self.granted).roles
        facts = {"roles": sorted(roles), "until": until.astimezone(UTC).isoformat()}
        with writing(self.engine) as connection:
            connection.execute(delete(organisation).where(organisation.c.kind == KIND, organisation.c.id == person.id))
            connection.execute(insert(organisation), [{"kind": KIND, "id": person.id, "owner": "", "facts": facts}])

    def person(self, person_id: str) -> Person | None:
        """See the port."""
        found = self.directory.person(person_id)
        return replace(found, roles=self._roles(person_id).get(person_id, frozenset())) if found is not None else None

    def people(self) -> list[Person]:
        """See the port."""
        roles = self._roles()
        return [replace(one, roles=roles.get(one.id, frozenset())) for one in self.directory.people()]

    def _roles(self, person_id: str = "") -> dict[str, frozenset[Role]]:
        query = select(organisation.c.id, organisation.c.facts).where(organisation.c.kind == KIND)
        with reading(self.engine) as connection:
            rows = connection.execute(query.where(organisation.c.id == person_id) if person_id else query).all()
        return {row.id: frozenset(map(Role, row.facts["roles"])) for row in rows if datetime.fromisoformat(row.facts["until"]) > self.now()}

    def account(self, person_id: str) -> Account:
        """See the port."""
        return self.directory.account(person_id)

    def groups(self) -> frozenset[str]:
        """See the port."""
        return self.directory.groups()

    def unable(self) -> Mapping[str, str]:
        """See the port."""
        return self.directory.unable()

    def reset_password(self, person_id: str) -> Secret | None:
        """See the port."""
        return self.directory.reset_password(person_id)

    def lock(self, person_id: str) -> bool:
        """See the port."""
        return self.directory.lock(person_id)

    def unlock(self, person_id: str) -> bool:
        """See the port."""
        return self.directory.unlock(person_id)

    def grant(self, person_id: str, group: str) -> bool:
        """See the port."""
        return self.directory.grant(person_id, group)

    def revoke(self, person_id: str, group: str) -> bool:
        """See the port."""
        return self.directory.revoke(person_id, group)

    def create(self, wanted: NewAccount) -> bool:
        """See the port."""
        return self.directory.create(wanted)

    def disable(self, person_id: str) -> bool:
        """See the port."""
        return self.directory.disable(person_id)

    def enable(self, person_id: str) -> bool:
        """See the port."""
        return self.directory.enable(person_id)
