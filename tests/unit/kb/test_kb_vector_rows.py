"""Vectors in one matrix: exact, inside the scope, and back from its file after any interruption."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.adapters.vector_rows import GARBAGE, VectorRows
from kb.model import Reader
from kb.ports import Entry, Scope, Vector
from tests.support.kb_properties import ANY_PLATFORM, GROUP_SETS, PLATFORM_SETS, examples
from tests.support.kb_samples import entry, unit

EVERYBODY = Scope(Reader())
LAID_OUT = st.lists(st.tuples(GROUP_SETS, PLATFORM_SETS, st.integers(1, 3)), min_size=1, max_size=12)


def vectors(count: int, seed: int = 1) -> Vector:
    made = np.random.default_rng(seed).standard_normal((count, 8)).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


def some(count: int, article: str = "a", revision: int = 1, groups: tuple[str, ...] = ()) -> list[Entry]:
    rows = vectors(count, revision)
    return [entry(f"{article}@{revision}#{n}", groups=groups, vectors=rows[n : n + 1]) for n in range(count)]


def found(rows: VectorRows, vector: Vector, scope: Scope = EVERYBODY, limit: int = 100) -> list[str]:
    return [hit.passage_id for hit in rows.search(vector, scope, limit)]


@given(laid_out=LAID_OUT, groups=GROUP_SETS, platform=ANY_PLATFORM, seed=st.integers(0, 99), limit=st.integers(1, 20))
@examples(60)
def test_a_search_is_what_comparing_every_admitted_passage_gives(
    laid_out: list[object], groups: frozenset[str], platform: object, seed: int, limit: int
) -> None:
    entries = [
        entry(f"a{n}@1#0", groups=sorted(audience), platforms=sorted(platforms), vectors=vectors(count, seed + n))
        for n, (audience, platforms, count) in enumerate(laid_out)  # type: ignore[misc]
    ]
    rows = VectorRows()
    rows.replace([], entries, "m")
    scope, asked = Scope(Reader(groups), platform), vectors(1, seed + 1000)[0]  # type: ignore[arg-type]
    best = {e.passage_id: float((e.vectors @ asked).max()) for e in entries if scope.admits(e.audience, e.platforms)}
    hits = rows.search(asked, scope, limit)
    expected = sorted(best.values(), reverse=True)[:limit]
    assert [hit.score for hit in hits] == pytest.approx(expected, abs=1e-6)
    assert all(hit.passage_id in best for hit in hits)


def test_another_process_finds_everything_in_the_file(tmp_path: Path) -> None:
    first = VectorRows(tmp_path / "rows.log")
    first.replace(["a", "b"], [*some(3), *some(2, "b", groups=("hr",))], "m")
    first.replace(["a"], some(2, "a", 2), "m")
    again = VectorRows(tmp_path / "rows.log")
    assert again.passage_ids() == first.passage_ids() == {"a@2#0", "a@2#1", "b@1#0", "b@1#1"}
    assert again.model == "m"
    asked = vectors(1, 9)[0]
    hr = Scope(Reader(frozenset({"hr"})))
    assert again.search(asked, hr, 9) == first.search(asked, hr, 9)
    assert set(found(again, asked)) == {"a@2#0", "a@2#1"}


def test_a_process_that_is_open_takes_up_what_another_writes(tmp_path: Path) -> None:
    reader, writer = VectorRows(tmp_path / "rows.log"), VectorRows(tmp_path / "rows.log")
    writer.replace(["a"], some(2), "m")
    assert set(found(reader, vectors(1)[0])) == {"a@1#0", "a@1#1"}
    writer.clear()
    writer.replace(["b"], some(1, "b"), "m")
    assert set(found(reader, vectors(1)[0])) == {"b@1#0"}
    reader.replace(["c"], some(1, "c"), "m")
    assert VectorRows(tmp_path / "rows.log").passage_ids() == {"b@1#0", "c@1#0"}


@pytest.mark.parametrize("kept", [0, 5, 12, 40, -1])
def test_a_record_that_a_crash_cut_off_is_not_read_and_the_next_takes_its_place(tmp_path: Path, kept: int) -> None:
    file = tmp_path / "rows.log"
    rows = VectorRows(file)
    rows.replace(["a"], some(2), "m")
    whole = file.stat().st_size
    rows.replace(["b"], some(2, "b"), "m")
    file.write_bytes(file.read_bytes()[: whole + kept if kept >= 0 else -1])
    again = VectorRows(file)
    assert again.passage_ids() == {"a@1#0", "a@1#1"}
    again.replace(["c"], some(1, "c"), "m")
    assert VectorRows(file).passage_ids() == {"a@1#0", "a@1#1", "c@1#0"}


def test_a_record_whose_bytes_changed_is_not_believed(tmp_path: Path) -> None:
    file = tmp_path / "rows.log"
    VectorRows(file).replace(["a"], some(2), "m")
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(bytes(content))
    assert VectorRows(file).is_empty()


def test_a_file_full_of_what_was_dropped_is_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "rows.log"
    rows = VectorRows(file)
    rows.replace([], some(3, "kept", groups=("hr",)), "m")
    sizes = []
    for revision in range(1, 8):
        rows.replace(["a"], some(GARBAGE // 2, "a", revision), "m")
        sizes.append(file.stat().st_size)
    assert max(sizes) < 6 * sizes[0]
    assert VectorRows(file).passage_ids() == rows.passage_ids()
    assert len(rows.passage_ids()) == 3 + GARBAGE // 2
    assert not set(found(rows, vectors(1)[0], limit=GARBAGE)) & {f"kept@1#{n}" for n in range(3)}


def test_without_rows_there_is_no_model_and_nothing_is_found() -> None:
    rows = VectorRows()
    assert (rows.model, rows.is_empty(), found(rows, unit(1, 0))) == (None, True, [])
    rows.replace(["a"], some(1), "m")
    rows.replace(["a"], [], "m")
    assert (rows.model, rows.is_empty(), found(rows, vectors(1)[0])) == (None, True, [])
