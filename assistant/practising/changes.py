"""Composes compliance and changes."""

from __future__ import annotations

from assistant.governance import change_rules, compliance_rules
from assistant.practising.ready import Ready
from assistant.workflows.change_errands import change_errands
from assistant.workflows.changing import ChangePractice
from assistant.workflows.errands import Errand


def compose(ready: Ready) -> tuple[ChangePractice, dict[str, Errand]]:
    """Return the practice and its errands."""
    practice = ChangePractice(
        ready.store,
        ready.clock,
        ready.fleet,
        ready.acting.fulfilment,
        compliance_rules.rules_of(ready.policy),
        change_rules.rules_of(ready.policy),
        lambda: ready.outward.workplace.company().timezone,
        lambda: ready.notify([]),
    )
    return practice, change_errands(practice)
