"""The commands ``firstline policy``: try the examples of a policy, and say why decisions fell as they did. Imports are inside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.command_line import NO, AsJson, opened, read_settings, stop

if TYPE_CHECKING:
    from assistant.domain.audit import AuditLine
    from assistant.ports.audit import Audit

PAGE = 1_000
app = typer.Typer(no_args_is_help=True, help="What the assistant may do, and why it did.")


@app.command(epilog="Example: firstline policy test policy.toml")
def test(
    file: Annotated[Path | None, typer.Argument(help="A policy file; the one in use when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Try the examples that stand in a policy file beside its rules. Exit 1 when one does not come out; such a file is not loaded either."""
    from assistant.governance.policy import PolicyError
    from assistant.governance.policy_file import PACKAGED, parse_policy

    path = file or read_settings().policy_file or PACKAGED
    try:
        policy = parse_policy(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        stop(f"the policy file {path} cannot be read: {error}")
    except PolicyError as error:
        stop(str(error))
    tried = [(example, example.broken_by(policy)) for example in policy.examples]
    broken = [fault for _, fault in tried if fault]
    if as_json:
        rows = [{"tool": one.facts.tool, "facts": one.facts.notable(), "expected": one.verdict.value, "fault": fault} for one, fault in tried]
        typer.echo(json.dumps({"policy": policy.version, "examples": rows}))
    else:
        for one, fault in tried:
            typer.echo(f"FAIL {fault}" if fault else f"ok   {one.facts.tool} {one.facts.notable() or ''}: {one.verdict}".replace(" :", ":"))
        typer.echo(f"{len(tried) - len(broken)} of {len(tried)} examples come out, policy {policy.version} in {path}")
    if broken:
        raise typer.Exit(NO)


@app.command(epilog="Example: firstline policy explain c_5f0c2a9be1d34c77")
def explain(
    conversation: Annotated[str, typer.Argument(help="Id of a conversation.")],
    as_json: AsJson = False,
) -> None:
    """Say why each decision in a conversation fell as it did: the verdict, the rule and version of the policy, and the facts that mattered."""
    from assistant.ports.audit import AuditUnreadable

    with opened(read_settings()) as assistant, assistant.store.read() as unit:
        try:
            decisions = [_decision(line) for line in _of(unit.audit, conversation) if _decides(line)]
        except (AuditUnreadable, ValueError) as error:
            stop(f"{error}; `firstline audit verify` says more", NO)
        known = unit.conversations.load(conversation) is not None
    if not decisions and not known:
        stop(f"there is no conversation {conversation}")
    if as_json:
        typer.echo(json.dumps(decisions))
        return
    for one in decisions:
        typer.echo(_sentence(one))
    if not decisions:
        typer.echo("The policy decided nothing in this conversation.")


def _of(audit: Audit, conversation: str) -> Iterator[AuditLine]:
    after = 0
    while page := audit.lines(after, PAGE, conversation):
        yield from (line for line in page if line.facts.get("conversation") == conversation)
        after = page[-1].number


def _decides(line: AuditLine) -> bool:
    detail = line.facts.get("detail") or {}
    return bool(line.facts.get("verdict") or line.facts.get("rule") or (line.facts.get("decision") == "refused" and detail.get("why")))


def _decision(line: AuditLine) -> dict[str, Any]:
    facts = line.facts
    detail = facts.get("detail") or {}
    return {
        "number": line.number,
        "at": facts.get("at", ""),
        "step": facts.get("step", ""),
        "tool": facts.get("tool") or detail.get("tool", ""),
        "action": facts.get("action", ""),
        "verdict": facts.get("verdict") or facts.get("decision", ""),
        "rule": facts.get("rule") or detail.get("why", ""),
        "policy": facts.get("policy", ""),
        "facts": _mattering(facts.get("facts") or {}),
    }


def _mattering(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts that are not what they are in general; a step is decided by its confidence alone."""
    from assistant.governance.policy import Facts

    if "tool" not in facts:
        return {name: value for name, value in facts.items() if name != "step"}
    try:
        return Facts.of_record(facts).notable()
    except (TypeError, ValueError):  # written by another version
        return facts


def _sentence(one: dict[str, Any]) -> str:
    about = f" {one['tool']}" if one["tool"] else ""
    because = "; ".join(f"{name} {_plain(value)}" for name, value in one["facts"].items())
    version = f", policy {one['policy']}" if one["policy"] else ""
    head = f"record {one['number']}, {str(one['at'])[:16].replace('T', ' ')} UTC, {one['step']}{about}: {one['verdict']}"
    return f"{head} by “{one['rule']}”{version}" + (f"\n    {because}" if because else "")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
