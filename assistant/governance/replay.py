"""Makes a recorded decision again, from the record and the policy that was in force, and says whether it comes out the same."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from assistant.domain.audit import AuditLine
from assistant.governance.policy import Facts, Policy, PolicyError
from assistant.governance.policy_file import parse_policy

_VERSION = re.compile(r"[0-9a-f]{12,64}")


class Comparison(StrEnum):
    """What came of making a decision again."""

    SAME = "same"
    DIFFERENT = "different"
    NOT_DECIDED = "no policy decided this"
    """The step is none of the policy's: reading a message, writing down what somebody did."""
    IMPOSSIBLE = "cannot be replayed"
    """A policy decided it, and the record or the policy of then is not whole."""


@dataclass(frozen=True, slots=True)
class Replay:
    """One record, decided again."""

    number: int
    step: str
    comparison: Comparison
    policy: str = ""
    recorded: str = ""
    """Verdict and rule as recorded."""
    again: str = ""
    """Verdict and rule as the policy of then says now."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class KeptPolicies:
    """Every policy file that was ever in force here, by its version."""

    folder: Path

    def keep(self, policy: Policy) -> None:
        """Keep the text of a policy durably, unless its version is there.

        Raises:
            OSError: it cannot be written.
        """
        path = self.folder / f"{policy.version}.toml"
        if path.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{policy.version}.{secrets.token_hex(4)}")
        with fresh.open("w", encoding="utf-8", newline="") as file:
            file.write(policy.text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)

    def policy(self, version: str) -> Policy:
        """Return a policy that was in force.

        Raises:
            PolicyError: it is not here, or it is not what it was.
        """
        path = self.folder / f"{version}.toml"
        if not _VERSION.fullmatch(version) or not path.exists():
            raise PolicyError(f"the policy of version {version} is not kept here")
        try:
            with path.open(encoding="utf-8", newline="") as file:
                policy = parse_policy(file.read(), str(path))
        except (OSError, ValueError) as error:
            raise PolicyError(f"the policy of version {version} cannot be read: {error}") from error
        if policy.version != version:
            raise PolicyError(f"the file {path.name} was changed: it is not the policy of version {version}")
        return policy


def replay(line: AuditLine, policies: KeptPolicies) -> Replay:
    """Decide a record again. Nothing but the record and the policy of then is looked at."""
    record = line.facts
    step, version, facts = str(record.get("step", "")), str(record.get("policy", "")), record.get("facts")
    if not version:
        return Replay(line.number, step, Comparison.NOT_DECIDED)
    if not facts or not isinstance(facts, dict):
        if record.get("verdict") or "facts" not in record:
            why = "the record does not hold what the policy decided by"
            return Replay(line.number, step, Comparison.IMPOSSIBLE, version, why=why)
        return Replay(line.number, step, Comparison.NOT_DECIDED, version)
    recorded = _said(str(record.get("verdict", "")), str(record.get("rule", "")))
    try:
        again = _decided(policies.policy(version), facts)
    except (PolicyError, TypeError, ValueError, KeyError) as error:
        return Replay(line.number, step, Comparison.IMPOSSIBLE, version, recorded, why=str(error))
    comparison = Comparison.SAME if again == recorded else Comparison.DIFFERENT
    return Replay(line.number, step, comparison, version, recorded, again)


def _decided(policy: Policy, facts: dict[str, Any]) -> str:
    if "tool" in facts:
        decision = policy.judge(Facts.of_record(facts))
        return _said(decision.verdict.value, decision.rule)
    band = str(facts["step"])
    return _said(policy.decide(band, float(facts["confidence"])).value, f"steps.{band}")


def _said(verdict: str, rule: str) -> str:
    return f"{verdict} by “{rule}”"
