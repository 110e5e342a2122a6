"""Nothing runs what it reads (G15): no pickles, no code from text, no shell, no model that brings its own code. DBOS has one importer."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.support.tree import parsed, sources

RUNS_WHAT_IT_READS = {
    "pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "joblib",
    "marshal",
    "shelve",
    "jsonpickle",
    "langchain_core.load",
    "langchain.load",
}
CALLS = {"eval", "exec", "compile"}
KEYWORDS = {"trust_remote_code", "allow_pickle", "shell", "allow_dangerous_deserialization"}
UNSAFE = {"yaml.load", "yaml.unsafe_load", "torch.load", "os.system", "os.popen"}
DURABLE = ("assistant", "workflows")


def imported(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Every module that a module imports, with what it takes from it."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def dangers(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Everything in a module that could run what it reads."""
    for line, name in imported(module):
        if any(name == one or name.startswith(f"{one}.") for one in RUNS_WHAT_IT_READS):
            yield line, name
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called in CALLS | UNSAFE:
            yield node.lineno, called
        for keyword in node.keywords:
            if keyword.arg in KEYWORDS and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False):
                yield node.lineno, f"{called}({keyword.arg})"


def test_nothing_of_the_project_runs_what_it_reads() -> None:
    assert [(str(path), line, what) for path in sources() for line, what in dangers(parsed(path))] == []


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from pickle import loads",
        "from langchain_core import load",
        "from langchain_core.load import loads",
        "eval('1')",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "AutoModel.from_pretrained('x', trust_remote_code=chosen)",
        "subprocess.run('ls', shell=True)",
        "yaml.load(text)",
    ],
)
def test_a_danger_would_be_noticed(text: str) -> None:
    assert list(dangers(ast.parse(text)))


def test_only_the_workflows_know_dbos() -> None:
    knowing = [path for path in sources() if any(name.partition(".")[0] == "dbos" for _, name in imported(parsed(path)))]
    assert knowing
    assert [str(path) for path in knowing if path.parts[:2] != DURABLE] == []
