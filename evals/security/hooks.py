"""Plays the rows about signed reports of other systems, against the one surface that takes them: ``/webhooks/desk``."""

from __future__ import annotations

import hmac
import json
import re
import secrets
import time
from dataclasses import dataclass
from hashlib import sha256

from evals.security import words
from evals.security.stage import NotUnderstood, Play, Stage
from evals.security.wire import Header, ask

PATH = "/webhooks/desk"
SECRET = "a secret of this measurement, long enough"
SETTINGS = {"DESK": "zendesk", "DESK_URL": "http://127.0.0.1:9", "DESK_ACCOUNT": "a@desk.example", "DESK_TOKEN": "t", "DESK_HOOK_SECRET": SECRET}
"""A desk that reports to us and answers nothing."""


@dataclass
class _Report:
    """A good report until something of it is changed."""

    body: bytes
    signed: bytes
    secret: str = SECRET
    moment: float = 0.0
    delivery: str = ""
    left_out: str = ""
    times: int = 1

    @classmethod
    def good(cls) -> _Report:
        body = b'{"ticket": "424242",  "event": "closed"}'
        return cls(body, body, moment=time.time(), delivery=secrets.token_hex(8))

    def headers(self) -> list[Header]:
        stamp = str(int(self.moment))
        made = hmac.new(self.secret.encode(), f"{stamp}.{self.delivery}.".encode() + self.signed, sha256).hexdigest()
        said = [("X-Firstline-Timestamp", stamp), ("X-Firstline-Delivery", self.delivery), ("X-Firstline-Signature", f"sha256={made}")]
        return [("Content-Type", "application/json"), *(header for header in said if not (self.left_out and self.left_out in header[0].lower()))]


def report(stage: Stage, payload: str) -> Play:
    """Send the report that the row describes; one that is repeated must be taken in once."""
    made = _Report.good()
    if not any([_body(made, payload.lower()), _time(made, payload.lower()), _signature(made, payload.lower()), _repeated(made, payload.lower())]):
        raise NotUnderstood("what is wrong with the report")
    before = stage.served.state().get("outside_deliveries", 0)
    answers = [ask(stage.served, "POST", PATH, made.headers(), made.body) for _ in range(made.times)]
    taken = stage.served.state().get("outside_deliveries", 0) - before
    accepted = any(answer.status < 300 for answer in answers)
    faults = [] if taken <= accepted else [f"taken in {taken} times"]
    return Play(tuple(answer.status for answer in answers), tuple(faults))


def _body(made: _Report, lower: str) -> bool:
    if re.search(r"parsed|re-?serial|re-?encod|pretty|canonical|whitespace", lower):
        made.signed = json.dumps(json.loads(made.body)).encode()
    elif re.search(r"another body|other body|body (?:is )?(?:alter|chang|tamper)|(?:alter|tamper)\w* body", lower):
        made.signed = b'{"ticket": "1"}'
    else:
        return False
    return True


def _time(made: _Report, lower: str) -> bool:
    length = words.duration(lower)
    if re.search(r"no timestamp|timestamp (?:is )?(?:missing|absent)|without (?:a )?timestamp", lower):
        made.left_out = "timestamp"
    elif length and re.search(r"old|ago|past|stale|late", lower):
        made.moment -= length
    elif length and re.search(r"future|ahead|early", lower):
        made.moment += length
    else:
        return False
    return True


def _signature(made: _Report, lower: str) -> bool:
    if re.search(r"no signature|signature (?:is )?(?:missing|absent)|unsigned|without (?:a )?signature", lower):
        made.left_out = "signature"
    elif re.search(r"no delivery|delivery id (?:is )?(?:missing|absent)", lower):
        made.left_out = "delivery"
    elif re.search(r"(?:wrong|other|another|old|rotated|empty|leaked) (?:secret|key)", lower):
        made.secret = "the secret of somebody else"
    else:
        return False
    return True


def _repeated(made: _Report, lower: str) -> bool:
    if not re.search(r"replay|twice|repeat|again|same (?:delivery|event)|duplicate|times", lower):
        return False
    made.times = 2
    return True
