"""What turns leave for the measures: each ended issue once, its question, and its person's verdicts."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from assistant.agent.silence import settle_silence
from assistant.domain.conversation import Outcome
from assistant.domain.measures import Cell
from assistant.domain.outcome import Asked, Judged, Settled
from tests.support.world import World

VPN = "I can't connect to the VPN"
START, END = date(2000, 1, 1), date(2100, 1, 1)


def cells(world: World, *by: str) -> list[Cell]:
    with world.assistant.store.read() as unit:
        return unit.outcomes.cells(START, END, by)


def rows(world: World, reopened: bool = False) -> list[Settled]:
    with world.assistant.store.read() as unit:
        return unit.outcomes.rows(START, END, reopened=reopened)


def asked(world: World) -> list[Asked]:
    with world.assistant.store.read() as unit:
        return unit.outcomes.asked(*_always(world))


def judged(world: World, step: str) -> list[Judged]:
    with world.assistant.store.read() as unit:
        return [one for one in unit.outcomes.judged(*_always(world)) if one.step == step]


def _always(world: World) -> tuple[datetime, datetime]:
    now = world.clock.now()
    return now - timedelta(days=3_000), now + timedelta(days=3_000)


def test_a_confirmed_answer_is_counted_by_channel_category_and_intent(world: World) -> None:
    maria = world.talk("maria.santos")
    maria.say(VPN)
    assert cells(world)[0].demand == 0, "nothing ended yet"
    maria.press("yes")
    [cell] = cells(world, "category", "intent")
    assert (cell.keys, cell.demand, cell.counts[Outcome.RESOLVED_CONFIRMED]) == ({"category": "vpn", "intent": "question"}, 1, 1)
    [answer] = judged(world, "answer")
    assert answer.right
    assert answer.articles
    assert 0 < answer.confidence <= 1
    assert answer.policy
    assert [one.right for one in judged(world, "understand")] == [True]


def test_the_question_is_kept_with_its_vector_and_without_secrets(world: World) -> None:
    maria = world.talk("maria.santos")
    maria.say(f"{VPN}, my password is Tr0ub4dor&3")
    maria.say("and on my phone?")
    [one] = asked(world)
    assert "VPN" in one.question
    assert "Tr0ub4dor" not in one.question
    assert sum(x * x for x in one.vector) == pytest.approx(1, abs=0.01)
    assert (one.person, one.outcome) == ("maria.santos", None)


def test_a_rejected_answer_is_judged_wrong_and_the_next_one_by_itself(world: World) -> None:
    maria = world.talk("maria.santos")
    maria.say(VPN)
    maria.press("no")
    first, second = judged(world, "answer")
    assert (first.right, second.right) == (False, None)
    maria.press("yes")
    first, second = judged(world, "answer")
    assert (first.right, second.right) == (False, True)


def test_silence_is_assumed_and_no_verdict(world: World) -> None:
    world.talk("maria.santos").say(VPN)
    world.clock.advance(timedelta(hours=25))
    settle_silence(world.assistant.parts)
    assert [row.outcome for row in rows(world)] == [Outcome.RESOLVED_ASSUMED]
    assert [one.right for one in judged(world, "answer")] == [None]


def test_coming_back_takes_the_earlier_count_out(world: World) -> None:
    maria = world.talk("maria.santos")
    maria.say(VPN)
    maria.press("yes")
    world.clock.advance(timedelta(days=2))
    maria.say(VPN)
    assert cells(world)[0].demand == 0
    [out] = rows(world, reopened=True)
    assert out.reopened_at == world.clock.now()
    maria.press("yes")
    assert [(row.episode, row.outcome) for row in rows(world)] == [(2, Outcome.RESOLVED_CONFIRMED)]
    assert cells(world)[0].reopened_resolved == 1


def test_a_handoff_is_counted_with_its_reason(world: World) -> None:
    world.talk("maria.santos").say("I want to talk to a person")
    [cell] = cells(world, "intent")
    assert (cell.keys, cell.counts[Outcome.HANDED_OFF], cell.reasons) == ({"intent": "person"}, 1, {"requested": 1})


def test_a_card_that_is_not_wanted_is_judged_wrong(world: World) -> None:
    maria = world.talk("maria.santos")
    card = maria.say("reset my password please")
    assert card.action is not None
    maria.press(next(choice.id for choice in card.choices if choice.id.startswith("drop:")))
    assert [one.right for one in judged(world, "act")] == [False]
    [row] = rows(world)
    assert (row.outcome, row.intent) == (Outcome.ABANDONED, card.action.tool)


def test_every_closed_episode_stands_in_the_ledger_once(world: World) -> None:
    for person in ("maria.santos", "priya.nair", "jonas.weber"):
        talk = world.talk(person)
        reply = talk.say(VPN)
        talk.press("no")
        talk.press("no")
        assert reply.conversation
    with world.assistant.store.read() as unit:
        closed = [(c.id, c.episode.number) for c in unit.conversations.of_person("maria.santos") if c.episode.closed_at]
    assert {(row.conversation, row.episode) for row in rows(world)} >= set(closed)
    assert cells(world)[0].demand == 3
