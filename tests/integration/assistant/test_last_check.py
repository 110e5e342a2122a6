"""The last question before an answer is stored: does everything that it cites still stand, for this person, at this moment?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from assistant.adapters.store.organisation import read_people_file
from assistant.agent.settle import Settler
from assistant.domain.reply import ReplyKind
from tests.support.service import PEOPLE_FILE
from tests.support.world import World, cited

QUESTION = "How do I get a banking portal token?"
RESTRICTED = "access-banking-portal-tokens"
PERSON = "fiona.baxter"


def revoke(world: World) -> None:
    made, _ = read_people_file(PEOPLE_FILE)
    people = tuple(replace(person, groups=frozenset()) if person.id == PERSON else person for person in made.people)
    world.assistant.workplace.replace(replace(made, people=people))


@pytest.fixture
def revoked_meanwhile(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in which the person loses every group between the decision and the check, as another process would do it."""
    real, done = Settler.settle, list[bool]()

    def settle(self: Settler, *args: Any) -> Any:
        settled = real(self, *args)
        done.append(True)
        return settled

    monkeypatch.setattr(Settler, "settle", settle)
    made, _ = read_people_file(PEOPLE_FILE)
    known = {person.id: person for person in made.people}
    directory = type(world.assistant.directory)

    def person(self: Any, person_id: str) -> Any:
        found = known.get(person_id)
        return replace(found, groups=frozenset()) if found and done and person_id == PERSON else found

    monkeypatch.setattr(directory, "person", person)
    return world


def stored(world: World, conversation: str) -> str:
    with world.assistant.store.read() as unit:
        return str([event.body for event in unit.conversations.events(conversation)])


def test_who_may_read_it_is_answered(world: World) -> None:
    assert RESTRICTED in cited(world.talk(PERSON).say(QUESTION))


def test_a_right_that_is_lost_while_the_turn_runs_leaves_no_citation_and_no_ticket_of_the_first_try(revoked_meanwhile: World) -> None:
    reply = revoked_meanwhile.talk(PERSON).say(QUESTION)
    assert RESTRICTED not in cited(reply)
    assert reply.kind is not ReplyKind.ERROR
    assert RESTRICTED not in stored(revoked_meanwhile, reply.conversation)
    assert reply.citations or reply.kind in (ReplyKind.ABSTENTION, ReplyKind.CLARIFICATION)


def test_a_build_without_the_last_check_is_noticed(revoked_meanwhile: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.agent.turn.citable", lambda *_: True)
    reply = revoked_meanwhile.talk(PERSON).say(QUESTION)
    assert RESTRICTED in stored(revoked_meanwhile, reply.conversation)
    assert RESTRICTED not in cited(reply), "what is shown is checked once more"


def test_the_next_question_after_a_group_was_taken_away_is_not_answered_from_it(world: World) -> None:
    talk = world.talk(PERSON)
    assert RESTRICTED in cited(talk.say(QUESTION))
    revoke(world)
    assert RESTRICTED not in cited(talk.say(QUESTION))
