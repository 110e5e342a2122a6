"""The command ``firstline demo``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evals.commands.options import note, stop
from evals.monday.cli import monday

if TYPE_CHECKING:
    from assistant.settings import Settings
    from evals.weeks.place import Held, Place
    from evals.weeks.play import Played

app = typer.Typer(no_args_is_help=True, help="Bring the demo company to life. Example: firstline demo simulate --weeks 12 --seed 1")
app.command(epilog="Example: firstline demo monday --pace 10")(monday)
BROKEN_OFF = 130


@app.callback()
def demo() -> None:
    """Bring the demo company to life."""


@app.command(epilog="Example: firstline demo simulate --weeks 12 --seed 1 --into var/lively")
def simulate(
    weeks: Annotated[int, typer.Option(min=1, max=104, help="How many weeks; the last one is the present one.")] = 12,
    seed: Annotated[int, typer.Option(min=0, help="The same seed plays the same weeks.")] = 1,
    per_week: Annotated[int, typer.Option(min=5, max=2_000, help="How many conversations a week begins with.")] = 85,
    into: Annotated[Path | None, typer.Option(help="State folder that gets the weeks; by default FIRSTLINE_HOME.")] = None,
    until: Annotated[datetime | None, typer.Option(help="When the last week is broken off, in UTC; now by default.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Replace weeks that were played before, and all that was said there since.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write what was played to this file.")] = None,
) -> None:
    """Play weeks of conversations of the demo company through the real service, with simulated employees. Nothing of it happened."""
    from datetime import UTC
    from zoneinfo import ZoneInfo

    from evals.weeks.place import Place
    from evals.weeks.play import company_ids, plan_of

    settings = _settings(into)
    held = _checked(settings, company_ids(), again)
    end = until.replace(tzinfo=UTC) if until else datetime.now(UTC).replace(microsecond=0)
    plan = plan_of(weeks, seed, per_week, end)
    first = plan.start.astimezone(ZoneInfo(plan.zone)).date()
    note(f"plays {weeks} weeks from {first} to {end.date()} with seed {seed}, then puts them into {settings.home}, which holds {held}")
    note("every conversation of it is simulated; stop with Ctrl-C, which leaves that folder as it is")
    place = Place(settings.home)
    played = _played(settings, place, plan)
    _checked(settings, company_ids(), again)  # it took minutes, in which somebody may have begun to use the folder
    facts = _facts(played, weeks, seed, per_week, end)
    place.move_in(facts, note)
    _say(settings, facts, json_file)


def _settings(into: Path | None) -> Settings:
    from assistant.command_line import read_settings
    from kb.bootstrap import prepare_model
    from kb.ports import EmbedderUnavailable

    settings = read_settings()
    settings = settings.model_copy(update={"home": into}) if into is not None else settings
    settings = settings.model_copy(update={"home": settings.home.absolute()})
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        prepare_model(settings, note)
    except (EmbedderUnavailable, OSError) as error:
        stop(str(error))
    return settings


def _checked(settings: Settings, company: frozenset[str], again: bool) -> Held:
    from assistant.command_line import running_service
    from evals.weeks.place import NotHere, check, held_in

    if url := running_service(settings):
        stop(f"the service at {url} runs on {settings.home}; stop it first, or choose another folder with --into")
    held = held_in(settings, company)
    try:
        check(settings, held, again)
    except NotHere as why:
        stop(str(why))
    return held


def _played(settings: Settings, place: Place, plan: Any) -> Played:
    from evals.weeks.play import play

    place.prepare()
    try:
        return play(settings.model_copy(update={"home": place.stage}), plan, note)
    except BaseException as error:
        place.give_up()
        if not isinstance(error, KeyboardInterrupt):
            raise
        typer.echo(f"stopped; {place.home} is as it was, and the same command begins anew", err=True)
        raise typer.Exit(BROKEN_OFF) from None


def _facts(played: Played, weeks: int, seed: int, per_week: int, end: datetime) -> dict[str, Any]:
    return {
        "simulated": True,
        "weeks": weeks,
        "seed": seed,
        "per_week": per_week,
        "until": end.isoformat(),
        "articles": sorted(played.articles),
        "seconds": round(played.seconds, 1),
        "conversations_per_second": round(played.per_second, 2),
        "counts": played.counts,
    }


def _say(settings: Settings, facts: dict[str, Any], json_file: Path | None) -> None:
    import json

    counts = facts["counts"]
    typer.echo(
        f"{counts['conversations']} conversations with {counts['turns']} turns in {facts['seconds']:.0f} s, "
        f"{facts['conversations_per_second']:.1f} conversations a second"
    )
    typer.echo(f"start it with: FIRSTLINE_HOME={settings.home} FIRSTLINE_DEMO=true firstline serve")
    if json_file is not None:
        json_file.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
