"""What operators and auditors look at beside the tables: the policy in force, the checks of the doctor, the chain of the audit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from assistant.entrypoints.web.long_work import LongWork
from assistant.governance.anchoring import Examination
from assistant.governance.policy import Policy
from assistant.governance.replay import KeptPolicies
from assistant.ports.store import UnitOfWork
from kb.model import IngestRun


class Finding(Protocol):
    """One check of the doctor: ``state`` is ok, note or bad; ``advice`` says what to do."""

    @property
    def name(self) -> str:
        """What was looked at."""

    @property
    def state(self) -> str:
        """How it stands."""

    @property
    def says(self) -> str:
        """What was found."""

    @property
    def advice(self) -> str:
        """What to do about it."""


@dataclass(frozen=True, slots=True)
class Watching:
    """Ready parts for the pages of operators and auditors."""

    in_force: Callable[[UnitOfWork], Policy]
    policies: KeptPolicies
    checks: LongWork[Sequence[Finding]]
    ingest_runs: Callable[[], list[IngestRun]]
    chain: LongWork[Examination]
    channels: Callable[[], dict[str, dict[str, Any]]]
    """The ways in beside the web, and how each stands."""
