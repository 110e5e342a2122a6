"""The command ``firstline demo monday``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evals.commands.options import note, stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from evals.monday.office import Office
    from evals.monday.scenes import Line
    from evals.monday.script import Scene


def monday(
    pace: Annotated[float, typer.Option(min=0, max=600, help="How many seconds each thing that happens can be looked at.")] = 8.0,
    begin: Annotated[str, typer.Option("--from", help="Play what is before this scene without waiting: 06:00, 08:30, 10:15, 14:00, 16:30.")] = "",
    into: Annotated[Path | None, typer.Option(help="State folder for the day, made anew; by default monday in FIRSTLINE_HOME.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the service; by default one that is free.")] = 0,
    leave: Annotated[bool, typer.Option("--leave", help="End when the day is over, instead of serving it until Ctrl-C.")] = False,
) -> None:
    """Play the Monday: from the first alert at six to Tuesday's report, in a service of its own with a clock of its own. Nothing of it happened."""
    from assistant.command_line import read_settings
    from evals.monday.office import NotPlayed
    from evals.monday.place import NotHere, clear, prepare
    from evals.monday.play import Day, serving
    from evals.monday.script import read_script
    from kb.bootstrap import prepare_model
    from kb.ports import EmbedderUnavailable

    script = read_script()
    names = [scene.id for scene in script.scenes]
    if begin and begin not in names:
        stop(f"there is no scene {begin}; there are {', '.join(names)}")
    settings = read_settings()
    home = (into or settings.home / "monday").absolute()
    try:
        prepare_model(settings, note)
        if clear(home):
            note(f"the Monday that was played in {home} before is gone; it begins anew")
        prepare(home, settings.home / "models", note)
        with serving(home, port) as office:
            _say_where(office.url)
            Day(office, script, _teller(office, pace, names.index(begin) if begin else 0, names)).play(names[-1])
            if not leave:
                _stay(office.url)
    except (NotHere, NotPlayed, EmbedderUnavailable, OSError) as error:
        stop(str(error))


def _say_where(url: str) -> None:
    typer.echo(f"The demo company's Monday is played at {url}. Nothing of it happened: people, devices and time are made up.")
    typer.echo(f"Sign in to the console as Anders Nyqvist (operator) or Sam Oduya (service desk): {url}/console/sign-in\n")


def _teller(office: Office, pace: float, first: int, names: list[str]) -> Callable[[Scene, Line | None], None]:
    """Return what prints each line and waits, for scenes from the ``first`` on; those before are printed without waiting."""
    import time

    def tell(scene: Scene, line: Line | None) -> None:
        if line is None:
            typer.echo(f"{scene.at:%A %H:%M}  {scene.title}")
            return
        typer.echo(f"  {office.now():%H:%M} {line.text}" + (f"\n        look: {office.url}{line.where}" if line.where else ""))
        if names.index(scene.id) >= first:
            time.sleep(pace)

    return tell


def _stay(url: str) -> None:
    import contextlib
    import time

    typer.echo(f"\nThe day is over. Look around at {url}/console; Ctrl-C ends the service.")
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(1)
