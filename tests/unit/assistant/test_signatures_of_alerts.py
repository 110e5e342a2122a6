"""Who may deliver alerts under a source's name: Grafana's signature in both of its forms, with the headers that it is set up with."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from pydantic import ValidationError

from assistant.connections import alert_sources
from assistant.entrypoints.alert_sources.mapping import read_mapping
from assistant.entrypoints.alert_sources.source import Source
from assistant.entrypoints.signatures import SignatureRefused
from assistant.settings import AlertSource, Settings

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SECRET = "a secret of tests only"
BODY = b'{"version": "1", "alerts": []}'
DIGEST = f"sha256:{sha256(BODY).hexdigest()}"
SIGNATURE, TIME = "x-grafana-alerting-signature", "x-grafana-alerting-timestamp"


def source(signature_header: str = "X-Grafana-Alerting-Signature", time_header: str = "") -> Source:
    return Source("grafana", "grafana", SECRET.encode(), read_mapping(), False, signature_header, time_header)


def seconds(ago: float = 0) -> str:
    return str(int((NOW - timedelta(seconds=ago)).timestamp()))


def signature(said: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), said, sha256).hexdigest()


def timed(at: str, body: bytes = BODY) -> str:
    return signature(at.encode() + b":" + body)


def test_a_body_that_is_signed_alone_is_known_by_its_digest_the_next_time() -> None:
    assert source().admit({SIGNATURE: signature(BODY)}, BODY, NOW) == DIGEST
    assert source().admit({SIGNATURE: signature(BODY)}, BODY, NOW + timedelta(days=300)) == DIGEST


def test_a_body_that_is_signed_with_the_time_is_taken_just_then() -> None:
    for ago in (0, 299, -299):
        at = seconds(ago)
        assert source(time_header="X-Grafana-Alerting-Timestamp").admit({SIGNATURE: timed(at), TIME: at}, BODY, NOW) == DIGEST
        assert source().admit({SIGNATURE: timed(at), TIME: at}, BODY, NOW) == DIGEST


@pytest.mark.parametrize("ago", [301, -301, 86_400])
@pytest.mark.parametrize("named", ["", "X-Grafana-Alerting-Timestamp"])
def test_a_time_that_is_not_now_is_refused_though_the_signature_is_right(ago: int, named: str) -> None:
    at = seconds(ago)
    with pytest.raises(SignatureRefused, match="too old or from the future"):
        source(time_header=named).admit({SIGNATURE: timed(at), TIME: at}, BODY, NOW)


def test_where_the_header_of_the_time_is_named_a_delivery_without_it_is_refused() -> None:
    for headers in ({SIGNATURE: signature(BODY)}, {SIGNATURE: signature(BODY), TIME: ""}):
        with pytest.raises(SignatureRefused, match="does not say its time: name X-When in Grafana"):
            source(time_header="X-When").admit(headers, BODY, NOW)


def test_headers_have_the_names_that_grafana_was_set_up_with() -> None:
    named, at = source("X-Signed", "X-When"), seconds()
    assert named.admit({"x-signed": timed(at), "x-when": at}, BODY, NOW) == DIGEST
    with pytest.raises(SignatureRefused, match="is not signed"):
        named.admit({SIGNATURE: timed(at), TIME: at}, BODY, NOW)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({SIGNATURE: signature(BODY, "another secret of tests")}, BODY),
        ({SIGNATURE: signature(BODY)}, BODY + b" "),
        ({SIGNATURE: ""}, BODY),
        ({SIGNATURE: "ä"}, BODY),
        ({SIGNATURE: signature(BODY), TIME: seconds()}, BODY),
        ({SIGNATURE: timed(seconds())}, BODY),
        ({SIGNATURE: timed(seconds(400)), TIME: seconds()}, BODY),
    ],
    ids=["another secret", "another body", "empty", "no hexadecimal", "time beside it", "time left out", "another time"],
)
def test_a_wrong_signature_is_refused(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(SignatureRefused, match="the signature is wrong"):
        source().admit(headers, body, NOW)


@pytest.mark.parametrize("at", ["now", "1e9", "9" * 30, "-" + "9" * 30])
def test_a_time_that_cannot_be_read_is_refused(at: str) -> None:
    with pytest.raises(SignatureRefused, match="cannot be read"):
        source().admit({SIGNATURE: timed(at), TIME: at}, BODY, NOW)


def test_the_headers_of_a_source_come_from_its_settings() -> None:
    one = {"kind": "grafana", "secret": SECRET}
    settings = Settings(alert_sources={"plain": one, "named": one | {"signature_header": "X-Signed", "time_header": "X-When"}})  # type: ignore[dict-item]
    found = alert_sources(settings)
    assert [(one.signature_header, one.time_header) for one in found.values()] == [("X-Grafana-Alerting-Signature", ""), ("X-Signed", "X-When")]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"time_header": "X-When:"}, "pattern"),
        ({"signature_header": ""}, "pattern"),
        ({"time_header": "x-grafana-alerting-signature"}, "two headers that are used for nothing else"),
        ({"signature_header": "Authorization"}, "two headers that are used for nothing else"),
        ({"kind": "ninjaone", "token_allowed": True, "time_header": "X-When"}, "ninjaone cannot sign"),
    ],
)
def test_headers_that_cannot_be_used_are_refused_at_the_start(given: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        AlertSource.model_validate({"kind": "grafana", "secret": SECRET} | given)
