"""What the audit holds of an action."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from assistant.domain.action import Action
from assistant.domain.approval import Approval
from assistant.domain.audit import AuditEntry
from assistant.governance.approvals import consents as consents_of


def action_entry(
    action: Action,
    policy: str,
    name: str,
    decision: str,
    at: datetime,
    *,
    actor: str = "",
    rule: str = "",
    verdict: str = "",
    facts: dict[str, Any] | None = None,
    detail: dict[str, Any] | None = None,
    consents: Approval | None = None,
) -> AuditEntry:
    """Return one line of the audit about an action; ``policy`` is the version that decided, ``consents`` the approval that it rests on."""
    return AuditEntry(
        at=at,
        actor=actor or action.actor,
        step=name,
        decision=decision,
        conversation=action.conversation,
        confidence=facts["confidence"] if facts else None,
        policy=policy,
        outcome=action.status.value,
        subject=action.subject,
        action=action.id,
        tool=action.tool,
        arguments=dict(action.arguments),
        rule=rule,
        verdict=verdict,
        facts=facts or {},
        detail={"hash": action.hash} | (detail or {}) | ({"reverts": action.reverts} if action.reverts else {}),
        approvals=consents_of(consents),
    )
