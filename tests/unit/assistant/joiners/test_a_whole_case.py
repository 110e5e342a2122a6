"""A case from HR's message to the first day, and one from the notice to the last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assistant.domain.action import Status
from assistant.domain.onboarding import CaseStatus
from assistant.ports.identity import NoSuchAccount
from tests.support.joiner_bench import LEAVES, JoinerBench

DAY_ONE = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
"""8:00 in Stockholm."""
LEAVING = datetime(2026, 11, 13, 16, 0, tzinfo=UTC)


@pytest.fixture
def bench() -> JoinerBench:
    return JoinerBench()


def test_a_joiner_has_everything_on_the_first_day_and_the_manager_is_told(bench: JoinerBench) -> None:
    case = bench.begun()
    assert (case.person, case.manager) == ("asa.lind", "bo")
    bench.until(datetime(2026, 11, 15, 12, tzinfo=UTC))
    assert bench.statuses(case)["laptop"] == "waiting"
    bench.until(datetime(2026, 11, 16, 12, tzinfo=UTC))
    assert bench.state(case, "laptop").result["device"] == "d1"
    with pytest.raises(NoSuchAccount):
        bench.known.account("asa.lind")
    bench.until(datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert bench.statuses(case)["account"] == "done"
    assert bench.known.account("asa.lind").must_change
    assert bench.statuses(case)["groups"] == "asked"
    assert bench.known.account("asa.lind").groups == frozenset()
    bench.decide(case, "groups")
    assert bench.known.account("asa.lind").groups == {"sales", "ledger"}
    bench.until(datetime(2026, 11, 26, 12, tzinfo=UTC))
    bench.joiners.acknowledge(case.id, "rules", bench.joiners.around.code(case, "rules"))
    bench.close_ticket(case, "desk")
    bench.until(DAY_ONE + timedelta(minutes=1))
    done = bench.case(case)
    assert done.status is CaseStatus.DONE
    assert done.is_ready
    assert ("bo@x.example", "Everything is ready: Åsa Zoë Lind") in bench.mails()
    assert ("asa@home.example", "Welcome: Åsa Zoë Lind") in bench.mails()
    assert bench.waiting() == []


def test_a_leavers_access_ends_at_the_minute_also_what_was_granted_meanwhile(bench: JoinerBench) -> None:
    case = bench.begun(LEAVES)
    bench.until(LEAVING - timedelta(hours=1))
    bench.known.grant("ann", "it-desk")
    bench.until(LEAVING - timedelta(minutes=1), timedelta(minutes=1))
    assert bench.known.account("ann").groups == {"sales", "ledger", "it-desk"}
    bench.until(LEAVING, timedelta(minutes=1))
    account = bench.known.account("ann")
    assert (account.active, account.groups) == (False, frozenset())
    assert all(one.changed_at - LEAVING < timedelta(minutes=1) for one in bench.actions(Status.DONE))
    assert bench.statuses(case)["devices"] == "asked"
    bench.close_ticket(case, "devices")
    assert bench.case(case).status is CaseStatus.DONE
