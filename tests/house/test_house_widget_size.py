"""Everything that the widget loads on a page is 50 kB or less, compressed as the service sends it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from assistant.entrypoints.web.assets import read_asset
from widget import ASSETS

BOUND = 50_000
FILES = sorted(path for path in ASSETS.rglob("*") if path.is_file())


def sizes(files: list[Path]) -> int:
    """Return the bytes of these files as they are sent."""
    return sum(len(read_asset(path).packed) for path in files)


def test_a_page_loads_fifty_kilobytes_or_less_in_every_language() -> None:
    code = [path for path in FILES if path.parent.name != "words"]
    english = ASSETS / "words" / "en.js"
    for path in FILES:
        print(f"{len(read_asset(path).packed):7,} {path.relative_to(ASSETS)}")
    one = {path.stem: sizes([*code, *{english, path}]) for path in sorted((ASSETS / "words").iterdir())}
    print(*(f"{size:7,} with {name}" for name, size in one.items()), f"{sizes(FILES):7,} with all languages", sep="\n")
    assert max(one.values()) <= BOUND


def test_every_file_is_loaded_by_another_one() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    named = {Path(name).name for name in re.findall(r"['\"`]\.?/?([\w/]+\.(?:js|css))['\"`]", text)}
    named |= {path.name for path in (ASSETS / "words").iterdir()}
    assert {path.name for path in FILES} - named - {"widget.js"} == set()


def test_what_is_sent_is_still_what_an_engine_accepts() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    for path in FILES:
        if path.suffix == ".js":
            done = subprocess.run(
                [node, "--check", "--input-type=module"], input=read_asset(path).plain, capture_output=True, check=False, timeout=60
            )
            assert done.returncode == 0, f"{path.name}: {done.stderr.decode()}"
