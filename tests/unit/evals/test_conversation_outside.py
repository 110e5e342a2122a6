"""What a recorded directory answered is answered again, and nothing is done."""

from __future__ import annotations

from typing import Any, cast

import pytest

from assistant.ports.identity import Directory
from assistant.ports.outside import Refused, Unavailable, Uncertain
from evals.conversations.case import Outside
from evals.conversations.outside import CALLS, answering


class CountingDirectory:
    """Counts what was really called."""

    def __init__(self) -> None:
        self.called = list[str]()

    def unlock(self, person_id: str) -> bool:
        self.called.append(f"unlock {person_id}")
        return True

    def reset_password(self, person_id: str) -> str:
        self.called.append(f"reset {person_id}")
        return "temporary"

    def groups(self) -> frozenset[str]:
        return frozenset({"crm"})


def answered(**outside: Outside) -> tuple[Any, CountingDirectory]:
    real = CountingDirectory()
    return answering(cast(Directory, real), outside), real


@pytest.mark.parametrize(("answer", "error"), [("refused", Refused), ("unavailable", Unavailable), ("uncertain", Uncertain)])
def test_a_failure_is_answered_every_time_and_nothing_is_called(answer: Any, error: type[Exception]) -> None:
    directory, real = answered(unlock_account=Outside(answer=answer))
    for _ in range(3):
        with pytest.raises(error):
            directory.unlock("maria.santos")
    assert real.called == []


def test_a_system_that_was_away_for_a_while_does_it_afterwards() -> None:
    directory, real = answered(unlock_account=Outside(answer="unavailable", times=2))
    for _ in range(2):
        with pytest.raises(Unavailable):
            directory.unlock("maria.santos")
    assert directory.unlock("maria.santos") is True
    assert real.called == ["unlock maria.santos"]


def test_what_was_so_already_is_left_so_and_what_is_not_named_is_as_it_is() -> None:
    directory, real = answered(unlock_account=Outside(answer="unchanged"))
    assert directory.unlock("maria.santos") is False
    assert directory.reset_password("maria.santos") == "temporary"
    assert directory.groups() == {"crm"}
    assert real.called == ["reset maria.santos"]


def test_two_directories_do_not_share_their_answers() -> None:
    refusing, _ = answered(unlock_account=Outside(answer="refused"))
    plain, _ = answered()
    with pytest.raises(Refused):
        refusing.unlock("maria.santos")
    assert plain.unlock("maria.santos") is True


def test_every_call_that_can_be_answered_is_one_of_the_port() -> None:
    assert all(hasattr(Directory, call) for call in CALLS.values())
