"""The command ``firstline ingest``, with an embedding service on this host."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ingest.cli import app


class Embeddings(BaseHTTPRequestHandler):
    """Answers like an OpenAI-compatible endpoint, with vectors from hashes."""

    def do_POST(self) -> None:
        """Embed every input."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        rows = [[float(byte) for byte in sha256(text.encode()).digest()[:8]] for text in asked["input"]]
        answer = {"object": "list", "model": "m", "usage": {"prompt_tokens": 0, "total_tokens": 0},
                  "data": [{"object": "embedding", "index": at, "embedding": row} for at, row in enumerate(rows)]}  # fmt: skip
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The address of an embedding service."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Embeddings)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


@pytest.fixture
def home(tmp_path: Path, service: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder whose settings name the embedding service."""
    monkeypatch.chdir(tmp_path)
    settings = {"HOME": str(tmp_path / "home"), "EMBEDDING_MODEL": "openai:m", "EMBEDDING_BASE_URL": service, "EMBEDDING_DIMENSION": "8"}
    for name, value in settings.items():
        monkeypatch.setenv(f"FIRSTLINE_{name}", value)
    return tmp_path / "home"


def run(*arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(app, list(arguments), input=answer)


def test_a_folder_is_taken_in_shown_and_forgotten(home: Path, folder: Path) -> None:
    (folder / "a.md").write_text("# A\n\nText.")
    done = run("sync", str(folder))
    assert (done.exit_code, "1 added" in done.stdout, "ingest: 1 of 1 files, 0 failed" in done.stderr) == (0, True, True), done.output
    assert json.loads(run("status", "--json").stdout)["runs"][0]["added"] == 1
    assert "Rebuilt the indexes of 1 articles" in run("rebuild").stdout
    assert run("forget", str(folder), answer="n\n").exit_code == 2
    assert "Withdrew 1 articles" in run("forget", str(folder), "--yes").stdout
    assert run("forget", str(folder), "--yes").exit_code == 2


def test_failed_files_are_listed_with_their_reasons_and_status_1(home: Path, folder: Path) -> None:
    (folder / "a.md").write_text("Text.")
    (folder / "b.pdf").write_text("no")
    done = run("sync", str(folder), "--json")
    assert done.exit_code == 1
    [result] = json.loads(done.stdout)["runs"]
    assert (result["added"], result["seen"], result["state"]) == (1, 2, "complete")
    assert result["failures"] == [{"path": "b.pdf", "reason": "is not a PDF file, whatever its name says"}]
    assert "b.pdf: is not a PDF file" in run("status").stdout


def test_a_missing_folder_is_wrong_use_and_says_what_to_do(home: Path, tmp_path: Path) -> None:
    done = run("sync", str(tmp_path / "nowhere"))
    assert (done.exit_code, "does not exist" in done.stderr) == (2, True)
    assert run("sync").exit_code == 2


def test_a_locked_database_is_wrong_use(home: Path, folder: Path) -> None:
    (folder / "a.md").write_text("Text.")
    run("status")
    other = sqlite3.connect(home / "firstline.db")
    other.execute("BEGIN EXCLUSIVE")
    done = run("sync", str(folder))
    other.close()
    assert (done.exit_code, "locked" in done.stderr) == (2, True), done.output


def test_an_embedding_service_that_is_away_is_explained(home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTLINE_EMBEDDING_BASE_URL", "http://127.0.0.1:9/v1")
    (folder / "a.md").write_text("Text.")
    done = run("sync", str(folder))
    assert (done.exit_code, "embedding model cannot be used" in done.stderr) == (2, True), done.output


def test_status_before_the_first_run_says_how_to_start(home: Path) -> None:
    assert "firstline ingest sync FOLDER" in run("status").stdout


def test_the_command_loads_nothing_heavy() -> None:
    check = "import ingest.cli, sys; print(sorted(set(sys.modules) & {'sqlalchemy', 'chromadb', 'bs4', 'pypdfium2', 'mammoth', 'numpy', 'pebble'}))"
    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, cwd=Path(__file__).parents[3]).stdout == "[]\n"
