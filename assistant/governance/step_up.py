"""One-time codes: who can be asked for one, what is asked, and whether an answer holds. Pure; the clock and the key are arguments."""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import pyotp

from assistant.domain.configuration import Person
from assistant.domain.secret import Secret
from assistant.domain.step_up import Challenge, Channel, SecondFactor, may_recover

LIFE = timedelta(minutes=10)
MOST_TRIES = 5
DIGITS = 6
STEP_SECONDS = 30
STEPS_ASIDE = 1
"""How many half minutes the clock of an app may be ahead or behind."""
ISSUER = "Firstline"
APP_KEY_BYTES = 20


class Verdict(StrEnum):
    """What became of a code."""

    ACCEPTED = "accepted"
    WRONG = "wrong"
    """It may be tried again."""
    EXHAUSTED = "exhausted"
    """That was the last try: the action has to be cancelled."""
    EXPIRED = "expired"
    USED = "used"
    """A challenge is answered once."""
    ALTERED = "altered"
    """The action is not the one that the code was asked for."""
    NO_FACTOR = "no_factor"
    """The app was removed or registered anew meanwhile."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A verdict, and what has to be stored in the same transaction, whatever the verdict is."""

    verdict: Verdict
    challenge: Challenge
    factor: SecondFactor | None = None

    @property
    def accepted(self) -> bool:
        """Say whether the action may go on."""
        return self.verdict is Verdict.ACCEPTED


def channel_of(person: Person, company_domain: str, factor: SecondFactor | None) -> Channel | None:
    """Return how a person can be asked: by the registered app, else by the recovery address, else not at all."""
    if factor is not None:
        return Channel.TOTP
    return Channel.NOTICE if may_recover(person, company_domain) else None


def begin(action: str, action_hash: str, channel: Channel, now: datetime, key: bytes) -> tuple[Challenge, Secret | None]:
    """Return a challenge for one action, and the code to be sent for it; None where an app makes the code.

    The code follows from the action and the key: a notice that is sent twice, which mail programs show once, says the same code twice.
    """
    if channel is Channel.TOTP:
        return Challenge(action, action_hash, "", channel, now + LIFE), None
    derived = hmac.digest(key, f"code\0{action}\0{action_hash}".encode(), "sha256")
    code = f"{int.from_bytes(derived) % 10**DIGITS:0{DIGITS}}"
    return Challenge(action, action_hash, _digest(action, action_hash, code, key), channel, now + LIFE), Secret(code)


def check(challenge: Challenge, action_hash: str, code: str, now: datetime, key: bytes, factor: SecondFactor | None = None) -> Checked:
    """Judge a code. Store ``challenge`` and ``factor`` of what is returned and commit, also when the verdict is no.

    Both have to be loaded in the same transaction, so that nobody gets more tries by asking twice at the same time.
    """
    refused = _closed(challenge, action_hash, now, factor)
    if refused is not None:
        return Checked(refused, challenge, factor)
    given = _digits(code)
    step = _matching_step(factor, given, now, key) if challenge.channel is Channel.TOTP and factor is not None else None
    sent = challenge.channel is Channel.NOTICE and hmac.compare_digest(_digest(challenge.action, action_hash, given, key), challenge.digest)
    if step is None and not sent:
        after = replace(challenge, tries=challenge.tries + 1)
        return Checked(Verdict.EXHAUSTED if after.tries >= MOST_TRIES else Verdict.WRONG, after, factor)
    used = factor if factor is None or step is None else replace(factor, last_step=step)
    return Checked(Verdict.ACCEPTED, replace(challenge, used_at=now), used)


def _closed(challenge: Challenge, action_hash: str, now: datetime, factor: SecondFactor | None) -> Verdict | None:
    """Return why no code can be accepted at all, None when one can."""
    if challenge.used_at is not None:
        return Verdict.USED
    if challenge.tries >= MOST_TRIES:
        return Verdict.EXHAUSTED
    if now >= challenge.expires_at:
        return Verdict.EXPIRED
    if not hmac.compare_digest(challenge.hash.encode(), action_hash.encode()):
        return Verdict.ALTERED
    asked_at = challenge.expires_at - LIFE
    if challenge.channel is Channel.TOTP and (factor is None or factor.registered_at > asked_at):
        return Verdict.NO_FACTOR
    return None


def _digits(code: str) -> str:
    """Return a code as typed without its spaces, "" when it can be none."""
    given = "".join(code.split())
    return given if len(given) == DIGITS and given.isascii() and given.isdecimal() else ""


def enrol(person: str, now: datetime) -> SecondFactor:
    """Return a fresh second factor for a person."""
    return SecondFactor(person, secrets.token_hex(APP_KEY_BYTES), now)


def enrolment_uri(factor: SecondFactor, company: str, key: bytes) -> Secret:
    """Return the address that an authenticator app scans; it is shown once and stored nowhere."""
    return Secret(_app(factor, key).provisioning_uri(name=factor.person, issuer_name=f"{ISSUER} {company}".strip()))


def _app(factor: SecondFactor, key: bytes) -> pyotp.TOTP:
    derived = hmac.digest(key, f"totp\0{factor.person}\0{factor.secret}".encode(), "sha256")[:APP_KEY_BYTES]
    return pyotp.TOTP(b32encode(derived).decode(), digits=DIGITS, interval=STEP_SECONDS)


def _matching_step(factor: SecondFactor, code: str, now: datetime, key: bytes) -> int | None:
    """Return the half minute whose code this is, unless that one or a later one was accepted before. RFC 6238, section 5.2."""
    app, current, found = _app(factor, key), int(now.timestamp()) // STEP_SECONDS, None
    for step in range(current - STEPS_ASIDE, current + STEPS_ASIDE + 1):
        if hmac.compare_digest(app.generate_otp(step).encode(), code.encode()) and step > factor.last_step:
            found = step
    return found


def _digest(action: str, action_hash: str, code: str, key: bytes) -> str:
    return hmac.new(key, f"step-up\0{action}\0{action_hash}\0{code}".encode(), "sha256").hexdigest()
