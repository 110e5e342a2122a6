"""Candidates beside the live assistant: invisible, recorded, and promoted only where the lower bound holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assistant.adapters.memory.scripted_chat import Said
from assistant.domain.reply import ReplyKind
from assistant.domain.shadow import Judged, ShadowTurn, in_canary, judged
from assistant.ports.chat import ChatFailed, Trouble
from assistant.promoting import NotPromoted, promote, standing_of
from tests.support.chatting import Script, quoting, scripted_world
from tests.support.world import MONDAY, World, cited

VPN = "I can't connect to the VPN"
NEXT = '\n[candidates.next]\nmodel = "scripted"'


def quotes(told: dict[str, list[dict[str, str]]], _ask: object) -> Said:
    return Said(quoting("p1", told["passages"][0]))


@contextmanager
def tried(home: Path, script: Script, steps: str, **settings: object) -> Iterator[World]:
    """Open a world; what is to be tried has been tried when ``finish`` returns."""
    with scripted_world(home, script, steps, **settings) as world:
        yield world


def finished(world: World) -> list[ShadowTurn]:
    """Wait for the candidates and return their turns."""
    shadowing = world.assistant.parts.shadowing
    assert shadowing is not None
    shadowing._pool.submit(lambda: None).result(30)  # type: ignore[union-attr]
    with world.assistant.store.read() as unit:
        return unit.shadows.of_candidate("next")


def test_a_shadow_answers_after_the_reply_and_nobody_sees_it(demo_home: Path) -> None:
    script = Script({"answer": quotes})  # type: ignore[dict-item]
    with tried(demo_home, script, NEXT) as world:
        answer = world.talk("maria.santos").say(VPN)
        (turn,) = finished(world)
        assert (turn.live[0], turn.shadow[0], turn.trouble) == ("vpn-install-windows", "vpn-install-windows", "")
        assert turn.cost > 0
        with world.assistant.store.read() as unit:
            events = unit.conversations.events(answer.conversation)
            audited = [line.facts for line in unit.audit.lines(mentioning=answer.conversation)]
            assert unit.model_calls.spent(answer.conversation).calls == 1
        assert len(events) == 2
        assert {facts["model"] for facts in audited if facts["step"] == "answer"} == {"local-answer/1"}


def test_a_shadow_that_fails_or_is_slow_changes_nothing(demo_home: Path) -> None:
    script = Script({"answer": lambda told, ask: ChatFailed(Trouble.UNAVAILABLE)})
    with tried(demo_home, script, NEXT) as world:
        maria = world.talk("maria.santos")
        assert maria.say(VPN).kind is ReplyKind.ANSWER
        assert maria.say("yes").state == "resolved"
        (turn,) = finished(world)
        assert (turn.trouble, turn.shadow) == ("unavailable", ("vpn-install-windows",))


def test_a_policy_is_tried_without_any_model(demo_home: Path) -> None:
    from assistant.governance.policy_file import PACKAGED

    timid = PACKAGED.read_text().replace("[steps.answer]\nauto = 0.30", "[steps.answer]\nauto = 0.995")
    (demo_home / "timid.toml").write_text(timid)
    with tried(demo_home, Script(), '\n[candidates.next]\npolicy = "timid.toml"') as world:
        assert world.talk("maria.santos").say(VPN).kind is ReplyKind.ANSWER
        (turn,) = finished(world)
        assert turn.live
        assert turn.shadow == ()


def test_a_canary_answers_its_share_of_conversations_and_always_the_same_ones(demo_home: Path) -> None:
    script = Script({"answer": quotes})  # type: ignore[dict-item]
    with tried(demo_home, script, NEXT + "\nshare = 0.5") as world:
        for person in ("maria.santos", "jonas.weber", "priya.nair", "sam.oduya") * 3:
            assert world.talk(person).say(VPN).kind is ReplyKind.ANSWER
        turns = finished(world)
        with world.assistant.store.read() as unit:
            lines = [line.facts for line in unit.audit.lines()]
        by = {facts["conversation"]: facts["model"] for facts in lines if facts["step"] == "answer"}
    own = {turn.conversation for turn in turns if turn.canary}
    assert own == {one for one in by if in_canary(one, "next", 0.5)}
    assert {by[one] for one in own} == {"scripted:1"}
    assert {by[one] for one in by.keys() - own} == {"local-answer/1"}


def test_the_share_of_a_canary_is_what_was_asked_for() -> None:
    assert 0.17 < sum(in_canary(f"c_{n}", "next", 0.2) for n in range(5_000)) / 5_000 < 0.23
    assert not any(in_canary(f"c_{n}", "next", 0.0) for n in range(100))


@pytest.mark.parametrize(
    ("live", "shadow", "verdict", "trouble", "expected"),
    [
        (("a",), ("a", "b"), "solved", "", (1.0, 1.0)),
        (("a",), ("b",), "solved", "", (1.0, 0.0)),
        (("a",), (), "solved", "", (1.0, 0.0)),
        (("a",), (), "did not solve it", "", (0.0, 1.0)),
        (("a",), ("b",), "did not solve it", "", (0.0, 0.0)),
        (("a",), (), "did not solve it", "timeout", (0.0, 0.0)),
        (("a",), ("a",), "", "", None),
        ((), ("a",), "solved", "", None),
    ],
)
def test_what_a_verdict_says_about_both(
    live: tuple[str, ...], shadow: tuple[str, ...], verdict: str, trouble: str, expected: tuple[float, float] | None
) -> None:
    made = judged(ShadowTurn("next", "c_1", "m_1", MONDAY, live, shadow, trouble=trouble), verdict)
    assert made == (Judged("m_1", *expected) if expected else None)


def with_verdicts(world: World, count: int, shadow: tuple[str, ...]) -> None:
    """Let people confirm answers, and store what the candidate would have done."""
    for _ in range(count):
        talk = world.talk("maria.santos")
        answer = talk.say(VPN)
        assert cited(answer) == {"vpn-install-windows"}
        talk.press("yes")
        with world.assistant.store.write() as unit:
            unit.shadows.record(ShadowTurn("next", answer.conversation, answer.message, MONDAY, ("vpn-install-windows",), shadow))


def test_a_candidate_with_too_few_verdicts_or_a_worse_record_is_refused(demo_home: Path) -> None:
    with tried(demo_home, Script(), NEXT) as world:
        finished(world)
        with_verdicts(world, 5, ("vpn-install-windows",))
        with pytest.raises(NotPromoted, match="only 5 turns have a verdict"):
            promote(world.assistant, "next")
        with pytest.raises(NotPromoted, match="names no candidate"):
            promote(world.assistant, "other")
        with_verdicts(world, 27, ("vpn-error-codes",))
        finished(world)
        assert world.assistant.settings.steps_file is not None
        before = world.assistant.settings.steps_file.read_text()
        standing = standing_of(world.assistant, "next")
        assert standing.high < 0
        with pytest.raises(NotPromoted, match="lower bound of the paired difference is -"):
            promote(world.assistant, "next")
        assert world.assistant.settings.steps_file.read_text() == before


def test_a_candidate_that_holds_takes_the_live_ones_place_and_the_audit_has_its_figures(demo_home: Path) -> None:
    script = Script({"answer": quotes})  # type: ignore[dict-item]
    with tried(demo_home, script, NEXT) as world:
        for _ in range(31):
            talk = world.talk("maria.santos")
            talk.say(VPN)
            talk.press("yes")
        assert len([turn for turn in finished(world) if turn.shadow]) == 31
        written = promote(world.assistant, "next")
        assert written.with_name("steps.toml.before").exists()
        with world.assistant.store.read() as unit:
            (line,) = [line.facts for line in unit.audit.lines() if line.facts["step"] == "promote"]
            assert unit.shadows.candidates() == []
        assert (line["decision"], line["detail"]["turns"], line["detail"]["low"]) == ("next", 31, 0.0)
    from assistant.adapters.memory.scripted_chat import ScriptedChat
    from tests.support.world import opened_world

    with opened_world(demo_home, opens=lambda _: ScriptedChat(script), steps_file=written) as world:
        assert world.assistant.parts.models.answer is not None
        assert world.assistant.parts.shadowing is None
