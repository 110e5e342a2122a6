"""Tokens: what is accepted is exactly what was issued for us, lately, with our key."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from assistant.entrypoints.tokens import AUDIENCE, TokenRefused, Tokens
from assistant.settings import Settings

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
        (signed(sub="guest:slack:U1"), "names nobody"),
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


# -- several keys -------------------------------------------------------------------------------------------------------

OLD, NEW = b"o" * 32, b"n" * 32
ROTATED = Tokens(KEY, 15, {"2026-11": NEW, "2026-05": OLD})


def test_the_first_key_signs_and_is_named_in_the_token() -> None:
    token, _ = ROTATED.issue("maria.santos")
    assert jwt.get_unverified_header(token)["kid"] == "2026-11"
    assert jwt.decode(token, NEW, algorithms=["HS256"], audience=AUDIENCE)["sub"] == "maria.santos"


def test_an_older_key_verifies_until_it_is_removed() -> None:
    token = signed(key=OLD, header={"kid": "2026-05"})
    assert ROTATED.person_of(token)[0] == "maria.santos"
    with pytest.raises(TokenRefused, match="not valid"):
        Tokens(KEY, 15, {"2026-11": NEW}).person_of(token)


def test_a_token_without_the_name_of_a_key_is_tried_with_each() -> None:
    assert ROTATED.person_of(signed(key=OLD))[0] == ROTATED.person_of(signed(key=NEW))[0] == "maria.santos"


@pytest.mark.parametrize("kid", ["2026-11", "1999-01", "", "../../dev/null"])
def test_a_token_that_names_a_key_is_tried_with_that_key_alone(kid: str) -> None:
    with pytest.raises(TokenRefused, match="not valid"):
        ROTATED.person_of(signed(key=OLD, header={"kid": kid}))


def test_where_keys_are_set_the_key_of_the_installation_signs_nobody_in() -> None:
    with pytest.raises(TokenRefused, match="not valid"):
        ROTATED.person_of(signed(key=KEY))


def test_an_expired_token_of_an_older_key_is_said_to_have_expired() -> None:
    with pytest.raises(TokenRefused, match="expired"):
        ROTATED.person_of(signed(key=OLD, iat=now_plus(minutes=-10), exp=now_plus(seconds=-61)))


@pytest.mark.parametrize(
    ("keys", "why"), [({"a": "short"}, "fewer than 32"), ({"a b": "k" * 32}, "a key's name"), ({str(n): "k" * 32 for n in range(9)}, "at most 8")]
)
def test_keys_that_are_none_stop_the_start(keys: dict[str, str], why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTLINE_TOKEN_SECRETS", json.dumps(keys))
    with pytest.raises(ValueError, match=why):
        Settings()
