"""Confidence is held against what people said, thresholds are proposed within the policy's ranges, and decisions are checked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from assistant.desk.tuning import LEAST_JUDGED, calibration_report, check_of_decisions, threshold_proposals
from assistant.domain.measures import Rate
from assistant.domain.outcome import Judged
from assistant.domain.tuning import Came, Expected, Held, Kind, Proposal, TuningDecision, counts_of
from assistant.governance.policy import Band, Policy
from assistant.governance.policy_file import load_policy

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
POLICY = load_policy()


def results(
    count: int, right_from: float = 0.0, slope: float = 1.0, said: float = 1.0, seed: int = 5, auto: float = 0.30, least: float = 0.0
) -> list[Judged]:
    """Answers whose chance to be right is ``right_from + slope * confidence``; those below ``auto`` were not given."""
    random = np.random.default_rng(seed)
    made = []
    for number in range(count):
        confidence = float(random.uniform(least, 1))
        given = confidence >= auto
        spoken = given and random.random() < said
        right = bool(random.random() < right_from + slope * confidence) if spoken else None
        decision = "steps.answer:auto" if given else "steps.answer:escalate"
        at = NOON + timedelta(minutes=number)
        made.append(Judged(f"c_{number}", 1, f"m_{number}", at, "answer", confidence, decision, ("vpn",) if given else (), right))
    return made


def with_answer(auto: float, policy: Policy = POLICY) -> Policy:
    return replace(policy, bands=policy.bands | {"answer": Band(auto, 0.15)})


def test_honest_confidence_has_a_small_error_and_lies_on_the_diagonal() -> None:
    answer = calibration_report(results(4_000))[1]
    assert answer.step == "answer"
    assert answer.error is not None
    assert answer.error < 0.05
    assert answer.low is not None
    assert answer.high is not None
    assert answer.low <= answer.error <= answer.high
    assert sum(one.right.low <= one.confidence <= one.right.high for one in answer.bins) >= len(answer.bins) - 1
    assert sum(one.right.total for one in answer.bins) == answer.judged


def test_confidence_that_boasts_is_found_out() -> None:
    answer = calibration_report(results(4_000, slope=0.6))[1]
    assert answer.error is not None
    assert answer.error == pytest.approx(0.26, abs=0.04)


def test_silence_is_counted_and_says_nothing() -> None:
    answer = calibration_report(results(2_000, said=0.3))[1]
    assert answer.judged + answer.silent == 2_000
    assert answer.judged < 600


def test_too_few_judged_results_make_no_curve() -> None:
    understand, answer, act = calibration_report(results(20, auto=0.0))
    assert answer.error is None
    assert answer.bins == ()
    assert "too few" in answer.text
    assert (understand.judged, act.judged) == (0, 0)


def test_an_article_that_was_picked_from_a_list_is_no_evidence_about_the_first_one() -> None:
    picked = [replace(one, decision="chosen by the person:auto") for one in results(500, auto=0.0)]
    assert calibration_report(picked)[1].judged == 0


def of_answer(judged: list[Judged], policy: Policy = POLICY) -> Proposal:
    return next(one for one in threshold_proposals(judged, policy) if one.where == "steps.answer")


def test_too_many_wrong_answers_raise_the_threshold_to_the_lowest_that_keeps_within_the_limit() -> None:
    proposal = of_answer(results(4_000))
    assert proposal.proposed is not None
    assert proposal.proposed.auto == pytest.approx(0.60, abs=0.06)  # above it a fifth of the answers is wrong
    assert proposal.now is not None
    assert proposal.now.wrong.low > POLICY.tuning["answer"].wrong
    assert "instead of 0.30" in proposal.text


def test_what_is_expected_is_what_then_happens_to_others() -> None:
    proposal = of_answer(results(2_000))
    assert proposal.proposed is not None
    assert proposal.expected is not None
    fresh = results(40_000, seed=11, auto=0.0)
    above = [one for one in fresh if one.confidence >= proposal.proposed.auto]
    wrong = sum(one.right is False for one in above) / len(above)
    assert proposal.expected.wrong.low <= wrong <= proposal.expected.wrong.high
    assert proposal.expected.automatic.low <= len(above) / len(fresh) <= proposal.expected.automatic.high


def test_a_limit_that_no_threshold_in_the_range_keeps_is_said() -> None:
    proposal = of_answer(results(4_000, slope=0.4))
    assert proposal.proposed is None
    assert "no threshold in the range" in proposal.why


def test_a_lower_threshold_needs_judged_results_below_the_one_in_force() -> None:
    sure = with_answer(0.60)
    blind = of_answer(results(3_000, right_from=0.7, slope=0.25, auto=0.60), sure)
    assert blind.proposed is None
    assert "what is not answered is not known" in blind.why
    seen = of_answer(results(3_000, right_from=0.7, slope=0.25, auto=0.20), sure)
    assert seen.proposed is not None
    assert seen.proposed.auto < 0.60
    assert seen.proposed.review <= seen.proposed.auto


def test_a_threshold_is_never_proposed_outside_its_range() -> None:
    limits = POLICY.tuning["answer"]
    policy = with_answer(0.45)
    made = [of_answer(results(1_500, right_from=0.04 * seed, slope=0.9, seed=seed, auto=0.2), policy).proposed for seed in range(20)]
    proposed = [band.auto for band in made if band is not None]
    assert len(proposed) > 3
    assert all(limits.lowest <= auto <= limits.highest for auto in proposed)


def test_nothing_is_proposed_with_too_few_verdicts() -> None:
    proposal = of_answer(results(LEAST_JUDGED, said=0.5))
    assert proposal.proposed is None
    assert f"{LEAST_JUDGED} are needed" in proposal.why


def test_a_threshold_that_errs_about_as_often_as_allowed_stays() -> None:
    proposal = of_answer(results(400, right_from=0.8, slope=0.0))
    assert proposal.proposed is None
    assert "not surely other" in proposal.why


def test_steps_that_the_policy_does_not_name_are_not_proposed_for() -> None:
    assert [one.where for one in threshold_proposals([], POLICY)] == ["steps.answer", "steps.second_answer"]
    assert threshold_proposals(results(4_000), replace(POLICY, tuning={})) == []


def decision(number: int = 1, at: datetime = NOON, auto: float = 0.55, wrong: Rate = Rate(80, 400)) -> TuningDecision:
    file = {"auto": 0.30, "review": 0.15, "file_auto": 0.30, "file_review": 0.15}
    expected = counts_of(Expected(Rate(450, 1000), wrong))
    return TuningDecision(f"t_{number}", Kind.THRESHOLD, "steps.answer", number, at, "omar", file, {"auto": auto, "review": 0.15}, expected)


def test_a_prediction_that_came_true_is_said_to_have() -> None:
    since = results(2_000, auto=0.55, least=0.0, right_from=0.02)
    checked = check_of_decisions([decision()], since, POLICY, NOON + timedelta(days=7))[0]
    assert checked.came is Came.AS_PREDICTED
    assert checked.held is Held.IN_FORCE
    assert "predicted" in checked.text


def test_a_prediction_that_failed_is_said_to_have() -> None:
    since = results(2_000, auto=0.55, slope=0.4)
    assert check_of_decisions([decision()], since, POLICY, NOON + timedelta(days=7))[0].came is Came.OTHERWISE


def test_only_what_happened_while_a_decision_stood_counts() -> None:
    since = results(3_000, auto=0.55)
    second = decision(2, NOON + timedelta(minutes=1_000))
    newest, oldest = check_of_decisions([decision(), second], since, POLICY, NOON + timedelta(days=7))
    assert (newest.decision.id, oldest.decision.id) == ("t_2", "t_1")
    assert newest.happened is not None
    assert oldest.happened is not None
    assert newest.happened.automatic.total + oldest.happened.automatic.total == 3_000
    assert (newest.held, oldest.held) == (Held.IN_FORCE, Held.REPLACED)


def test_an_undone_decision_and_one_that_the_file_overtook_are_told_apart() -> None:
    undone = replace(decision(), undone_at=NOON + timedelta(hours=1), undone_by="omar")
    assert check_of_decisions([undone], [], POLICY, NOON + timedelta(days=1))[0].held is Held.UNDONE
    moved = check_of_decisions([decision()], [], with_answer(0.40), NOON + timedelta(days=1))[0]
    assert moved.held is Held.LAPSED
    assert moved.came is Came.NOT_ENOUGH


def test_a_ranking_is_checked_by_the_right_answers_before_and_since() -> None:
    ranking = TuningDecision("t_r", Kind.RANKING, "ranking", 1, NOON, "firstline", {"decision": ""}, {"weights": None}, {})
    before = [replace(one, at=one.at - timedelta(days=3)) for one in results(1_000, right_from=0.8, slope=0, auto=0)]
    since = results(1_000, right_from=0.4, slope=0, auto=0)
    checked = check_of_decisions([ranking], [*before, *since], POLICY, NOON + timedelta(days=5))[0]
    assert checked.came is Came.OTHERWISE
    assert check_of_decisions([ranking], [*before, *since[:10]], POLICY, NOON + timedelta(days=5))[0].came is Came.NOT_ENOUGH
