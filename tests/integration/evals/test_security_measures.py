"""The measures that need a running service: what they pass, what they block, and what they never count as passed."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evals.security import hooks, protocol, traversal, uploads
from evals.security.outcome import Outcome, Verdict
from evals.security.served import Served, serving
from tests.support.service import copy_demo


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("measured") / "a" / "b"
    made.mkdir(parents=True)
    return made


@pytest.fixture(scope="module")
def served(model_home: Path, place: Path) -> Iterator[Served]:
    with serving(place, copy_demo(place / "home", model_home), print, hooks.SETTINGS) as running:
        yield running


def row(kind: str, payload: str, *codes: int) -> dict[str, Any]:
    expected = {"status_or_close_code_in": list(codes), "no_state_change_unless_2xx": True, "security_event_logged": True}
    return {"id": payload[:20], "kind": kind, "payload": payload, "expected": expected}


def played(served: Served, *rows: dict[str, Any]) -> list[Outcome]:
    return protocol.run(rows, served, print)


GOOD = [
    row("protocol_ws_handshake", "Origin: http://localhost:3000", 403),
    row("protocol_ws_handshake", "token in the Sec-WebSocket-Protocol header", 4401),
    row("protocol_ws_handshake", "session cookie only, no token in hello", 4401),
    row("protocol_identity_token", "iat 10 minutes in the future", 401),
    row("protocol_identity_token", "former employee, otherwise good", 401),
    row("protocol_ws_message", "fragmented message of 5 MB", 1009),
    row("protocol_ws_message", "unmasked frame", 1002),
    row("protocol_ws_message", "binary frame", 4400),
    row("protocol_ws_message", '{"type":"become_admin"}', 4400),
    row("protocol_ws_message", "400 pings per second for 5 s", 1008, 4429),
    row("protocol_http_header", "X-Remote-User: ceo", 401),
    row("protocol_csrf", "POST multipart/form-data with cookie only, Origin: https://evil.example", 403),
    row("protocol_cors", "Origin: null with credentials", 200, 403),
    row("protocol_idor", "GET /api/tickets/<bob> as alice", 403, 404),
    row("protocol_alert_http", "timestamp 301 s in the future", 401),
    row("protocol_alert_http", "signature missing", 401),
]


def test_rows_of_every_kind_are_played_and_a_good_build_passes_them(served: Served) -> None:
    outcomes = played(served, *GOOD)
    assert [outcome.line() for outcome in outcomes if outcome.verdict is not Verdict.PASSED] == []
    assert [outcome.kind for outcome in outcomes[-2:]] == ["tokens in clear", "event loop"]


def test_an_answer_other_than_expected_is_a_failure(served: Served) -> None:
    (outcome, *_) = played(served, row("protocol_ws_handshake", "valid Origin, no token", 200))
    assert (outcome.verdict, outcome.observed) == (Verdict.FAILED, "4401")


def test_a_refusal_without_a_record_is_a_failure(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Served, "refusals", lambda _: 0)
    monkeypatch.setattr(protocol, "RECORDED_SECONDS", 0.2)
    (outcome, *_) = played(served, row("protocol_ws_handshake", "Origin: null", 403))
    assert (outcome.verdict, outcome.why) == (Verdict.FAILED, "the refusal is not in the audit")


def test_a_token_in_the_log_is_a_failure(served: Served) -> None:
    served.log.write_text(served.log.read_text() + served.token("maria.santos"))
    *_, leaks, _loop = played(served)
    assert (leaks.verdict, leaks.observed) == (Verdict.FAILED, "log")
    served.minted.clear()


def test_what_has_no_surface_or_is_not_understood_is_never_passed(served: Served) -> None:
    outcomes = played(served, row("protocol_slack_http", "signature missing", 401), row("protocol_ws_message", "do something odd", 4400))
    assert [outcome.verdict for outcome in outcomes[:2]] == [Verdict.NOT_APPLICABLE, Verdict.NOT_UNDERSTOOD]


PATHS = [
    "../../../../etc/passwd",
    "%2e%2e/%2e%2e/etc/passwd",
    "..\\..\\..\\etc\\shadow%00",
    "%00",
    "/..%2f..%2f",
    "C:\\boot.ini",
    "....//....//etc/passwd",
]


def test_paths_that_climb_out_are_not_found_on_any_route(served: Served) -> None:
    rows = [{"id": path, "kind": traversal.KIND, "payload": path, "expected": {"http_status_in": [400, 404]}} for path in PATHS]
    outcomes = traversal.run(rows, served)
    assert [outcome.line() for outcome in outcomes if outcome.verdict is not Verdict.PASSED] == []
    (shown,) = traversal.run([{**rows[0], "payload": "widget.js"}], served)
    assert shown.verdict is Verdict.FAILED, "a path that is there is not what the row expects"


@pytest.fixture
def bombs(tmp_path: Path) -> Path:
    made = tmp_path / "bombs"
    made.mkdir()
    with zipfile.ZipFile(made / "swelling.docx", "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", b"\0" * 30_000_000)
    (made / "deep.html").write_text("<div>" * 100_000)
    (made / "picture.png").write_bytes(b"\x89PNG")
    return made


def test_hostile_files_are_taken_in_beside_the_service_and_harm_nothing(served: Served, place: Path, bombs: Path) -> None:
    outcomes = uploads.run(bombs, served, place, print)
    assert [outcome.line() for outcome in outcomes if outcome.verdict is not Verdict.PASSED] == []
    assert [outcome.observed.split(":")[0].split(";")[0] for outcome in outcomes[:-1]] == ["refused", "not of a kind that is read", "refused"]


@pytest.mark.parametrize(("limit", "value", "why"), [("SECONDS", -1.0, "took"), ("EXTRA_MB", -1.0, "needed"), ("BLOCKED_MS", -1.0, "blocked")])
def test_a_file_beyond_a_limit_is_a_failure(
    served: Served, place: Path, bombs: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: float, why: str
) -> None:
    monkeypatch.setattr(uploads, limit, value)
    monkeypatch.setattr(uploads, "_command", lambda *_: Outcome("all files", "x", Verdict.PASSED))
    (bombs / "deep.html").unlink()
    (bombs / "swelling.docx").unlink()
    (outcome, _) = uploads.run(bombs, served, place, print)
    assert outcome.verdict is Verdict.FAILED
    assert why in outcome.why


def test_an_empty_folder_is_no_measurement(served: Served, place: Path, tmp_path: Path) -> None:
    with pytest.raises(uploads.NoFiles):
        uploads.run(tmp_path / "nowhere", served, place, print)
