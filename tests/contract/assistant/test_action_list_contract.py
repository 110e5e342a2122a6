"""The list of actions, read page by page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from assistant.domain.action import Action, Plan, Status
from assistant.ports.store import Store

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def action(number: int, status: Status = Status.PROPOSED) -> Action:
    at = NOON + timedelta(minutes=number // 2)
    plan = Plan("Unlock", (), "one account", "none")
    return Action(f"a_{number}", "unlock_account", "ana", "ana", "c_1", status, {}, plan, at, at, at)


def test_every_action_is_on_one_page_of_the_list_those_changed_last_first(store: Store) -> None:
    with store.write() as unit:
        for number in range(7):
            unit.actions.add(action(number, Status.CANCELLED if number == 4 else Status.PROPOSED))
    with store.read() as unit:
        pages, after = [], ""
        while page := unit.actions.latest(3, after=after):
            pages.append([one.id for one in page])
            after = page[-1].id
        assert pages == [["a_6", "a_5", "a_4"], ["a_3", "a_2", "a_1"], ["a_0"]]
        assert [one.id for one in unit.actions.latest(2, Status.PROPOSED, "a_5")] == ["a_3", "a_2"]
        assert [one.id for one in unit.actions.latest(2, after="a_gone")] == ["a_6", "a_5"]
