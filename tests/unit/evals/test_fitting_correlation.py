"""Fitting the weights of the rules that put alerts together: what labels teach is learned, and nothing more is changed than may be."""

from __future__ import annotations

from assistant.desk.correlation.grouping import Correlator
from assistant.desk.correlation.scoring import BASE, RULES, SHIPPED, SPEAKS_FOR
from assistant.entrypoints.alert_sources.mapping import read_mapping
from assistant.governance.correlation_rules import read_rules
from evals.correlation.fitting import fitted
from evals.correlation.measure import grouped, measures
from evals.correlation.run import generated

PLACES = {rule.name: place for place, rule in enumerate(RULES)}


def test_weights_that_tell_too_little_apart_are_set_right_and_keep_their_signs() -> None:
    rules, rows = read_rules({}), generated("1", 400, "hard", read_mapping())[0][1].rows
    weak = list(SHIPPED)
    for name in ("other check", "other site", "other reason"):
        weak[PLACES[name]] = -0.1
    made = fitted([rows], rules, weak)
    assert made[BASE] == SHIPPED[BASE]
    assert all(weight >= 0 if positive else weight <= 0 for weight, positive in zip(made, SPEAKS_FOR, strict=True))
    assert made[PLACES["other check"]] < -0.4

    def f1(weights: list[float]) -> float:
        groups, _ = grouped([row.report for row in rows], rules, Correlator(rules.window.total_seconds(), weights))
        return measures(rows, groups)["f1"]

    assert f1(made) > f1(weak) + 0.01
