"""A peer's process is never trusted: whatever it does, the run gets an answer or a reason, in time."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from evals.peers.process import SystemFailed, SystemProcess, surroundings
from evals.peers.systems import SERVE
from tests.support.peer_drivers import CRASHES, HANGS, INVENTS, NEEDS_MORE, RAISES, WORKING, driver

ROWS = '{"id": "vpn", "title": "VPN", "text": "connect the tunnel"}\n{"id": "mail", "title": "Mail", "text": "add the account"}\n'


def started(folder: Path, code: str, seconds: float = 20.0) -> SystemProcess:
    command = [sys.executable, "-P", str(SERVE), str(driver(folder, "fake", code))]
    return SystemProcess(command, folder / "home", time.monotonic() + seconds)


def rows(folder: Path) -> Path:
    file = folder / "rows.jsonl"
    file.write_text(ROWS)
    return file


def has_ended(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] == "Z"


def reason(folder: Path, code: str, seconds: float = 20.0) -> str:
    with pytest.raises(SystemFailed) as failure, started(folder, code, seconds) as process:
        process.open(folder, folder)
        process.ingest(rows(folder), split=True)
    return str(failure.value)


def test_a_working_system_answers_whatever_it_prints_beside(tmp_path: Path) -> None:
    with started(tmp_path, WORKING) as process:
        process.open(tmp_path, tmp_path)
        assert process.ingest(rows(tmp_path), split=True).passages == 2
        found = process.search("how do I add an account", 10)
        assert found.documents == ["mail", "vpn"]
        assert process.search("tunnel", 1).documents == ["vpn"]
        assert process.about().settings == {"retrieval": "shared words"}
        assert "pydantic" in process.about().versions
        assert process.resident_mb() > 1


def test_a_crash_is_reported_with_its_status_and_last_words(tmp_path: Path) -> None:
    assert reason(tmp_path, CRASHES) == "ingest: it ended with status 3: out of luck"


def test_an_error_is_reported_with_its_kind(tmp_path: Path) -> None:
    assert reason(tmp_path, RAISES) == "LookupError: the index is gone"


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    assert "No module named 'a_package_that_nobody_has'" in reason(tmp_path, NEEDS_MORE)


def test_a_hanging_system_is_killed_with_its_children_at_its_limit(tmp_path: Path) -> None:
    began = time.monotonic()
    assert reason(tmp_path, HANGS, seconds=2.0) == "ingest: no answer inside the time limit"
    assert time.monotonic() - began < 15
    child = int((tmp_path / "child").read_text())
    until = time.monotonic() + 5
    while not has_ended(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert has_ended(child)


def test_a_figure_that_is_no_number_is_refused(tmp_path: Path) -> None:
    assert reason(tmp_path, INVENTS).startswith("ingest: not an answer")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Loading weights", "not an answer: b'Loading weights"),
        ('["vpn"]', "not an answer"),
        ('{"documents": "vpn", "cpu_ms": 1.0, "ms": 1.0}', "search: not an answer"),
        ('{"documents": ["vpn"]}', "search: not an answer"),
        ('{"documents": ["vpn"], "ms": 1.0}', "search: not an answer"),
        ('{"documents": ["vpn"], "cpu_ms": 1.0, "ms": -1.0}', "search: not an answer"),
        ('{"documents": ["vpn"], "cpu_ms": 1.0, "ms": NaN}', "search: not an answer"),
        ('{"documents": ["vpn"], "cpu_ms": 1.0, "ms": Infinity}', "search: not an answer"),
        ('{"documents": ["vpn"], "cpu_ms": 1.0, "ms": 1.0, "score": 2}', "search: not an answer"),
        ('{"documents": ["vpn", "vpn"], "cpu_ms": 1.0, "ms": 1.0}', "it returned 2 documents, 1 of them distinct"),
        ('{"documents": ["a", "b", "c"], "cpu_ms": 1.0, "ms": 1.0}', "it returned 3 documents, 3 of them distinct, where 2 were asked for"),
        ('{"error": "no such index"}', "no such index"),
        ("x" * 100_000, "not an answer"),
    ],
)
def test_whatever_is_no_answer_is_refused(tmp_path: Path, said: str, expected: str) -> None:
    (tmp_path / "said.txt").write_text(said)
    code = "import sys; sys.stdin.readline(); print(open('../said.txt').read(), flush=True); sys.stdin.readline()"
    with (
        pytest.raises(SystemFailed, match=expected.replace("'", ".")),
        SystemProcess([sys.executable, "-c", code], tmp_path / "home", time.monotonic() + 20) as process,
    ):
        process.search("tunnel", 2)


def test_a_system_sees_no_setting_of_the_caller_and_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTLINE_HOME", "elsewhere")
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    given = surroundings(tmp_path)
    assert not {name for name in given if name.startswith("FIRSTLINE") or "KEY" in name}
    assert given["HF_HUB_OFFLINE"] == "1"
    assert given["OMP_NUM_THREADS"] == "2"
    assert "OPENBLAS_NUM_THREADS" not in given  # the service sets it for itself
