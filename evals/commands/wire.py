"""The command ``firstline eval wire``."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.commands.options import ToJson, note, stop


def wire(
    base_url: Annotated[str, typer.Option("--base-url", help="Where the server's API is, such as http://127.0.0.1:8000/v1.")],
    model: Annotated[str, typer.Option(help="The model's name on that server.")],
    api_key_env: Annotated[str, typer.Option(help="Environment variable that holds the key; none is sent without it.")] = "",
    times: Annotated[int, typer.Option(min=1, help="How often each ability has to be shown.")] = 3,
    seconds: Annotated[float, typer.Option(min=0.1, help="The longest wait for one reply.")] = 60.0,
    json_file: ToJson = None,
) -> None:
    """Find out what an unknown OpenAI-compatible server supports. Exit 0 if it can serve all steps, 1 if not, 2 if it cannot be reached."""
    import json
    import os

    from assistant.adapters.models.opening import ChatConfigurationError
    from evals.report import exact, facts
    from evals.wire.probes import Unreachable, Wire, setup_for
    from evals.wire.verdict import judge, steps_lines, table

    if api_key_env and not os.environ.get(api_key_env):
        stop(f"the environment has no variable {api_key_env}")
    try:
        examined = Wire(setup_for(base_url, model, os.environ.get(api_key_env, "") if api_key_env else ""), times, seconds)
        examined.reach()
    except ChatConfigurationError as error:
        stop(str(error))
    except Unreachable as error:
        stop(f"{base_url} gives no reply: {error}")
    note(f"{model} answers; each ability is tried {times} times")
    verdict = judge(examined, examined.all())
    typer.echo(f"eval wire, {model}\n{table(verdict)}\n\nFor steps.toml:\n\n{steps_lines(verdict, examined, api_key_env)}")
    if json_file is not None:
        metrics = {one.name: exact(one.worked / one.times) for one in verdict.shown}
        settings = {"model": model, "structured": verdict.way, "refused": sorted(examined.refused), "steps": verdict.steps}
        remarks = {one.name: one.remark for one in verdict.shown}
        json_file.write_text(json.dumps({**facts("eval wire", times, metrics, settings), "remarks": remarks}, indent=1) + "\n", encoding="utf-8")
    if not verdict.serves_all:
        raise typer.Exit(1)
