"""Tokens that somebody else might try, made from the words of a row."""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256, sha384, sha512
from typing import Any

from assistant.entrypoints.tokens import AUDIENCE
from evals.security.words import ALICE, PEOPLE, claims, duration

ATTACKERS_KEY = b"a key of somebody else, long enough for any of the algorithms in use"
PUBLIC_KEY = b"-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL\n-----END PUBLIC KEY-----\n"
HASHES = {"HS256": sha256, "HS384": sha384, "HS512": sha512}
IN_HEADER = ("kid", "jku", "x5u", "x5c", "jwk", "typ", "cty", "crit", "b64", "zip")
_CLAIM = "(exp|sub|aud|iat|nbf|iss|jti)"
ABSENT = re.compile(rf"\b(?:no|without(?: an?)?|missing|lacks?(?: the)?)\s+[`'\"]?{_CLAIM}\b|\b{_CLAIM}(?: claim)? (?:is )?(?:missing|absent)")
DAY = 86_400


@dataclass
class Forged:
    """A token of alice that is good but for what was changed; ``changes`` names what was."""

    key: bytes
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "HS256", "typ": "JWT"})
    facts: dict[str, Any] = field(default_factory=dict)
    signed: bool = True
    bend: Callable[[str], str] = str
    changes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, words: str, key: bytes) -> Forged:
        """Change what the words ask for; nothing is changed when they ask for nothing known."""
        now = int(time.time())
        made = cls(key, facts={"sub": ALICE, "aud": AUDIENCE, "iat": now - 60, "exp": now + 600})
        for rule in (_header, _algorithm, _times, _names, _missing, _key, _shape):
            rule(made, words, words.lower(), now)
        return made

    def token(self) -> str:
        """Return the token as text."""
        parts = [_packed(json.dumps(part).encode()) for part in (self.header, self.facts)]
        signature = b""
        if self.signed:
            made = HASHES.get(str(self.header["alg"]), sha256)
            signature = hmac.new(self.key, ".".join(parts).encode(), made).digest()
        return self.bend(".".join([*parts, _packed(signature)]))


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _header(made: Forged, words: str, _lower: str, _now: int) -> None:
    for name, value in claims(words).items():
        if name in IN_HEADER:
            made.header[name] = value
            made.key = b"" if "null" in value else ATTACKERS_KEY
            made.changes.append(name)
    for name in ("jku", "x5u", "jwk", "crit"):
        if name not in made.header and re.search(rf"\b{name}\b", words):
            made.header[name] = (
                ["exp"] if name == "crit" else {"kty": "oct", "k": _packed(ATTACKERS_KEY)} if name == "jwk" else "https://evil.example/keys"
            )
            made.key = ATTACKERS_KEY if name != "crit" else made.key
            made.changes.append(name)


def _algorithm(made: Forged, words: str, lower: str, _now: int) -> None:
    named = claims(words).get("alg")
    if named is None and (found := re.search(r"\b([hrep]s(?:256|384|512)|eddsa)\b", lower)):
        named = found[1].upper()
    if named is None:
        return
    made.header["alg"] = named
    made.changes.append("alg")
    if named.lower() == "none" or not named:
        made.signed = False
    elif "public key" in lower:
        made.key = PUBLIC_KEY
    elif named not in HASHES:
        made.key = os.urandom(32)


def _times(made: Forged, _words: str, lower: str, now: int) -> None:
    length = int(duration(lower) or DAY)
    past = re.search(r"\bpast\b|\bago\b|expired", lower)
    future = re.search(r"\bfuture\b|from now|not yet|ahead|\bin \d", lower)
    for claim in ("exp", "nbf", "iat"):
        named = re.search(rf"\b{claim}\b", lower) or (claim == "exp" and ("expired" in lower or re.search(r"lives|lifetime|valid for", lower)))
        if not named or ABSENT.search(lower):
            continue
        if claim == "exp" and past:
            made.facts |= {"iat": now - length - 600, "exp": now - length}
        elif claim == "exp" and (future or duration(lower)):
            made.facts |= {"iat": now, "exp": now + length}
        elif future:
            made.facts[claim] = now + length
        else:
            continue
        made.changes.append(claim)


def _names(made: Forged, words: str, lower: str, _now: int) -> None:
    for name, value in claims(words).items():
        if name in ("alg", *IN_HEADER):
            continue
        told = PEOPLE.get(value.lower(), value)
        made.facts[name] = told == "true" if told in ("true", "false") else told
        made.changes.append(name)
    for claim in ("aud", "iss"):
        if claim not in claims(words) and re.search(
            rf"\b{claim}(?:ience|uer)?\b.*(?:another|other|wrong|different|foreign)|(?:wrong|other|foreign) {claim}", lower
        ):
            made.facts[claim] = "another-installation"
            made.changes.append(claim)
    if re.search(r"(?:unknown|deleted|disabled|deactivated|former|left the)", lower):
        made.facts["sub"] = "nobody.here"
        made.changes.append("sub")


def _missing(made: Forged, _words: str, lower: str, _now: int) -> None:
    for found in ABSENT.finditer(lower):
        made.facts.pop(found[1] or found[2], None)
        made.changes.append(f"no {found[1] or found[2]}")


def _key(made: Forged, _words: str, lower: str, _now: int) -> None:
    if re.search(r"(?:another|other|wrong|attacker'?s?|own|different|unknown|empty|weak) (?:signing )?(?:key|secret)|self-signed", lower):
        made.key = b"" if "empty" in lower else ATTACKERS_KEY
        made.changes.append("key")


def _shape(made: Forged, _words: str, lower: str, _now: int) -> None:
    rules: list[tuple[str, Callable[[str], str]]] = [
        (
            r"signature (?:is )?(?:stripped|removed|missing|empty|cut)|no signature|empty signature|unsigned",
            lambda token: token.rsplit(".", 1)[0] + ".",
        ),
        (r"(?:tamper|alter|modif|chang|flip)\w*", lambda token: _flipped(token)),
        (r"truncat\w*|half of", lambda token: token[: len(token) // 2]),
        (r"not a (?:jwt|token)|garbage|random (?:bytes|text)|malformed", lambda _: "x.y.z"),
        (r"(?:four|five|extra|too many) (?:segments|parts)|\bjwe\b", lambda token: token + ".x.y"),
        (r"(?:very )?(?:long|huge|large|big) token|token of \d", lambda token: token + "A" * 20_000),
        (r"empty token|token (?:is )?empty", lambda _: ""),
    ]
    for pattern, bend in rules:
        if re.search(pattern, lower):
            made.bend = bend
            made.changes.append("shape")
            return


def _flipped(token: str) -> str:
    head, body, signature = token.split(".")
    facts = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return f"{head}.{_packed(json.dumps(facts | {'sub': PEOPLE['ceo']}).encode())}.{signature}"
