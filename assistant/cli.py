"""The command ``firstline``. Imports are inside the commands: asking for help must be instant."""

from __future__ import annotations

import json
import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.command_line import NO, WRONG, AsJson, running_service, token_for
from assistant.command_line import opened as _opened
from assistant.command_line import read_settings as _settings
from assistant.command_line import stop as _stop
from assistant.commands import (
    actions,
    alerts,
    articles,
    assess,
    audit,
    baselines,
    changes,
    compliance,
    golive,
    joiners,
    measures,
    models,
    people,
    policy,
    privacy,
    problems,
    review,
    rollout,
    slack,
    triage,
    tuning,
    understand,
)

if TYPE_CHECKING:
    from assistant.settings import Settings

app = typer.Typer(
    no_args_is_help=True, help='Firstline, the IT self-service assistant. Example: firstline ask "How do I set up the VPN?" --as maria.santos'
)
app.add_typer(people.app, name="people")
app.add_typer(audit.app, name="audit")
app.add_typer(privacy.app, name="privacy")
app.add_typer(review.app, name="review")
app.add_typer(actions.app, name="actions")
app.add_typer(articles.app, name="articles")
app.add_typer(changes.app, name="changes")
app.add_typer(compliance.app, name="compliance")
app.add_typer(compliance.devices, name="devices")
app.add_typer(joiners.app, name="joiners")
app.add_typer(policy.app, name="policy")
app.add_typer(problems.app, name="problems")
app.add_typer(models.app, name="shadow")
app.command(epilog="Example: firstline costs --days 30")(models.costs)
app.command(epilog="Example: firstline draft T-1002 T-1004 --out vpn-at-hotels.md")(models.draft)
app.command(epilog="Example: firstline measures --by week,channel")(measures.measures)
app.add_typer(tuning.app, name="tuning")
app.add_typer(triage.app, name="triage")
app.add_typer(alerts.app, name="alerts")
app.add_typer(understand.app, name="understand")
app.add_typer(slack.app, name="slack")
app.add_typer(rollout.app, name="rollout")
app.command(epilog="Example: firstline assess --tickets tickets.csv --kb articles/")(assess.assess)
app.add_typer(baselines.app, name="baseline")
app.add_typer(golive.app, name="simulate-golive")


@app.command(epilog="Example: firstline serve --port 8081")
def serve(port: Annotated[int, typer.Option(help="Port to listen on instead of the configured one.")] = 0) -> None:
    """Run the service until it is stopped."""
    import logging
    import socket

    from assistant.governance.logs import redact_logs

    settings = _settings()
    settings = settings.model_copy(update={"port": port}) if port else settings
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            _stop(
                f"cannot listen on {settings.host}:{settings.port}: {error.strerror}. Is another service there? "
                "Choose a port with --port or FIRSTLINE_PORT."
            )
    logging.basicConfig(level=logging.INFO)
    redact_logs(words=not settings.zero_persistence)
    for quiet in ("httpx", "uvicorn.error"):  # the latter writes down whole addresses of sockets, with what somebody put there
        logging.getLogger(quiet).setLevel(logging.WARNING)
    import uvicorn

    from assistant.agent.steps.understand_file import BadExamples
    from assistant.bootstrap import open_assistant
    from assistant.connections import Misconfigured
    from assistant.governance.policy import PolicyError
    from assistant.service import IndexOwned, open_app

    url = f"http://{settings.host}:{settings.port}"
    try:
        served = open_app(open_assistant(settings), url)
    except (PolicyError, BadExamples, Misconfigured, IndexOwned, OSError) as error:
        _stop(str(error))
    config = uvicorn.Config(
        served,
        settings.host,
        settings.port,
        ws="websockets-sansio",
        ws_max_size=600_000,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    where = [f"Firstline is ready: {url}"]
    if settings.demo:
        where += [f"  the help centre of the demo company: {url}/", f"  its desk and gap report: {url}/console", f"  the API: {url}/docs"]

    class Announced(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                typer.echo("\n".join([*where, "  stop with Ctrl-C"]))

    server = Announced(config)
    server.run()
    if not server.started:
        _stop("the service could not start; the lines above say why")


@app.command(epilog='Example: firstline ask "I cannot connect to the VPN" --as maria.santos --json')
def ask(
    question: Annotated[str, typer.Argument(help="What the person writes; may be empty with --choice.")] = "",
    person: Annotated[str, typer.Option("--as", help="Who asks: an id from `firstline people`.")] = "",
    device: Annotated[str, typer.Option(help="One of the person's devices.")] = "",
    conversation: Annotated[str, typer.Option(help="Go on with this conversation.")] = "",
    choice: Annotated[str, typer.Option(help="Answer with one of the choices that were offered, such as yes.")] = "",
    as_json: AsJson = False,
) -> None:
    """Take one turn, as the widget would: in the running service, or here when none runs."""
    import secrets

    if not person:
        _stop("say who asks with --as PERSON; `firstline people` lists them")
    if question and choice:
        _stop("give either a question or --choice")
    settings = _settings()
    message = {"id": secrets.token_hex(8), "text": question, "choice": choice, "device": device}
    reply = _ask_running(settings, person, conversation, message)
    if reply is None:
        reply = _ask_here(settings, person, conversation, message)
    typer.echo(reply.model_dump_json() if as_json else _shown(reply))
    if reply.kind == "error":
        raise typer.Exit(NO)


def _shown(reply: Any) -> str:
    from assistant.entrypoints.terminal import show

    return show(reply)


def _ask_running(settings: Settings, person: str, conversation: str, message: dict[str, Any]) -> Any:
    """Take the turn in the service that runs on this state folder; None when none runs."""
    from assistant.entrypoints.terminal import ServiceUnreachable, ask_service

    url = running_service(settings)
    if not url:
        return None
    try:
        return ask_service(url, token_for(settings, person), conversation, message)
    except ServiceUnreachable as error:
        _stop(str(error))


def _ask_here(settings: Settings, person: str, conversation: str, message: dict[str, Any]) -> Any:
    from assistant.agent.state import Inbound
    from assistant.agent.turn import UnknownConversation, UnknownPerson

    with _opened(settings) as assistant:
        assistant.knowledge_base.keeper.own()
        assistant.knowledge_base.keeper.catch_up()
        inbound = Inbound(message["id"], message["text"], message["choice"], message["device"])
        try:
            reply = assistant.turns.take(person, conversation or None, inbound, "cli")
            assistant.carrier.drain()
            return reply
        except UnknownPerson:
            _stop(f"nobody is called {person}; `firstline people` lists whom one can be")
        except UnknownConversation:
            _stop(f"{person} has no conversation {conversation}")


@app.command(epilog="Example: firstline token maria.santos")
def token(person: Annotated[str, typer.Argument(help="Whose token.")]) -> None:
    """Issue a short-lived token, for the console's sign-in page or for trying the API."""
    from assistant.entrypoints.tokens import Tokens

    settings = _settings()
    with _opened(settings) as assistant:
        if assistant.directory.person(person) is None:
            _stop(f"nobody is called {person}; `firstline people` lists whom one can be")
        typer.echo(Tokens(assistant.secret, settings.token_minutes, settings.token_keys).issue(person)[0])


@app.command(epilog="Example: firstline prepare")
def prepare() -> None:
    """Bring the database to this version and export the local embedding model, both only if need be."""
    from kb.bootstrap import prepare_model
    from kb.ports import EmbedderUnavailable

    settings = _settings()
    try:
        prepare_model(settings, typer.echo)
    except EmbedderUnavailable as error:
        _stop(str(error))
    with _opened(settings):
        typer.echo(f"Ready: {settings.home}")


@app.command(epilog="Example: firstline gaps --week 2026-11-16 --json")
def gaps(week: Annotated[str, typer.Option(help="Any day of the week, as YYYY-MM-DD; this week by default.")] = "", as_json: AsJson = False) -> None:
    """Show what could not be resolved in a week, grouped and ranked, and which articles people doubt, for the authors of the knowledge base."""
    from assistant.operations import doubts_facts, doubts_of, doubts_text, ranking_text, report_facts, report_of, report_text

    with _opened(_settings()) as assistant:
        try:
            report = report_of(assistant, week)
        except ValueError:
            _stop(f"{week} is not a day in the form YYYY-MM-DD")
        ranking, facts, doubts = ranking_text(assistant), assistant.knowledge_base.learned.facts(), doubts_of(assistant)
    if as_json:
        typer.echo(json.dumps({**report_facts(report), "doubted": doubts_facts(doubts), "ranking": facts}))
    else:
        typer.echo(f"{report_text(report)}\n\n{doubts_text(doubts)}\n\n{ranking}")


@app.command(epilog="Example: firstline learn")
def learn(as_json: AsJson = False) -> None:
    """Learn the ranking from confirmed answers now, not only once a week; what does not rank surely better is not kept."""
    from assistant.learning import learn_ranking, learned_text

    with _opened(_settings()) as assistant:
        learn_ranking(assistant)
        facts = assistant.knowledge_base.learned.facts()
    typer.echo(json.dumps(facts) if as_json else learned_text(facts))


@app.command(epilog="Example: firstline doctor --json")
def doctor(as_json: AsJson = False) -> None:
    """Say what is configured, healthy or missing. Exit 1 when something is bad."""
    from assistant.doctor import examine

    settings = _settings()
    with _opened(settings) as assistant:
        owned = assistant.knowledge_base.keeper.own()
        checks = list(examine(assistant, owned))
    if as_json:
        typer.echo(json.dumps([{"name": c.name, "state": c.state, "says": c.says, "advice": c.advice} for c in checks]))
    else:
        for check in checks:
            typer.echo(f"{check.state:<5} {check.name}: {check.says}{f' -> {check.advice}' if check.advice else ''}")
    if any(check.state == "bad" for check in checks):
        raise typer.Exit(NO)


def _mount() -> None:
    """Mount the commands of the packages that are installed beside the assistant."""
    for point in entry_points(group="firstline.commands"):
        app.add_typer(point.load(), name=point.name)


def main() -> None:
    """Run the command; a database that cannot be used is a plain message."""
    _mount()
    try:
        app()
    except Exception as error:
        if type(error).__module__.startswith("sqlalchemy"):
            typer.echo(f"the database cannot be used: {getattr(error, 'orig', None) or error}", err=True)
            sys.exit(WRONG)
        raise
