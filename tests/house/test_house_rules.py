"""The rules of the house, checked over the whole tree."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.support.tree import PACKAGES, ROOT, functions, names, parsed, sources, tree

SOFT_FILE, HARD_FILE = 300, 500
SOFT_FUNCTION, HARD_FUNCTION = 40, 60
LEAST_WORDS = 4
FORBIDDEN_PARTS = {"helper", "helpers", "util", "utils"}
FORBIDDEN_IN_CLASSES = {*FORBIDDEN_PARTS, "manager", "managers"}
FORBIDDEN_NAMES = {"data", "info", "chunk", "chunks"}
HOOKS = {"process_bind_param", "process_result_value"}
"""Methods that SQLAlchemy calls by these names."""
MIGRATIONS = "migrations/versions"

# Written in pieces, so that this file does not hold what it looks for.
FOLDERS = "|".join(("wo" + "rk", "ro" + "ot", "op" + "t", "fa" + "rm", "tm" + "p"))
MACHINE_PATH = re.compile(rf"(?:(?<=[\s\"'`=:(,])|^)/(?:{FOLDERS})(?=/|[\"'`\s),]|$)", re.MULTILINE)
_HOSTS = (
    "pypi org|pythonhosted org|npmjs org|npmjs com|crates io|rubygems org|download pytorch org|conda anaconda org|proxy golang org|huggingface co"
)
_IMAGES = "hub docker com|registry-1 docker io|ghcr io|quay io|repo maven apache org|deb debian org"
REGISTRIES = [host.replace(" ", ".") for host in f"{_HOSTS}|{_IMAGES}".split("|")]


def parts(name: str) -> list[str]:
    """Return the words of a name in snake or camel case."""
    return [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def length(path: Path) -> int:
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


def test_the_tree_that_is_checked_is_the_whole_project() -> None:
    assert {path.parts[0] for path in sources()} == set(PACKAGES)
    assert len(sources()) > 100
    assert Path("pyproject.toml") in tree()
    assert Path(__file__).relative_to(ROOT) in tree()


def test_no_file_is_longer_than_five_hundred_lines() -> None:
    written = [path for path in tree() if path.suffix in {".py", ".js"} and MIGRATIONS not in str(path)]
    lengths = {str(path): length(path) for path in written}
    soft = sorted(f"{lines} lines: {path}" for path, lines in lengths.items() if lines > SOFT_FILE)
    print(*soft, sep="\n")
    assert {path: lines for path, lines in lengths.items() if lines > HARD_FILE} == {}


def test_no_function_is_longer_than_sixty_lines() -> None:
    lengths = {
        f"{path}:{function.lineno} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in sources(*PACKAGES, "tests")
        if MIGRATIONS not in str(path)
        for function in functions(parsed(path))
    }
    print(*(f"{lines} lines: {where}" for where, lines in lengths.items() if lines > SOFT_FUNCTION), sep="\n")
    assert {where: lines for where, lines in lengths.items() if lines > HARD_FUNCTION} == {}


def test_no_name_is_one_that_says_nothing() -> None:
    found = []
    for path in sources():
        for kind, name, line in names(parsed(path)):
            words = parts(name)
            class_named = kind == "class" and (FORBIDDEN_IN_CLASSES & set(words) or words[:1] == ["base"])
            function_named = kind == "function" and words[:1] == ["process"] and name not in HOOKS and len(words) > 1
            if class_named or function_named or FORBIDDEN_PARTS & set(words) or name in FORBIDDEN_NAMES:
                found.append(f"{path}:{line} {kind} {name}")
    assert found == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    forbidden = FORBIDDEN_IN_CLASSES | FORBIDDEN_NAMES | {"base", "common", "misc"}
    assert [str(path) for path in sources(*PACKAGES, "tests") if forbidden & set(parts(path.stem))] == []


@pytest.mark.parametrize(
    ("name", "words"),
    [("IndexKeeper", ["index", "keeper"]), ("HTTPHelper", ["http", "helper"]), ("sync_utils", ["sync", "utils"]), ("_x2", ["x", "2"])],
)
def test_names_are_cut_into_their_words(name: str, words: list[str]) -> None:
    assert parts(name) == words


def test_every_test_name_is_a_sentence() -> None:
    short = []
    for path in sources("tests"):
        classes = {method: parts(node.name) for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef) for method in node.body}
        for function in functions(parsed(path)):
            said = [*classes.get(function, []), *function.name.split("_")]
            if function.name.startswith("test_") and len([word for word in said if word != "test"]) < LEAST_WORDS:
                short.append(f"{path}:{function.lineno} {function.name}")
    assert short == []


def test_no_two_tests_of_a_file_share_a_name() -> None:
    for path in sources("tests"):
        module = [node.name for node in parsed(path).body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
        assert len(module) == len(set(module)), path


def test_every_public_module_says_what_it_is_for() -> None:
    assert [str(path) for path in sources(*PACKAGES, "tests") if not ast.get_docstring(parsed(path))] == []


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    found = [
        f"{path}: {match.group()}"
        for path in tree()
        if path.suffix != ".lock" and path.parts[:2] != ("kb", "articles")
        for match in MACHINE_PATH.finditer((ROOT / path).read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("line", ['x = "/{}/main"', "cd /{}/x", "see `/{}`", "HOME=/{}/y", 'Path("/{}")'])
@pytest.mark.parametrize("folder", FOLDERS.split("|"))
def test_a_path_of_the_machine_would_be_noticed(line: str, folder: str) -> None:
    assert MACHINE_PATH.search(line.format(folder))
    assert not MACHINE_PATH.search(f"https://x.example/{folder}/y and kb/{folder}/z and /{folder}er")


def test_no_file_names_the_host_of_a_package_registry() -> None:
    found = [f"{path}: {host}" for path in tree() for host in REGISTRIES if host in (ROOT / path).read_text(encoding="utf-8").lower()]
    assert found == []


def test_no_text_for_people_has_an_exclamation_mark() -> None:
    found = [
        f"{path}:{node.lineno} {node.value[:60]}"
        for path in sources()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"[a-z]!(\s|$)", node.value)
    ]
    assert found == []


def test_every_test_that_takes_long_is_one_that_exists() -> None:
    for node in filter(None, Path("tests/long.txt").read_text(encoding="utf-8").split("\n")):
        path, *names = node.partition("[")[0].split("::")
        defined = {one.name for one in ast.walk(parsed(Path(path))) if isinstance(one, ast.FunctionDef | ast.ClassDef)}
        assert set(names) <= defined, node
