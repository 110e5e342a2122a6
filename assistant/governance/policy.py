"""Who decides: the assistant, the assistant after asking, or a person. Read from ``policy.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

PACKAGED = Path(__file__).with_name("policy.toml")
REQUIRED = ("answer", "attach")
"""Steps whose bands are looked up by themselves, so that a policy without them cannot be used."""


class Disposition(StrEnum):
    """What may be done with a result."""

    AUTO = "auto"
    """Go ahead."""
    REVIEW = "review"
    """Ask first."""
    ESCALATE = "escalate"
    """Leave it to a person."""


class PolicyError(ValueError):
    """The policy file cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Band:
    """Confidence from ``auto`` up goes ahead, from ``review`` up asks first, anything less goes to a person."""

    auto: float
    review: float


@dataclass(frozen=True, slots=True)
class Policy:
    """The bands of each step. ``version`` is a digest of the file, for the audit."""

    version: str
    bands: dict[str, Band]

    def decide(self, step: str, confidence: float) -> Disposition:
        """Return the disposition of a step's result; an unknown step or a confidence outside [0, 1] escalates."""
        band = self.bands.get(step)
        if band is None or not 0 <= confidence <= 1:
            return Disposition.ESCALATE
        if confidence >= band.auto:
            return Disposition.AUTO
        return Disposition.REVIEW if confidence >= band.review else Disposition.ESCALATE


def load_policy(path: Path = PACKAGED) -> Policy:
    """Read a policy file.

    Raises:
        PolicyError: the file is missing, is not TOML, lacks a required step, or has a step without sensible bands.
    """
    try:
        text = path.read_text(encoding="utf-8")
        steps = tomllib.loads(text)["steps"]
        bands = {name: Band(float(row["auto"]), float(row["review"])) for name, row in steps.items()}
    except (OSError, tomllib.TOMLDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise PolicyError(f"the policy file {path} cannot be used: {error}") from error
    missing = [name for name in REQUIRED if name not in bands]
    if missing:
        raise PolicyError(f"the policy file {path} cannot be used: it has no bands for {' and '.join(missing)}")
    for name, band in bands.items():
        if not 0 <= band.review <= band.auto <= 1:
            raise PolicyError(f"step {name} in {path}: 0 <= review <= auto <= 1 does not hold")
    return Policy(sha256(text.encode()).hexdigest()[:12], bands)
