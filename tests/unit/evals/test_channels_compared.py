"""Two plays of a case are the same when everything that was decided is; what differs is named."""

from __future__ import annotations

import pytest

from evals.channels.compare import compared
from evals.commands.channels import _metrics
from evals.conversations.decisions import Decided, Decision, _decision
from evals.conversations.played import Left, Played

ANSWER = Decision(kind="answer", state="awaiting_confirmation", cites=("vpn@1",), choices=("yes", "no", "person"), language="en")


def play(*replies: Decision, case: str = "vpn/one", left: Left | None = None, **facts: object) -> Played:
    return Played(case=case, repeat=0, decided=Decided(replies=replies, dispositions=("answer auto",)), left=left or Left(state="resolved"), **facts)  # type: ignore[arg-type]


def lines(here: Played, there: Played) -> tuple[str, ...]:
    (found,) = compared("mail", [here], [there])
    return found.differences


def test_the_same_decisions_are_no_difference() -> None:
    assert lines(play(ANSWER), play(ANSWER)) == ()


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("kind", "abstention"),
        ("state", "filed"),
        ("cites", ("vpn@2",)),
        ("choices", ("yes",)),
        ("ticket", "network open"),
        ("action", "x done"),
        ("language", "de"),
    ],
)
def test_each_part_of_a_reply_counts(name: str, other: object) -> None:
    (line,) = lines(play(ANSWER.model_copy(update={name: other})), play(ANSWER))
    assert line.startswith(f"reply 1, {name}: ")


def test_a_missing_reply_another_end_another_disposition_and_a_broken_play_count() -> None:
    assert lines(play(ANSWER), play(ANSWER, ANSWER)) == ("1 replies instead of 2",)
    assert lines(play(ANSWER, left=Left(state="filed")), play(ANSWER)) == ("state: 'filed' instead of 'resolved'",)
    otherwise = play(ANSWER).model_copy(update={"decided": Decided(replies=(ANSWER,), dispositions=("answer review",))})
    assert lines(otherwise, play(ANSWER)) == ("dispositions: more ['answer review'], less ['answer auto']",)
    assert lines(play(ANSWER, broken="it hung"), play(ANSWER)) == ("it hung",)
    assert lines(play(ANSWER), play(ANSWER, broken="it hung")) == ("it was not played without a channel: it hung",)


def test_what_a_channel_cannot_do_is_named_and_not_compared() -> None:
    (found,) = compared("mail", [play(cannot="no devices")], [play(ANSWER)])
    assert (found.differences, found.cannot) == ((), "no devices")
    assert found.line() == "mail: vpn/one: no devices"


def test_the_share_of_differences_leaves_out_what_was_not_compared_and_has_a_bound() -> None:
    same, other, cannot = play(ANSWER, case="a"), play(case="b"), play(case="c", cannot="x")
    base = [play(ANSWER, case=name) for name in "abc"]
    metrics = _metrics(compared("mail", [same, other, cannot], base), {"mail": 1.0})
    assert (metrics["different"].value, metrics["mail_same"].value, metrics["mail_cannot"].value) == (0.5, 1, 1)
    clean = _metrics(compared("mail", [same, cannot], base), {})["different"]
    assert (clean.value, clean.high) == (0.0, 3.0)


def test_generated_ids_stand_as_what_they_mean() -> None:
    choices = [("do:a_1", ""), ("topic:0", "vpn"), ("again:m4", ""), ("device:LT-1", ""), ("yes", "")]
    stored = {
        "kind": "action",
        "state": "confirming_action",
        "citations": [{"article": "vpn", "revision": 3}],
        "choices": [{"id": name, "article": article} for name, article in choices],
        "ticket": {"queue": "network", "status": "open", "attached": True},
        "action": {"tool": "unlock_account", "status": "proposed"},
        "language": "en",
    }
    made = _decision(stored, {"a_1": "unlock_account"})
    assert made.choices == ("do:unlock_account", "topic:vpn", "again", "device:LT-1", "yes")
    assert (made.cites, made.ticket, made.action) == (("vpn@3",), "network open attached", "unlock_account proposed")
