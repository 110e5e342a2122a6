"""Tokens: what is accepted is exactly what was issued for us, lately, with our key."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from assistant.entrypoints.tokens import AUDIENCE, TokenRefused, Tokens

KEY = b"k" * 32
TOKENS = Tokens(KEY, 15)


def signed(key: bytes = KEY, algorithm: str = "HS256", header: dict[str, Any] | None = None, **changes: Any) -> str:
    """Return a token that would be accepted but for the changes; a change to None takes the claim away."""
    now = datetime.now(UTC).timestamp()
    claims = {"sub": "maria.santos", "aud": AUDIENCE, "iat": now - 5, "exp": now + 600} | changes
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm=algorithm, headers=header)


def unsigned(**changes: Any) -> str:
    """Return a token of algorithm ``none``."""
    head, body, _ = signed(**changes).split(".")
    plain = urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).decode().rstrip("=")
    return f"{plain}.{body}."


def now_plus(**delta: float) -> float:
    return (datetime.now(UTC) + timedelta(**delta)).timestamp()


def test_an_issued_token_names_its_person_until_it_expires() -> None:
    token, until = TOKENS.issue("maria.santos")
    person, expires = TOKENS.person_of(token)
    assert person == "maria.santos"
    assert abs((expires - until).total_seconds()) < 1
    assert timedelta(minutes=14) < until - datetime.now(UTC) <= timedelta(minutes=15)


def test_the_token_of_the_tests_is_accepted_when_nothing_is_changed() -> None:
    assert TOKENS.person_of(signed())[0] == "maria.santos"


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("", "required"),
        ("x" * 5_000, "required"),
        ("not.a.token", "not valid"),
        ("æøå", "not valid"),
        (unsigned(sub="ingrid.lindqvist"), "not valid"),
        (signed(key=b"o" * 32), "not valid"),
        (signed(key=KEY * 2, algorithm="HS512"), "not valid"),
        (signed(aud="another-installation"), "not valid"),
        (signed(aud=None), "not valid"),
        (signed(aud=["firstlin"]), "not valid"),
        (signed(exp=None), "not valid"),
        (signed(iat=None), "not valid"),
        (signed(sub=None), "not valid"),
        (signed(sub=None, email="ingrid.lindqvist@lindqvist.example"), "not valid"),
        (signed(sub=""), "names nobody"),
        (signed(sub=7), "not valid"),
        (signed(iat=now_plus(hours=1), exp=now_plus(hours=1.5)), "not valid"),
        (signed(nbf=now_plus(minutes=10)), "not valid"),
        (signed(iat=now_plus(minutes=-10), exp=now_plus(seconds=-61)), "expired"),
        (signed(exp=now_plus(hours=1.01)), "too long"),
        (signed(exp=now_plus(days=400_000)), "too long"),
        (signed(exp=10**30), "too long"),
        (signed(exp=1e300), "too long"),
        (signed(iat=-(10**9)), "too long"),
        (signed(exp=str(int(now_plus(minutes=50)))), "not valid"),
        (signed(iat=str(int(now_plus(minutes=-1)))), "not valid"),
        (signed(exp="soon"), "not valid"),
        (signed(exp=float("nan")), "not valid"),
        (signed(exp=float("inf")), "not valid"),
    ],
)
def test_anything_else_is_refused_with_its_reason(token: str, reason: str) -> None:
    with pytest.raises(TokenRefused, match=reason):
        TOKENS.person_of(token)


def test_a_claim_that_looks_like_an_identity_does_not_change_who_it_is() -> None:
    token = signed(email="ingrid.lindqvist@lindqvist.example", email_verified=True, preferred_username="ingrid.lindqvist", user_id="ingrid.lindqvist")
    assert TOKENS.person_of(token)[0] == "maria.santos"


@pytest.mark.parametrize("kid", ["../../dev/null", "'; DROP TABLE people; --", "http://attacker.invalid/key"])
def test_a_key_id_in_the_header_leads_to_no_other_key(kid: str) -> None:
    assert TOKENS.person_of(signed(header={"kid": kid, "jku": kid, "x5u": kid}))[0] == "maria.santos"
    with pytest.raises(TokenRefused):
        TOKENS.person_of(signed(key=bytes(32), header={"kid": kid, "jku": kid, "x5u": kid}))


def test_a_clock_that_is_a_few_seconds_off_is_forgiven() -> None:
    assert TOKENS.person_of(signed(iat=now_plus(minutes=-10), exp=now_plus(seconds=-20)))[0] == "maria.santos"
    assert TOKENS.person_of(signed(iat=now_plus(seconds=20)))[0] == "maria.santos"
