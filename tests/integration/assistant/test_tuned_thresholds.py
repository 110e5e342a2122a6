"""An accepted threshold changes what the next turn does, in every process, and goes when it is undone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.agent.tuning import Retuning
from assistant.domain.measures import Rate
from assistant.domain.reply import ReplyKind
from assistant.domain.tuning import Band, Came, Expected, Held, Proposal
from assistant.governance.replay import Comparison, replay
from assistant.governance.retuning import CannotTune, accept
from assistant.learning import retuning_of
from tests.support.judged_answers import judge_answers
from tests.support.world import World, opened_world

ASKED = "the printer does not print"
HIGHEST = 0.70
"""The highest threshold that the packaged policy allows for an answer."""
EXPECTED = Expected(Rate(45, 100), Rate(8, 60))


@pytest.fixture
def retuning(world: World) -> Retuning:
    judge_answers(world.assistant.store, world.clock.now())
    return retuning_of(world.assistant)


@pytest.fixture
def other(world: World) -> Iterator[World]:
    """Another process over the same folder."""
    with_other = opened_world(world.home, world.clock.now())
    world.assistant.knowledge_base.keeper.disown()
    with with_other as found:
        yield found


def proposed(retuning: Retuning) -> float:
    band = next(one.proposed for one in retuning.report().proposals if one.where == "steps.answer")
    assert band is not None
    return band.auto


def test_the_next_turn_goes_by_it_and_its_record_replays(world: World, retuning: Retuning) -> None:
    with world.assistant.store.read() as unit:
        before = unit.audit.count()
    decision = retuning.accept("steps.answer", proposed(retuning), "dana.whitlock")
    world.talk("maria.santos").say(ASKED)
    with world.assistant.store.read() as unit:
        lines = [line for line in unit.audit.lines(before) if line.facts["step"] == "answer"]
        judged = [one for one in unit.outcomes.judged(world.clock.now(), world.clock.now() + timedelta(days=1)) if one.step == "answer"]
    assert {line.facts["policy"] for line in lines} == {decision.policy}
    assert {replay(line, world.assistant.policies).comparison for line in lines} == {Comparison.SAME}
    assert {one.policy for one in judged} == {decision.policy}


def test_another_process_goes_by_it_without_a_restart(world: World, retuning: Retuning, other: World) -> None:
    decision = retuning.accept("steps.answer", proposed(retuning), "dana.whitlock")
    with other.assistant.store.read() as unit:
        assert other.assistant.in_force.of(unit).version == decision.policy
    retuning.undo(decision.id, "dana.whitlock")
    with other.assistant.store.read() as unit:
        assert other.assistant.in_force.of(unit) is other.assistant.policy


def test_a_turn_under_way_keeps_the_policy_it_began_with(world: World, retuning: Retuning, monkeypatch: pytest.MonkeyPatch) -> None:
    """The threshold is accepted between what the turn looks up and what it decides."""
    auto, knowledge, seen = proposed(retuning), world.assistant.knowledge, []
    search = type(knowledge).passages_for

    def search_and_accept(self: object, *given: object, **named: object) -> object:
        if not seen:
            seen.append(retuning.accept("steps.answer", auto, "dana.whitlock"))
        return search(self, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(type(knowledge), "passages_for", search_and_accept)
    with world.assistant.store.read() as unit:
        before = unit.audit.count()
    world.talk("maria.santos").say(ASKED)
    with world.assistant.store.read() as unit:
        answers = [line.facts for line in unit.audit.lines(before) if line.facts["step"] == "answer"]
    assert seen
    assert {facts["policy"] for facts in answers} == {world.assistant.policy.version}


def test_an_answer_that_is_less_sure_is_not_given_until_it_is_undone(world: World) -> None:
    sure = world.talk("maria.santos").say(ASKED)
    assert sure.kind is ReplyKind.ANSWER
    assert sure.confidence is not None
    assert sure.confidence < HIGHEST, "choose another question: no threshold in the range holds this one back"
    file = world.assistant.policy.bands["answer"]
    wish = Proposal("steps.answer", Band(file.auto, file.review), Band(HIGHEST, file.review), EXPECTED, EXPECTED, "fewer of them are wrong")
    with world.assistant.store.write() as unit:
        decision = accept(unit, world.assistant.in_force, wish, "dana.whitlock", world.clock.now())
    assert world.talk("maria.santos").say(ASKED).kind is not ReplyKind.ANSWER
    retuning_of(world.assistant).undo(decision.id, "dana.whitlock")
    assert world.talk("maria.santos").say(ASKED).kind is ReplyKind.ANSWER


def test_only_what_is_proposed_can_be_accepted(retuning: Retuning) -> None:
    with pytest.raises(CannotTune, match="is not proposed"):
        retuning.accept("steps.answer", proposed(retuning) + 0.01, "dana.whitlock")
    with pytest.raises(CannotTune, match="is not proposed"):
        retuning.accept("steps.second_answer", 0.4, "dana.whitlock")


def test_next_week_says_what_became_of_the_decision(world: World, retuning: Retuning) -> None:
    decision = retuning.accept("steps.answer", proposed(retuning), "dana.whitlock")
    assert retuning.report().checked[0].came is Came.NOT_ENOUGH
    world.clock.advance(timedelta(weeks=2))
    judge_answers(world.assistant.store, world.clock.now(), policy=decision.policy, seed=8)
    checked = retuning.report().checked[0]
    assert checked.held is Held.IN_FORCE
    assert checked.came is Came.AS_PREDICTED
    assert checked.happened is not None
    assert checked.happened.wrong.total > 30


def test_who_decided_is_forgotten_with_the_person(world: World, retuning: Retuning) -> None:
    from assistant.privacy import erase

    decision = retuning.accept("steps.answer", proposed(retuning), "maria.santos")
    erase(world.assistant, "maria.santos")
    with world.assistant.store.read() as unit:
        found = unit.tuning.load(decision.id)
    assert found is not None
    assert found.by == "erased person"


def test_the_kept_policies_of_a_service_hold_what_was_accepted(world: World, retuning: Retuning) -> None:
    decision = retuning.accept("steps.answer", proposed(retuning), "dana.whitlock")
    kept = Path(world.home / "policies" / f"{decision.policy}.toml").read_text(encoding="utf-8")
    assert decision.id in kept


def decisions(world: World, step: str = "answer") -> list[tuple[str, bool | None]]:
    with world.assistant.store.read() as unit:
        found = unit.outcomes.judged(world.clock.now(), world.clock.now() + timedelta(days=1))
    return [(one.decision, one.right) for one in found if one.step == step]


def test_a_question_that_is_not_answered_counts_beside_those_that_are(world: World) -> None:
    """Else the share of automatic answers would be one whatever the threshold."""
    world.talk("maria.santos").say("my laptop is hot")
    assert decisions(world) == [("steps.answer:escalate", None)]


def test_an_article_that_was_picked_from_a_list_is_not_taken_for_a_decision_of_the_policy(world: World) -> None:
    talk = world.talk("maria.santos")
    talk.say("the wifi is slow")
    talk.press("topic:1")
    talk.press("yes")
    assert decisions(world) == [("steps.answer:review", None), ("chosen by the person:auto", True)]
