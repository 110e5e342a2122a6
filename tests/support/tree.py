"""The project's own files, for tests of the house rules."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("assistant", "kb", "ingest", "evals", "widget")
_NOT_OURS = {".venv", ".git", ".whl", "var", "artifacts", "__pycache__", "node_modules"}
_TEXT = {".py", ".js", ".css", ".html", ".j2", ".md", ".toml", ".txt", ".json", ".yaml", ".yml", ".sh", ".lock", ""}


def _ours(folder: str) -> bool:
    return folder not in _NOT_OURS and not folder.endswith(("_cache", ".egg-info")) and folder != ".hypothesis"


@cache
def tree() -> tuple[Path, ...]:
    """Every text file of the project, relative to its root; what git ignores is not of the project."""
    found: list[Path] = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if _ours(name))
        found += [(Path(folder) / name).relative_to(ROOT) for name in sorted(files) if Path(name).suffix in _TEXT]
    return tuple(found)


def sources(*packages: str) -> list[Path]:
    """The Python files of these packages, of all five without any."""
    wanted = packages or PACKAGES
    return [path for path in tree() if path.suffix == ".py" and path.parts[0] in wanted]


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))


def functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a module."""
    return (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def names(module: ast.Module) -> Iterator[tuple[str, str, int]]:
    """Every name that a module gives: its kind (class, function, name), the name and the line."""
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            yield "class", node.name, node.lineno
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield "function", node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield "name", node.arg, node.lineno
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield "name", node.id if isinstance(node, ast.Name) else node.attr, node.lineno
        elif isinstance(node, ast.alias) and node.asname:
            yield "name", node.asname, 0
