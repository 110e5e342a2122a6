"""Whatever the assistant says, in whatever state, a person is on offer; and nothing can build a reply without."""

from __future__ import annotations

import ast
from itertools import product

import pytest

from assistant.domain.conversation import State
from assistant.domain.reply import CONFIRMATION, FILE, PERSON, Choice, Reply, ReplyKind
from tests.support.tree import parsed, sources

ASKED_FOR = {State.HANDED_OFF, State.WITH_PERSON}
"""Where somebody was asked for already, or is there."""
CHOICES: tuple[tuple[Choice, ...], ...] = ((), CONFIRMATION, (FILE,), (PERSON,))


@pytest.mark.parametrize(("kind", "state"), list(product(ReplyKind, State)))
@pytest.mark.parametrize("choices", CHOICES, ids=["none", "confirmation", "file", "person"])
def test_every_reply_of_every_kind_in_every_state_offers_a_person_once(kind: ReplyKind, state: State, choices: tuple[Choice, ...]) -> None:
    reply = Reply(conversation="c", state=state.value, kind=kind, text="x", choices=choices)
    expected = choices if state in ASKED_FOR or PERSON in choices else (*choices, PERSON)
    assert reply.choices == expected
    assert Reply.model_validate(reply.model_dump(mode="json")) == reply


def test_nothing_in_the_service_builds_a_reply_past_its_own_rules() -> None:
    past = ("model_construct",)
    found = [
        f"{path}:{node.lineno}"
        for path in sources()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and node.attr in past and isinstance(node.value, ast.Name) and node.value.id == "Reply"
    ]
    assert found == []
