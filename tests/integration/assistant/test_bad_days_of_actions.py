"""Actions on days on which something else breaks: the disk fills at the audit, the clock goes back, two approvers press at once."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from assistant.domain.action import Status
from assistant.domain.reply import ReplyKind
from assistant.governance.approvals import NotAllowed
from assistant.governance.policy_file import PACKAGED
from tests.support.world import Talk, World, opened_world

MARIA, MANAGER, OWNER = "maria.santos", "johan.ekstrom", "rachel.thornton"
FULL = "CREATE TRIGGER no_room BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"


def asked(world: World, words: str = "I need access to the CRM for a week") -> tuple[Talk, str]:
    talk = world.talk(MARIA)
    talk.say(words)
    card = talk.last.action
    assert card is not None
    return talk, card.id


def status_of(world: World, action: str) -> Status:
    with world.assistant.store.read() as unit:
        found = unit.actions.load(action)
    assert found is not None
    return found.status


def decide(world: World, who: str, action: str) -> None:
    person = world.assistant.directory.person(who)
    assert person is not None
    deciding = world.assistant.deciding
    deciding.decide(person, action, True, deciding.request(person, action).action.hash, "")


def test_without_room_for_the_audit_nothing_is_done_and_the_press_can_be_made_again(world: World) -> None:
    talk, action = asked(world, "My account is locked, please unlock it")
    with world.assistant.store.engine.begin() as connection:
        connection.execute(text(FULL))
    failed = False
    try:
        failed = talk.press(f"do:{action}").kind is ReplyKind.ERROR
    except Exception:
        failed = True
    assert failed
    assert status_of(world, action) is Status.PROPOSED
    with world.assistant.store.read() as unit:
        assert not [entry for entry in unit.outbox.waiting() if entry.kind == "action.run"]
    with world.assistant.store.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER no_room"))
    world.assistant.turns.recover()
    if status_of(world, action) is Status.PROPOSED:
        again = Talk(world, MARIA, talk.conversation)
        again.replies = [reply for reply in talk.replies if reply.action is not None]
        again.press(f"do:{action}")
    world.assistant.carrier.drain()
    assert status_of(world, action) is Status.DONE
    assert world.audit_faults() == []


def test_a_clock_that_goes_back_an_hour_changes_nothing_about_a_pending_approval(world: World) -> None:
    talk, action = asked(world)
    talk.press(f"do:{action}")
    decide(world, MANAGER, action)
    world.clock.set(world.clock.now() - timedelta(hours=1))
    decide(world, OWNER, action)
    world.assistant.carrier.drain()
    world.clock.set(world.clock.now() + timedelta(hours=1, seconds=5))
    world.assistant.carrier.drain()
    assert status_of(world, action) is Status.DONE
    person = world.assistant.directory.person(MARIA)
    assert person is not None and "crm-users" in person.groups
    with world.assistant.store.read() as unit:
        done = [line.facts for line in unit.audit.lines(mentioning=action) if (line.facts["step"], line.facts["decision"]) == ("act", "done")]
    assert len(done) == 1


def test_two_presses_of_one_approver_in_the_same_moment_count_once(world: World) -> None:
    talk, action = asked(world)
    talk.press(f"do:{action}")
    refused: list[str] = []
    start = threading.Barrier(4)

    def press() -> None:
        start.wait()
        try:
            decide(world, MANAGER, action)
        except NotAllowed as error:
            refused.append(str(error))

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 3
    with world.assistant.store.read() as unit:
        approval = unit.approvals.load(action)
    assert approval is not None
    assert [(vote.approver, vote.stage) for vote in approval.votes] == [(MANAGER, 0)]
    assert status_of(world, action) is Status.AWAITING


def test_what_is_asked_for_too_long_goes_to_people_and_what_too_often_says_so(demo_home: Path, tmp_path: Path) -> None:
    strict = tmp_path / "policy.toml"
    rules = (
        PACKAGED.read_text(encoding="utf-8").replace("longest_days = 90", "longest_days = 30").replace("writes_per_day = 15", "writes_per_day = 1")
    )
    strict.write_text(rules, encoding="utf-8")
    with opened_world(demo_home, policy_file=strict) as world:
        long = world.talk(MARIA).say("I need access to the CRM for three months")
        assert long.text.startswith("Only people may decide this: Access to CRM.")
        talk, action = asked(world, "My account is locked, please unlock it")
        talk.press(f"do:{action}")
        world.assistant.carrier.drain()
        often = world.talk(MARIA).say("I need access to the CRM for a week")
        assert often.text.startswith("I have done this too often today: Access to CRM.")
