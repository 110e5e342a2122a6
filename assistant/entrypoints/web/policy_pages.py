"""The policy as it is in force: its bands, its rules, its own examples, and what it would say of a case."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from assistant.domain.action import Label
from assistant.domain.configuration import Person
from assistant.entrypoints.web.frame import OurSite, runs, show
from assistant.governance.policy import Disposition, Facts, Policy

MEANS = {Disposition.AUTO: "goes ahead", Disposition.REVIEW: "asks first", Disposition.ESCALATE: "is left to people"}
router = APIRouter(prefix="/console/policy", include_in_schema=False)
Runs = Annotated[Person, Depends(runs)]
Share = Annotated[float | None, Query(ge=0, le=1)]
Flag = Annotated[bool, Query()]


@router.get("")
def policy_page(
    request: Request,
    site: OurSite,
    person: Runs,
    step: Annotated[str, Query(max_length=80)] = "",
    tool: Annotated[str, Query(max_length=80)] = "",
    confidence: Share = None,
    label: Label = Label.WORDS,
    group: Annotated[str, Query(max_length=200)] = "",
    days: Annotated[int, Query(ge=0, le=10_000)] = 0,
    amount: Annotated[float, Query(ge=0, le=1e9)] = 0.0,
    pressed: Flag = False,
    second_factor: Flag = False,
    approved: Flag = False,
) -> Response:
    """Show the policy; with a step or a tool also what it says of that case. Nothing is done by asking."""
    with site.store.read() as unit:
        policy = site.watching.in_force(unit)
    sure = 1.0 if confidence is None else confidence
    facts = Facts(tool, sure, label=label, group=group, days=days, amount=amount, pressed=pressed, second_factor=second_factor, approved=approved)
    tried = [{"example": one, "facts": one.facts.notable(), "fault": one.broken_by(policy)} for one in policy.examples]
    context = {
        "policy": policy,
        "tried": tried,
        "passed": sum(not one["fault"] for one in tried),
        "accepted": {one.step: one for one in policy.accepted},
        "off": site.switched_off(),
        "labels": list(Label),
        "said": _said_of_step(policy, step, sure) if step else _said_of_tool(policy, facts) if tool else None,
        "asked": facts,
        "step": step,
        "given": "" if confidence is None else f"{confidence:g}",
    }
    return show(request, "policy.html", person, "policy", **context)


def _said_of_step(policy: Policy, step: str, confidence: float) -> dict[str, Any]:
    disposition, band = policy.decide(step, confidence), policy.bands.get(step)
    why = f"steps.{step}: auto {band.auto:g}, review {band.review:g}" if band is not None else "default: no such step"
    return {"about": f"{step} with confidence {confidence:g}", "verdict": disposition.value, "means": MEANS[disposition], "rule": why}


def _said_of_tool(policy: Policy, facts: Facts) -> dict[str, Any]:
    decision = policy.judge(facts)
    return {"about": facts.tool, "verdict": decision.verdict.value, "means": "", "rule": decision.rule}
