"""The measure of the page fetcher: a good build passes it, and each build without a check is caught."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from evals.security.network import run
from evals.security.outcome import Verdict, failed

ROOT = Path(__file__).parents[3]
URLS = [
    "http://169.254.169.254/latest/meta-data/",
    "http://localhost:22",
    "http://127.1",
    "http://3232235777/",
    "http://[::ffff:10.0.0.1]/",
    "http://127.1.1.1:80:\\@@127.2.2.2:80/",
    "gopher://metadata.google.internal:80/x",
    "http://[host]:[port]/",
    "https://kb.corp.example:22/",
    "https://example.com/http://internal/poc.svg",
]
ROWS = [{"id": f"N-{number}", "kind": "ssrf_url", "payload": url} for number, url in enumerate(URLS)]


def test_nothing_but_public_addresses_is_connected_to() -> None:
    outcomes = run([*ROWS, {"id": "other", "kind": "injection", "payload": "x"}], draws=300, seed=2)
    assert len(outcomes) == len(ROWS) + 300
    assert [outcome.line() for outcome in outcomes if outcome.verdict is not Verdict.PASSED] == []
    assert not failed(outcomes)


@pytest.mark.parametrize("fault", ["open-fetch", "named-fetch"])
def test_a_build_without_the_check_is_caught(fault: str, tmp_path: Path) -> None:
    rows, figures = tmp_path / "rows.jsonl", tmp_path / "figures.json"
    rows.write_text("\n".join(map(json.dumps, ROWS)))
    command = [sys.executable, "-m", "evals.faults", fault, "network", str(rows), "--draws", "50", "--json", str(figures)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stderr
    assert "connected to" in done.stdout
    assert json.loads(figures.read_text())["metrics"]["failed"]["value"] > 0


@pytest.mark.parametrize("content", ["no json", '{"id": "a", "kind": "render"}', "", '{"id": "a", "kind": "ssrf_url"}'])
def test_malformed_rows_are_wrong_use(content: str, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(content)
    command = [sys.executable, "-c", "from evals.cli import app; app()", "network", str(rows)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "malformed input" in done.stderr) == (2, True), done.stderr
