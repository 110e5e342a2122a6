"""What published articles changed: every experiment with its verdict, its weeks, and the conversations behind its counts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from assistant.desk.experiments import experiments_report
from assistant.domain.configuration import Person, Role
from assistant.domain.experiment import HORIZON, Effect, Experiment, ExperimentFinding, Finding, Look, WeekSeen
from assistant.domain.measures import Rate
from assistant.entrypoints.web.frame import OurSite, reads_gaps, show
from assistant.entrypoints.web.plots import Line, intervals, trend
from assistant.entrypoints.web.site import Site
from kb.model import Reader

ROWS = 50
router = APIRouter(prefix="/console/experiments", include_in_schema=False)
Reads = Annotated[Person, Depends(reads_gaps)]
TONES = {Finding.MORE: "good", Finding.LESS: "bad", Finding.NO_EFFECT: "plain", Finding.NOT_ENOUGH: "plain"}


@router.get("")
def experiments(request: Request, site: OurSite, person: Reads) -> Response:
    """List all experiments, those published last first."""
    with site.store.read() as unit:
        found = experiments_report(unit)
        names = {one.experiment.gap: _gap_name(unit.gaps.load(one.experiment.gap)) for one in found}
    rows = [_row(site, person, one, names[one.experiment.gap]) for one in found]
    measured = [(row["gap"], row["effect"]) for row in rows if row["effect"] is not None and row["effect"].deviation]
    drawn = [(name, 100 * effect.effect, 100 * effect.low, 100 * effect.high) for name, effect in measured]
    plot = intervals("What each article changed in the confirmed resolution of its topic", "points", drawn) if drawn else ""
    return show(request, "experiments.html", person, "experiments", rows=rows, plot=plot, horizon=HORIZON)


@router.get("/{experiment_id}")
def experiment(request: Request, site: OurSite, person: Reads, experiment_id: str) -> Response:
    """Show one experiment: its weeks against untouched topics, its numbers, and every look as it was frozen."""
    found, looks, name = _load(site, experiment_id)
    last = looks[-1] if looks else None
    context = {
        **_row(site, person, ExperimentFinding(found, last), name),
        "experiment": found,
        "looks": [_look(look) for look in reversed(looks)],
        "plot": _plot(last.effect) if last is not None and last.effect.weeks else "",
        "before": Rate(*last.effect.before) if last is not None else None,
        "after": Rate(*last.effect.after) if last is not None else None,
        "horizon": HORIZON,
    }
    return show(request, "experiment.html", person, "experiments", **context)


@router.get("/{experiment_id}/rows")
def rows(
    request: Request,
    site: OurSite,
    person: Reads,
    experiment_id: str,
    side: Literal["before", "after"] = "after",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """List the questions that the latest look counts on one side of publishing; who works the desk gets to their conversations."""
    found, _, name = _load(site, experiment_id)
    with site.store.read() as unit:
        counted = [row for row in unit.experiments.rows(found.id) if (row.week >= 0) == (side == "after")]
    context = {
        "experiment": found,
        "gap": name,
        "side": side,
        "total": len(counted),
        "rows": counted[(page - 1) * ROWS : page * ROWS],
        "page": page,
        "more": page * ROWS < len(counted),
        "opens": Role.AGENT in person.roles,
    }
    return show(request, "experiment_rows.html", person, "experiments", **context)


def _load(site: Site, experiment_id: str) -> tuple[Experiment, list[Look], str]:
    with site.store.read() as unit:
        found = unit.experiments.load(experiment_id)
        if found is None:
            raise HTTPException(404, f"There is no experiment {experiment_id}.")
        return found, unit.experiments.looks(found.id), _gap_name(unit.gaps.load(found.gap))


def _gap_name(gap: Any) -> str:
    return gap.name if gap is not None else "a gap that is gone"


def _row(site: Site, person: Person, found: ExperimentFinding, name: str) -> dict[str, Any]:
    effect = found.look.effect if found.look is not None else None
    head = site.knowledge.article(found.experiment.article, Reader(person.groups))
    return {
        "id": found.experiment.id,
        "gap": name,
        "gap_id": found.experiment.gap,
        "article": head[0].title if head else "An article that is gone, or that you may not read",
        "article_id": found.experiment.article if head else "",
        "published_at": found.experiment.published_at,
        "standing": found.experiment.standing.value,
        "why": found.experiment.why,
        "week": found.look.number if found.look is not None else 0,
        "text": found.text,
        "finding": found.finding.value,
        "tone": TONES[found.finding],
        "effect": effect,
    }


def _look(look: Look) -> dict[str, Any]:
    return {"number": look.number, "at": look.at, "effect": look.effect, "before": Rate(*look.effect.before), "after": Rate(*look.effect.after)}


def _plot(effect: Effect) -> Any:
    seen = [Rate(one.resolved, one.asked) if one.asked else None for one in effect.weeks]
    own = Line(
        "This topic",
        [rate.share if rate else None for rate in seen],
        [rate.low if rate else None for rate in seen],
        [rate.high if rate else None for rate in seen],
    )
    others = Line("Untouched topics", [one.others for one in effect.weeks], [one.low for one in effect.weeks], [one.high for one in effect.weeks])
    labels = [_label(one) for one in effect.weeks]
    return trend("Confirmed as resolved, week by week", "%", labels, [own, others], across="week, from publishing on")


def _label(one: WeekSeen) -> str:
    return str(one.week) if one.week < 0 else f"+{one.week + 1}"
