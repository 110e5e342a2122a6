"""What importing loads: commands start at once, and serving needs no torch."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.tree import ROOT

SERVERS = ("chromadb", "fastapi", "uvicorn", "sqlalchemy", "alembic", "tantivy")
MODELS = ("torch", "sentence_transformers", "transformers", "onnxruntime", "tokenizers", "scipy", "numpy", "openai")
HEAVY = (*SERVERS, *MODELS, "pypdfium2", "mammoth", "bs4")
TRAINING = ("torch", "sentence_transformers", "transformers")
SERVING = ("assistant.entrypoints.web.app", "assistant.service", "assistant.bootstrap", "kb.bootstrap", "kb.adapters.chroma", "kb.adapters.embedders")
CORE = ("kb.model", "kb.ports", "kb.cite", "kb.gaps", "kb.publish", "kb.keeper", "kb.retrieve", "kb.evidence", "kb.lint.examine", "kb.lint.show")
SHOW = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]; print(*{name.partition('.')[0] for name in sys.modules})"


def loaded_by(*modules: str, code: str = SHOW) -> set[str]:
    """Return the top-level modules that a fresh process holds after importing some."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", code, *modules], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["assistant.cli", "ingest.cli", "evals.cli", "kb.cli"])
def test_importing_a_command_loads_nothing_heavy(module: str) -> None:
    loaded = loaded_by(module)
    assert "typer" in loaded
    assert loaded & set(HEAVY) == set()


def test_showing_the_whole_commands_help_loads_nothing_heavy() -> None:
    code = "import sys; from assistant import cli; cli._mount(); sys.argv = ['firstline', '--help']\ntry: cli.app()\nexcept SystemExit: pass\n"
    shown = code + "print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = loaded_by(code=shown)
    assert "ingest" in loaded
    assert loaded & set(HEAVY) == set()


def test_serving_never_loads_what_only_export_needs() -> None:
    loaded = loaded_by(*SERVING)
    assert "fastapi" in loaded
    assert loaded & set(TRAINING) == set()


def test_the_core_of_the_knowledge_base_loads_no_adapter() -> None:
    assert loaded_by(*CORE) & {*TRAINING, "chromadb", "tantivy", "sqlalchemy", "onnxruntime", "openai", "fastapi", "scipy"} == set()
