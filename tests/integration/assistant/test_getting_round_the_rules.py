"""People who try to get round what the rules ask for, and grants that try to outlive their end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from assistant.adapters.memory.directory import MemoryDirectory
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.desk.fulfilment import MOST_ENDS, RUN
from assistant.domain.action import Action, Status
from assistant.domain.configuration import Organisation, Person
from assistant.domain.reply import DO
from assistant.governance.policy import Policy
from assistant.governance.policy_file import PACKAGED, read_policy
from assistant.ports.outside import Uncertain
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate
from tests.support.workshop import MADE, WORDS, Workshop

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class Doubtful(MemoryDirectory):
    """A directory whose answer to a grant is lost: it took effect, and nobody can tell."""

    def grant(self, person_id: str, group: str) -> bool:
        super().grant(person_id, group)
        raise Uncertain("the answer was lost")


@pytest.fixture
def store(tmp_path: Path) -> SqlStore:
    engine = open_engine(f"sqlite:///{tmp_path / 'firstline.db'}")
    migrate(engine)
    migrate(engine, MIGRATIONS, SCHEMA_TABLE)
    return SqlStore(engine, 0.78)


@pytest.fixture
def opened(store: SqlStore) -> Iterator[Callable[..., Workshop]]:
    """Opens workshops over one store: another one is another start of the service."""
    made: list[Workshop] = []

    def open_(**parts: object) -> Workshop:
        made.append(Workshop(store, **parts))  # type: ignore[arg-type]
        return made[-1]

    yield open_
    for one in made:
        one.close()


@pytest.fixture
def workshop(opened: Callable[..., Workshop]) -> Workshop:
    return opened()


def with_policy(old: str, new: str) -> Policy:
    text = PACKAGED.read_text(encoding="utf-8")
    assert old in text
    return read_policy(text.replace(old, new).partition("[[examples]]")[0], "changed")


def entitled(**changes: object) -> Organisation:
    ledger, *others = MADE.entitlements
    return replace(MADE, entitlements=(replace(ledger, **changes), *others))  # type: ignore[arg-type]


def approved(workshop: Workshop, days: str = "7") -> Action:
    """Return a grant that everybody agreed to and that has not run yet."""
    action = workshop.wants("grant_access", group="Ledger", days=days)
    workshop.press(action)
    workshop.approve(action, "bo", "cy")
    assert workshop.action(action.id).status is Status.READY
    return action


def refused(workshop: Workshop, action: Action) -> str:
    """Carry out what waits, see that the action was refused and changed nothing, and return why."""
    workshop.carry()
    ended = workshop.action(action.id)
    assert (ended.status, "ledger" in workshop.directory.account("ann").groups) == (Status.REFUSED, False)
    return str(ended.result["why"])


class TestBetweenVoteAndRun:
    def test_a_policy_that_asks_for_other_approvals_now_is_not_content_with_the_old_ones(self, opened: Callable[..., Workshop]) -> None:
        action = approved(opened())
        stages = 'stages = [{ role = "manager" }, { role = "owner" }]'
        stricter = with_policy(stages, stages.replace("]", ', { role = "person:fay" }]'))
        assert "other approvals" in refused(opened(policy=stricter), action)

    def test_a_tool_that_only_people_may_use_now_does_not_run(self, opened: Callable[..., Workshop]) -> None:
        action = approved(opened())
        changed = with_policy('[tools.grant_access]\ntier = "approval"', '[tools.grant_access]\ntier = "people"')
        assert "only people" in refused(opened(policy=changed), action)

    def test_access_that_is_privileged_now_is_left_to_people(self, workshop: Workshop) -> None:
        action = approved(workshop)
        workshop.workplace.replace(entitled(category="privileged"))
        assert "people only" in refused(workshop, action)

    def test_access_that_has_another_owner_now_needs_that_ones_consent(self, workshop: Workshop) -> None:
        action = approved(workshop)
        workshop.workplace.replace(entitled(owner="fay"))
        assert "still have the role" in refused(workshop, action)

    def test_access_that_is_not_open_to_the_person_any_more_is_not_granted(self, workshop: Workshop) -> None:
        action = approved(workshop)
        workshop.workplace.replace(entitled(open_to=("sales",)))
        assert "cannot be asked for" in refused(workshop, action)

    def test_access_that_nobody_can_ask_for_any_more_is_not_granted(self, opened: Callable[..., Workshop]) -> None:
        by_manager = with_policy('stages = [{ role = "manager" }, { role = "owner" }]', 'stages = [{ role = "manager" }]')
        workshop = opened(policy=by_manager)
        action = workshop.wants("grant_access", group="Ledger", days="7")
        workshop.press(action)
        workshop.approve(action, "bo")
        workshop.workplace.replace(replace(MADE, entitlements=MADE.entitlements[1:]))
        assert "cannot be asked for" in refused(workshop, action)

    def test_what_was_decided_days_ago_and_did_not_run_does_not_run_any_more(self, workshop: Workshop) -> None:
        workshop.directory.lock("ann")
        action = workshop.wants("unlock_account")
        workshop.press(action)
        workshop.clock.advance(2 * DAY)
        workshop.carry()
        assert (workshop.action(action.id).status, workshop.directory.account("ann").locked) == (Status.REFUSED, True)

    def test_facts_that_say_something_else_than_the_arguments_do_not_count(self, workshop: Workshop) -> None:
        workshop.workplace.replace(replace(MADE, entitlements=(*MADE.entitlements, replace(MADE.entitlements[0], id="root", name="Root"))))
        action = workshop.wants("grant_access", group="Ledger", days="7")
        with workshop.store.write() as unit:
            stored = unit.actions.load(action.id)
            assert stored is not None
            unit.actions.save(replace(stored, arguments={"group": "root", "days": "7"}))
        workshop.press(action)
        ended = workshop.action(action.id)
        assert (ended.status, "people only" in str(ended.result.get("why"))) == (Status.REFUSED, True)


class TestSecondFactors:
    def test_codes_are_not_guessed_again_and_again(self, workshop: Workshop) -> None:
        tries = 0
        for _ in range(5):
            workshop.model.tool = "reset_password"  # type: ignore[attr-defined]
            reply = workshop.say(WORDS)
            if reply.action is None:
                break
            action = workshop.action(reply.action.id)
            workshop.press(action)
            workshop.carry()
            wrong = f"{(int(workshop.code(action)) + 1) % 1_000_000:06}"
            while workshop.action(action.id).status is Status.CHALLENGED:
                workshop.enter(action, wrong)
                tries += 1
        assert tries == 10

    def test_tries_in_parallel_are_counted_one_by_one(self, workshop: Workshop) -> None:
        action = workshop.wants("reset_password")
        workshop.press(action)
        workshop.carry()
        wrong = f"{(int(workshop.code(action)) + 1) % 1_000_000:06}"
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda _: workshop.enter(action, wrong).text, range(20)))
        assert workshop.action(action.id).status is Status.CANCELLED
        assert sum("is not right" in text for text in replies) == 4

    def test_a_code_that_is_entered_twice_at_once_acts_once(self, workshop: Workshop) -> None:
        action = workshop.wants("reset_password")
        workshop.press(action)
        workshop.carry()
        code = workshop.code(action)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: workshop.enter(action, code), range(8)))
        assert len(workshop.entries(RUN)) == 1
        workshop.carry()
        assert workshop.action(action.id).status is Status.DONE

    def test_nobody_enters_the_code_of_somebody_else(self, workshop: Workshop) -> None:
        action = workshop.wants("reset_password")
        workshop.press(action)
        workshop.carry()
        with pytest.raises(LookupError):
            workshop.enter(action, workshop.code(action), person="bo")
        assert workshop.action(action.id).status is Status.CHALLENGED

    def test_a_code_that_was_sent_late_still_expires(self, workshop: Workshop) -> None:
        action = workshop.wants("reset_password")
        workshop.press(action)
        workshop.clock.advance(timedelta(minutes=25))  # the service was down
        workshop.carry()
        workshop.clock.advance(timedelta(minutes=6))
        workshop.carry()
        assert workshop.action(action.id).status is Status.CHALLENGED
        workshop.clock.advance(timedelta(minutes=5))
        workshop.carry()
        assert workshop.action(action.id).status is Status.EXPIRED


class TestPresses:
    def test_a_card_that_is_pressed_and_dropped_at_once_acts_once_or_not_at_all(self, workshop: Workshop) -> None:
        for _ in range(3):
            workshop.directory.lock("ann")
            action = workshop.wants("unlock_account")
            with ThreadPoolExecutor(6) as pool:
                choices = [f"{word}{action.id}" for word in (DO, "drop:", DO, "drop:", DO, DO)]
                for pressed in [pool.submit(workshop.say, "", action.conversation, "ann", choice) for choice in choices]:
                    pressed.result()
            begun = [entry for entry in workshop.entries(RUN) if entry.body["action"] == action.id]
            status = workshop.action(action.id).status
            assert (status, len(begun)) in ((Status.READY, 1), (Status.CANCELLED, 0))
            workshop.clock.advance(2 * DAY)
            workshop.carry()

    def test_an_expired_card_does_nothing(self, workshop: Workshop) -> None:
        workshop.directory.lock("ann")
        action = workshop.wants("unlock_account")
        workshop.clock.advance(timedelta(minutes=31))
        workshop.press(action)
        workshop.carry()
        assert (workshop.action(action.id).status, workshop.directory.account("ann").locked) == (Status.EXPIRED, True)


class TestWhoApproves:
    @pytest.mark.parametrize(
        "ann",
        [{"manager": "ann"}, {"manager": ""}, {"manager": "cy"}, {"manager": "nobody"}],
        ids=["their own manager", "no manager", "the owner is the manager", "a manager who is gone"],
    )
    def test_a_chain_that_no_two_others_can_fill_grants_nothing(self, workshop: Workshop, ann: dict[str, str]) -> None:
        workshop.change(lambda people: [replace(one, **ann) if one.id == "ann" else one for one in people])  # type: ignore[arg-type]
        action = workshop.wants("grant_access", group="Ledger", days="7")
        workshop.press(action)
        for one in ("ann", "bo", "cy", "fay"):
            try:
                workshop.approve(action, one)
            except Exception:  # whatever is said, nothing may come of it
                continue
        workshop.carry()
        assert "ledger" not in workshop.directory.account("ann").groups

    def test_a_delegate_of_both_stages_decides_one_of_them(self, workshop: Workshop) -> None:
        workshop.change(lambda people: [replace(one, delegate="fay") if one.id in ("bo", "cy") else one for one in people])
        action = workshop.wants("grant_access", group="Ledger", days="7")
        workshop.press(action)
        workshop.approve(action, "fay")
        with pytest.raises(Exception, match="decided by you"):
            workshop.approve(action, "fay")

    def test_the_requester_decides_nothing_as_somebodys_delegate(self, workshop: Workshop) -> None:
        workshop.change(lambda people: [replace(one, delegate="ann") if one.id in ("bo", "cy") else one for one in people])
        action = workshop.wants("grant_access", group="Ledger", days="7")
        workshop.press(action)
        with pytest.raises(Exception, match="their own request"):
            workshop.approve(action, "ann")


class TestEndsOfGrants:
    def test_a_grant_that_may_have_come_about_ends_too(self, opened: Callable[..., Workshop]) -> None:
        workshop = opened(directory=Doubtful(MADE))
        action = approved(workshop)
        for _ in range(30):
            workshop.carry()
            workshop.clock.advance(timedelta(seconds=30))
        assert workshop.action(action.id).status is Status.UNKNOWN
        assert "ledger" in workshop.directory.account("ann").groups
        workshop.clock.advance(8 * DAY)
        workshop.carry()
        assert "ledger" not in workshop.directory.account("ann").groups

    def test_what_was_given_up_before_its_end_is_not_given_back_after_it(self, workshop: Workshop) -> None:
        workshop.does("grant_access", group="Ledger", days="7")
        workshop.clock.advance(7 * DAY - HOUR)
        given_up = workshop.does("give_up_access", group="Ledger")
        assert given_up.status is Status.DONE
        workshop.clock.advance(2 * HOUR)
        workshop.carry()
        workshop.undo(given_up)
        workshop.carry()
        assert "ledger" not in workshop.directory.account("ann").groups

    def test_an_agent_gives_nothing_back_that_was_given_up_long_ago(self, workshop: Workshop) -> None:
        given_up = workshop.does("give_up_access", group="Finance")
        workshop.clock.advance(30 * DAY)
        with pytest.raises(Exception, match="for a day"):
            workshop.deciding.undo(given_up.id, workshop.person("fay"))
        workshop.carry()
        assert "finance" not in workshop.directory.account("ann").groups

    def test_a_grant_ends_after_weeks_in_which_nothing_ran(self, workshop: Workshop) -> None:
        workshop.does("grant_access", group="Ledger", days="7")
        workshop.clock.advance(60 * DAY)
        workshop.carry()
        assert "ledger" not in workshop.directory.account("ann").groups

    def test_undo_at_the_moment_of_the_end_ends_it_once(self, workshop: Workshop) -> None:
        action = workshop.does("grant_access", group="Ledger", days="7")
        workshop.clock.advance(7 * DAY)
        agent = workshop.person("fay")
        with ThreadPoolExecutor(3) as pool:
            undone = [pool.submit(workshop.deciding.undo, action.id, one) for one in (agent, None)]
            pool.submit(workshop.carry).result()
        errors = [one.exception() for one in undone]
        workshop.carry()
        assert all(error is None or "nothing to take back" in str(error) for error in errors)
        assert "ledger" not in workshop.directory.account("ann").groups
        with workshop.store.read() as unit:
            assert sum(one.reverts == action.id for one in unit.actions.of_conversation(action.conversation)) == 1

    def test_a_grant_ends_for_somebody_who_was_away_when_it_should_have(self, workshop: Workshop) -> None:
        workshop.does("grant_access", group="Ledger", days="7")
        at: datetime = workshop.clock.now() + 8 * DAY
        workshop.change(lambda people: [one for one in people if one.id != "ann"])
        while workshop.clock.now() < at:
            workshop.clock.advance(6 * HOUR)
            workshop.carry()
        workshop.change(lambda people: people)
        workshop.directory.grant("ann", "ledger")  # the account comes back as it was
        for _ in range(3):
            workshop.clock.advance(2 * HOUR)
            workshop.carry()
        assert "ledger" not in workshop.directory.account("ann").groups
        assert MOST_ENDS * HOUR >= 7 * DAY


def test_a_press_while_the_directory_is_away_changes_nothing_and_is_answered(opened: Callable[..., Workshop]) -> None:
    class Away(MemoryDirectory):
        away = False

        def person(self, person_id: str) -> Person | None:
            if self.away:
                raise Uncertain("no answer")
            return super().person(person_id)

    directory = Away(MADE)
    workshop = opened(directory=directory)
    action = workshop.wants("grant_access", group="Ledger", days="7")
    directory.away = True
    with pytest.raises(Uncertain):
        workshop.press(action)
    directory.away = False
    assert workshop.action(action.id).status is Status.PROPOSED
