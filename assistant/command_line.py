"""What the modules of the command ``firstline`` share: how they read the settings, open an assistant and stop. Imports are inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant
    from assistant.settings import Settings

NO, WRONG = 1, 2
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON for programs.")]


def stop(message: str, code: int = WRONG) -> NoReturn:
    """End the command with a message on standard error."""
    typer.echo(message, err=True)
    raise typer.Exit(code)


def read_settings() -> Settings:
    """Return the settings; wrong ones end the command with the setting's name and what is wrong with it."""
    from pydantic import ValidationError

    from assistant.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        stop("\n".join(f"setting {'.'.join(str(p) for p in item['loc'])}: {item['msg']}" for item in error.errors()))


@contextmanager
def opened(settings: Settings) -> Iterator[Assistant]:
    """Open the assistant for the block; a policy, a file or another system that cannot be used ends the command with a message."""
    from assistant.agent.steps.understand_file import BadExamples
    from assistant.agent.steps.understand_fit import TooFewExamples
    from assistant.bootstrap import open_assistant
    from assistant.connections import Misconfigured
    from assistant.governance.policy import PolicyError
    from assistant.ports.outside import Refused, Unavailable

    try:
        assistant = open_assistant(settings)
    except (PolicyError, BadExamples, TooFewExamples, Misconfigured, OSError) as error:
        stop(str(error))
    try:
        yield assistant
    except (Refused, Unavailable) as error:
        stop(str(error))
    finally:
        assistant.close()


def running_service(settings: Settings) -> str:
    """Return the address of the service that runs on this state folder, "" when none does; one that is not ready yet ends the command."""
    import json

    from assistant.service import address_file
    from kb.adapters.index_state import FileIndexState

    state = FileIndexState(settings.index_folder)
    if state.own():
        state.disown()
        return ""
    try:
        return str(json.loads(address_file(settings.home).read_text())["url"])
    except (OSError, ValueError, KeyError):
        stop("another Firstline process keeps the index and is not ready yet; try again in a moment")


def token_for(settings: Settings, person: str) -> str:
    """Return a token with which the running service takes a person for who they are."""
    from assistant.bootstrap import read_secret
    from assistant.entrypoints.tokens import Tokens

    return Tokens(read_secret(settings), settings.token_minutes, settings.token_keys).issue(person)[0]
