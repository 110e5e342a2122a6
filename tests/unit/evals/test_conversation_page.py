"""The report of a run."""

from __future__ import annotations

import re

from evals.commands.run import percent
from evals.conversations.case import Case, Named
from evals.conversations.compare import compared
from evals.conversations.figures import metrics_of, outcomes, tried
from evals.conversations.page import page
from evals.conversations.played import Left, Played, Shown
from evals.report import Metric


def one(name: str, end: dict[str, object], said: str) -> object:
    case = Case.model_validate({"title": f"Case {name}", "group": "answerable", "person": "maria.santos", "says": "Hi", "goal": {}, "expect": end})
    line = Shown(turn=1, who="firstline", text=said, kind="answer", state="awaiting_confirmation", cites=("email-quota-full",))
    play = Played(case=name, repeat=0, lines=(Shown(turn=1, who="person", text="Hi"), line), left=Left(state="resolved"), turn_seconds=(0.1,))
    return tried(Named(name=name, case=case), [play])


def test_the_page_needs_nothing_from_elsewhere_and_shows_only_failed_transcripts() -> None:
    cases = [one("a/good", {}, "All is well here"), one("a/bad", {"state": "filed"}, "<script>alert(1)</script> & more")]
    made = page(cases, metrics_of(cases), {"repeat": 1}, compared(outcomes(cases), {"a/good": [True]}))
    assert not re.search(r"(?:src|href)=[\"'](?!#)|@import|url\(", made)
    assert "<script>" not in made
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in made
    assert "All is well here" not in made
    assert "should end filed, it is resolved" in made
    assert "prefers-color-scheme: dark" in made
    assert "not surely worse" in made


def test_a_run_without_a_failure_says_so() -> None:
    cases = [one("a/good", {}, "Fine")]
    made = page(cases, metrics_of(cases), {"repeat": 1}, None)
    assert "Every conversation passed" in made
    assert "not recorded" in made


def test_a_share_is_shown_with_its_interval_and_nothing_as_a_dash() -> None:
    assert percent(Metric(0.845, 0.79, 0.891)) == "84.5 % [79, 89 %]"
    assert percent(Metric(float("nan"), 0, 0)) == "-"
