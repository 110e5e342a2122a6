"""What the security measures read out of a row's words, and how they count."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import pytest

from assistant.entrypoints.tokens import TokenRefused, Tokens
from evals.security import words
from evals.security.forged import Forged
from evals.security.outcome import Outcome, Verdict, failed, metrics_of
from evals.security.probed import _probe

KEY = b"the key of this installation, long enough for HS256"


@pytest.mark.parametrize(
    ("said", "rate"),
    [
        ("200 messages per second for 10 s", (200, 10.0)),
        ("1 000 pings per second", (1000, 5.0)),
        ("50 frames/s for 1 minute", (50, 60.0)),
        ("slowly", None),
    ],
)
def test_a_rate_is_read_from_words(said: str, rate: tuple[int, float] | None) -> None:
    assert words.rate(said) == rate


def test_sizes_depths_times_headers_and_objects_are_read() -> None:
    assert words.size("frame of 5 MB") == 5_000_000
    assert words.size("one frame of 600 KiB") == 614_400
    assert words.depth("JSON nested 100 000 deep") == 100_000
    assert words.duration("exp in the past by 61 s") == 61
    assert words.duration("iat 2 hours ahead") == 7_200
    assert words.headers("X-User-ID: ceo / X-Forwarded-User: ceo from a browser") == [("X-User-ID", words.BOSS), ("X-Forwarded-User", words.BOSS)]
    assert words.headers("Origin: https://help.corp.example.evil.example") == [("Origin", "https://help.corp.example.evil.example")]
    assert words.headers("Host: evil.example on link-building endpoints") == [("Host", "evil.example")]
    assert json.loads(words.objects('{"a":{"b":1},"text":"hi"} on a socket of alice')) == {"a": {"b": 1}, "text": "hi"}
    assert words.claims("email=ceo@corp.example, email_verified=false, sub=alice: identity stays") == {
        "email": "ceo@corp.example",
        "email_verified": "false",
        "sub": "alice",
    }


REFUSED = [
    "alg=none, sub=ceo",
    "alg=NoNe",
    "HS256 signed with the RS256 public key",
    "alg=HS512, otherwise good",
    "RS256 token signed with a key of the attacker",
    "valid signature, exp in the past by 61 s",
    "expired two days ago",
    "exp 30 days in the future",
    "iat 10 minutes in the future",
    "nbf 1 hour in the future",
    "valid signature, aud of another installation",
    "wrong audience",
    "valid signature, no exp claim",
    "no iat claim",
    "without aud",
    "sub missing, email present",
    "kid=../../dev/null",
    "kid=' UNION SELECT 'x",
    "jku pointing to https://evil.example/jwks.json",
    "jwk embedded in the header",
    "signature stripped",
    "payload altered after signing",
    "signed with another key",
    "token truncated",
    "garbage instead of a token",
    "empty token",
    "token with five segments",
    "unknown user, otherwise good",
]


@pytest.mark.parametrize("row", REFUSED)
def test_every_kind_of_wrong_token_is_made_and_refused(row: str) -> None:
    forged = Forged.of(row, KEY)
    assert forged.changes, "the row was understood"
    try:
        person, _ = Tokens(KEY, 15).person_of(forged.token())
    except TokenRefused:
        return
    assert person not in words.PEOPLE.values(), "only the directory can refuse it"


def facts(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    return dict(json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4))))


def test_a_good_token_with_an_email_address_stays_good() -> None:
    forged = Forged.of("email=ceo@corp.example, email_verified=false, sub=alice: identity stays alice", KEY)
    assert Tokens(KEY, 15).person_of(forged.token())[0] == words.ALICE
    assert facts(forged.token())["email"] == "ceo@corp.example"


def test_words_that_ask_for_nothing_known_change_nothing() -> None:
    assert Forged.of("something quite different", KEY).changes == []


def outcome(verdict: Verdict, tries: int = 1) -> Outcome:
    return Outcome("X-1", "kind", verdict, tries=tries)


def test_the_bound_comes_from_the_attempts_that_were_played() -> None:
    metrics = metrics_of([outcome(Verdict.PASSED, 100), outcome(Verdict.PASSED, 200), outcome(Verdict.NOT_APPLICABLE, 0)])
    assert (metrics["attempts"].value, metrics["failed_share"].value, metrics["failed_share"].high) == (300, 0, 0.01)
    assert (metrics["kind passed"].value, metrics["kind not applicable"].value) == (2, 1)


def test_a_row_that_failed_or_was_not_understood_blocks_and_one_without_a_surface_does_not() -> None:
    assert not failed([outcome(Verdict.PASSED), outcome(Verdict.NOT_APPLICABLE)])
    assert failed([outcome(Verdict.PASSED), outcome(Verdict.FAILED)])
    assert failed([outcome(Verdict.NOT_UNDERSTOOD)])


def test_the_probe_sees_an_event_loop_that_is_blocked(tmp_path: Path) -> None:
    place = tmp_path / "lateness"
    file = os.open(place, os.O_WRONLY | os.O_CREAT)

    async def blocked() -> None:
        probe = asyncio.create_task(_probe(file))
        await asyncio.sleep(0.05)
        time.sleep(0.25)
        await asyncio.sleep(0.05)
        probe.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await probe

    asyncio.run(blocked())
    os.close(file)
    assert max(float(line.split()[2]) for line in place.read_text().splitlines()) > 150
