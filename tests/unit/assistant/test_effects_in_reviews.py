"""What a review says of published articles, of calibration and of thresholds: each in its own words, and only a bad turn asks for something."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assistant.desk.review.found import Found
from assistant.desk.review.tuned import find_calibration, find_effects, find_thresholds
from assistant.domain.experiment import Effect, Experiment, ExperimentFinding, Finding, Look
from assistant.domain.measures import Rate
from assistant.domain.review import Severity
from assistant.domain.tuning import Band, Bin, Calibration, Came, Checked, Expected, Held, Kind, Proposal, TuningDecision
from kb.model import Article, Audience

AT = datetime(2026, 11, 10, 9, tzinfo=UTC)
HEAD = Article("vpn-hotels", "VPN in hotels", "Network team", Audience(), frozenset(), None, (), "", "vpn.md", 1, "", AT)


def experiment(finding: Finding, effect: float, looked: bool = True) -> ExperimentFinding:
    made = Experiment("e_1", "g_1", "vpn-hotels", 1, AT, AT - timedelta(weeks=1))
    seen = Effect(3, (20, 100), (30, 60), 12, finding, why="two topics are too few", effect=effect, low=effect - 0.1, high=effect + 0.1)
    return ExperimentFinding(made, Look("e_1", 3, AT + timedelta(weeks=3), seen) if looked else None)


def told(one: ExperimentFinding) -> tuple[Found, str]:
    found = Found()
    find_effects(found, [one], {"vpn-hotels": HEAD}, "UTC")
    [finding] = found.findings
    return found, finding.text.replace("{about}", found.names.known[finding.about].text)


class TestEffects:
    def test_a_measured_effect_has_its_interval_and_the_demand_before_and_since(self) -> None:
        found, text = told(experiment(Finding.MORE, 0.2))
        assert text.startswith("“VPN in hotels”, published on 2026-11-10: more questions are confirmed as resolved")
        assert [figure.text for figure in found.findings[0].figures] == [
            "+20.0 points, +10.0 to +30.0",
            "8.3 questions a week",
            "20 questions a week",
        ]
        assert (found.findings[0].severity, found.findings[0].todo, found.findings[0].article) == (Severity.KNOW, "", "vpn-hotels")

    def test_an_article_that_made_it_worse_is_to_be_looked_at(self) -> None:
        found, _ = told(experiment(Finding.LESS, -0.2))
        assert found.findings[0].severity is Severity.WEEK
        assert found.findings[0].todo
        assert found.findings[0].weight == 20

    @pytest.mark.parametrize(("finding", "looked"), [(Finding.NOT_ENOUGH, True), (Finding.NOT_ENOUGH, False)])
    def test_without_enough_data_no_number_is_shown(self, finding: Finding, looked: bool) -> None:
        found, text = told(experiment(finding, 0.4, looked))
        assert "not enough data yet" in text
        assert found.findings[0].figures == ()

    def test_no_effect_is_said_as_such(self) -> None:
        assert "no effect was found (+1 points" in told(experiment(Finding.NO_EFFECT, 0.01))[1]


class TestCalibration:
    def test_each_step_that_was_judged_has_its_error_and_its_curve(self) -> None:
        curve = (Bin(0.55, Rate(11, 20)), Bin(0.91, Rate(15, 20)))
        found = Found()
        find_calibration(found, [Calibration("answer", curve, 40, 7, 0.081, 0.03, 0.14), Calibration("act", (), 0, 0)])
        [one] = found.findings
        assert [figure.text for figure in one.figures] == ["8.1 points on average, 3.0 to 14.0", "55 % of 20, 34-74 %", "75 % of 20, 53-89 %"]
        assert "7 without a verdict" in one.text


class TestThresholds:
    proposal = Proposal(
        "steps.answer",
        Band(0.7, 0.5),
        Band(0.8, 0.5),
        Expected(Rate(700, 1_000), Rate(35, 500)),
        Expected(Rate(830, 1_000), Rate(80, 600)),
        "fewer of them are wrong",
    )

    def checked(self, came: Came) -> Checked:
        decision = TuningDecision("t_1", Kind.THRESHOLD, "steps.answer", 2, AT, "op", {}, {}, {})
        return Checked(decision, Held.IN_FORCE, None, Expected(Rate(70, 100), Rate(9, 60)), came, "automatic 80 % predicted")

    def test_a_proposal_is_something_to_decide_by_the_conversations_of_a_week(self) -> None:
        found = Found()
        find_thresholds(found, [self.proposal], [], timedelta(weeks=13), "UTC")
        [one] = found.findings
        assert one.text == self.proposal.text
        assert (one.severity, one.weight) == (Severity.WEEK, 10.0)
        assert one.todo == "Accept the threshold that is proposed for steps.answer, or leave it: fewer of them are wrong."

    def test_where_nothing_is_proposed_nothing_is_said(self) -> None:
        found = Found()
        find_thresholds(found, [Proposal("steps.answer", Band(0.7, 0.5), None, None, None, "too few were judged")], [], timedelta(weeks=13), "UTC")
        assert found.findings == []

    @pytest.mark.parametrize(("came", "asks"), [(Came.AS_PREDICTED, False), (Came.NOT_ENOUGH, False), (Came.OTHERWISE, True)])
    def test_what_was_accepted_is_checked_and_asks_for_something_only_when_it_went_otherwise(self, came: Came, asks: bool) -> None:
        found = Found()
        find_thresholds(found, [], [self.checked(came)], timedelta(weeks=13), "UTC")
        [one] = found.findings
        assert one.text == f"steps.answer, accepted on 2026-11-10 (in force): {came}. Automatic 80 % predicted."
        assert bool(one.todo) is asks
        assert found.gauges["threshold:steps.answer/2"].text == "15 % of 60, 8-26 %"
