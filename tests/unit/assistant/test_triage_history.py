"""Histories as organisations export them: mixed encodings, missing columns, labels that nobody can learn, columns that give the label away."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from assistant.desk.triage.columns import Columns, gives_away, guessed, known_afterwards, moment, sorted_out
from assistant.desk.triage.exports import CannotRead, Read, Row, header_of, read_export
from assistant.desk.triage.faults import faults_of
from assistant.desk.triage.features import Example
from assistant.domain.triage import Field
from tests.support.ticket_history import history, written

COLUMNS = Columns(("short_description",), {Field.QUEUE: "assignment_group"}, {}, "opened_at", "number")


def texts_of(path: Path, found: Read | None = None) -> list[str]:
    return [row.example.text for row in read_export(path, COLUMNS, found or Read())]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_an_export_is_read_in_the_encoding_that_it_has(tmp_path: Path, encoding: str) -> None:
    rows = history(5)
    rows[2]["short_description"] = "Drucker über Göteborg – kein Papier"
    assert texts_of(written(tmp_path / "a.csv", rows, encoding))[2] == "Drucker über Göteborg – kein Papier"


def test_a_file_that_mixes_encodings_is_read_line_by_line_and_says_so(tmp_path: Path) -> None:
    head = b"number;opened_at;short_description;assignment_group\n"
    lines = ["1;2026-01-01;für immer;A\n".encode(), "2;2026-01-01;für immer;A\n".encode("cp1252"), b"3;2026-01-01;plain;A\n"]
    (tmp_path / "mixed.csv").write_bytes(head + b"".join(lines))
    found = Read()
    assert texts_of(tmp_path / "mixed.csv", found) == ["für immer", "für immer", "plain"]
    assert "The file mixes encodings; each line was read by its own." in found.lines()


def test_a_cell_may_hold_lines_and_separators(tmp_path: Path) -> None:
    rows = history(3)
    rows[1]["short_description"] = 'two\nlines, and "quotes"'
    assert texts_of(written(tmp_path / "a.csv", rows))[1] == 'two\nlines, and "quotes"'


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", history(3))
    with pytest.raises(CannotRead, match="there is no column team; there are number, opened_at"):
        read_export(path, Columns(("short_description",), {Field.QUEUE: "team"}), Read())


def test_a_header_that_names_a_column_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,a\n1,2,3\n")
    with pytest.raises(CannotRead, match="names a twice"):
        header_of(tmp_path / "a.csv")


def test_an_empty_file_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("")
    with pytest.raises(CannotRead, match="first line"):
        header_of(tmp_path / "a.csv")
    with pytest.raises(CannotRead, match="No such file"):
        header_of(tmp_path / "b.csv")


def test_lines_of_json_that_cannot_be_read_are_counted_and_named(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "a.jsonl.gz", "wt") as out:
        out.write("".join(json.dumps(row) + "\n" for row in history(4)) + "{broken\n[1]\n")
    found = Read()
    assert len(read_export(tmp_path / "a.jsonl.gz", COLUMNS, found)) == 4
    assert (found.malformed, found.malformed_at) == (2, [5, 6])


def test_of_a_large_file_a_draw_is_kept_that_is_the_same_each_time(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", history(500))
    first = [row.example.key for row in read_export(path, COLUMNS, Read(), most=50)]
    assert len(first) == 50
    assert first == sorted(first)
    assert first == [row.example.key for row in read_export(path, COLUMNS, Read(), most=50)]
    assert any(int(key[3:]) > 400 for key in first)


def test_columns_are_recognised_by_the_names_that_systems_give_them() -> None:
    found = guessed(["Number", "Opened At", "Short description", "Description", "Category", "Assignment group", "Urgency", "Location"])
    assert found.text == ("Short description", "Description")
    assert found.labels == {Field.CATEGORY: "Category", Field.QUEUE: "Assignment group", Field.URGENCY: "Urgency"}
    assert (found.fields, found.opened, found.key) == ({"location": "Location"}, "Opened At", "Number")


@pytest.mark.parametrize("name", ["resolved_at", "Closed", "group_last", "reassignment_count", "made_sla", "Close notes", "solutionText"])
def test_a_column_that_is_known_only_afterwards_is_recognised(name: str) -> None:
    assert known_afterwards(name)


@pytest.mark.parametrize("name", ["opened_at", "location", "group_first", "short_description", "priority"])
def test_a_column_that_is_known_when_a_ticket_is_opened_is_not_taken_for_a_later_one(name: str) -> None:
    assert known_afterwards(name) == ""


def test_a_column_that_leaves_nothing_of_the_label_open_is_found_out_and_one_that_only_helps_is_not() -> None:
    labels = [("a", "b", "c")[number % 3] for number in range(300)]
    assert gives_away([f"code {label}" for label in labels], labels)
    assert not gives_away([label if number % 4 else "x" for number, label in enumerate(labels)], labels)
    assert not gives_away([str(number) for number in range(300)], labels)


def test_columns_of_rows_are_sorted_into_text_fields_and_what_is_left_out() -> None:
    rows = history(200)
    used = sorted_out(rows, [row["category"] for row in rows], "category", frozenset(rows[0]) - {"location"})
    assert used.text == ("short_description",)
    assert used.opened == "opened_at"
    assert used.left_out["assignment_group"] == "it gives the label away"
    assert used.left_out["resolution_notes"].startswith("known only after")
    assert used.left_out["location"] == "the rows to be read do not have it"
    assert used.left_out["number"] == "it names the row"


@pytest.mark.parametrize("text", ["2026-01-02T03:04:05", "2026-01-02 03:04:05", "2026-01-02T03:04:05Z", "02.01.2026 03:04"])
def test_times_are_read_as_exports_write_them(text: str) -> None:
    found = moment(text)
    assert found is not None
    assert (found.year, found.month, found.day, found.hour) == (2026, 1, 2, 3)
    assert moment("soon") is None


def rows_of(*pairs: tuple[str, str]) -> list[Row]:
    return [Row(Example(text), {Field.CATEGORY: label}) for text, label in pairs]


def test_what_is_wrong_with_labels_is_reported_without_anybodys_words() -> None:
    rows = rows_of(*(("secret words", label) for label in ("Mail", "VPN")), *((f"t {n}", "Printers") for n in range(20)), ("x", ""), ("y", "printer"))
    found = {one.kind: one.text for one in faults_of(rows, {})}
    assert set(found) == {"empty labels", "rare labels", "near-duplicate labels", "same text, different labels", "repeated texts"}
    assert "“Printers” (20) and “printer” (1)" in found["near-duplicate labels"]
    assert not any("secret" in text for text in found.values())


def test_texts_that_name_their_label_and_columns_of_later_are_called_leaks() -> None:
    rows = [Row(Example(f"{label}: it broke {n}", {"team": "x"}), {Field.CATEGORY: label}) for n in range(30) for label in ("mail", "print")]
    texts = [one.text for one in faults_of(rows, {"team": "last_team"}) if one.kind == "leakage"]
    assert len(texts) == 2
    assert "known only after the ticket was worked" in texts[0]
    assert "60 of 60 texts name their label" in texts[1]
