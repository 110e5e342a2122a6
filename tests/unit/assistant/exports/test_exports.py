"""Exports of tickets: bad ones are refused with a sentence, odd ones are read and told by line, and nothing is guessed in silence."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

import pytest

from assistant.desk.exports.columns import mapped, pairs
from assistant.desk.exports.dates import Order, moment
from assistant.desk.exports.decoding import ExportUnreadable
from assistant.desk.exports.reading import Export, look_through, look_through_file


def of(content: bytes | str, given: dict[str, str] | None = None, **options: object) -> Export:
    raw = content.encode() if isinstance(content, str) else content

    def opener() -> IO[bytes]:
        return io.BytesIO(raw)

    return look_through(opener, given, **options)  # type: ignore[arg-type]


def told(export: Export) -> str:
    return " ".join(export.notes())


HEAD = "Number,Short description,Category,Opened at\n"


# -- encodings ------------------------------------------------------------------------------------------------------


def test_lines_of_two_encodings_in_one_file_are_both_read_and_the_rarer_is_named_by_line() -> None:
    raw = HEAD.encode() + "1,Zürich drucker,Print,2026-01-02\n".encode() + "2,Café offline,Net,2026-01-03\n".encode("cp1252")
    export = of(raw)
    assert [row.of("subject") for row in export.rows()] == ["Zürich drucker", "Café offline"]
    assert "1 lines are cp1252 while the others are utf-8; first line 3." in told(export)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_a_file_in_utf_16_or_with_a_mark_is_read_with_and_without_its_mark(encoding: str) -> None:
    export = of((HEAD + "1,Ordinateur éteint,PC,2026-01-02\n2,Ēḫ \u0a0a,PC,2026-01-03\n").encode(encoding))
    assert export.shape.columns[0] == "Number"
    assert [row.of("subject") for row in export.rows()] == ["Ordinateur éteint", "Ēḫ \u0a0a"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_stretch_of_utf_16_within_a_file_is_read(encoding: str) -> None:
    raw = (
        HEAD.encode()
        + b"1,plain one,PC,2026-01-02\n"
        + "2,wide two,PC,2026-01-03\n3,wide three,PC,2026-01-03\n".encode(encoding)
        + b"4,plain four,PC,2026-01-04\n"
    )
    export = of(raw)
    assert [row.of("subject") for row in export.rows()] == ["plain one", "wide two", "wide three", "plain four"]
    assert f"2 lines are {encoding}" in told(export)


def test_a_compressed_file_that_breaks_off_is_read_so_far_and_says_where() -> None:
    rows = "".join(f"{number},screen {number * 7919},PC,2026-01-02\n" for number in range(5000))
    raw = gzip.compress((HEAD + rows).encode())
    export = of(raw[: len(raw) // 2])
    assert 100 < export.report.rows < 5000
    assert "breaks off at line" in told(export)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"PK\x03\x04 and so on", "save the sheet as CSV"),
        (b"", "empty"),
        (b"[\n{}\n]", "one object per line"),
        (b'[{"id": 1}]', "one object per line"),
        (b"just words\nand more\n", "no table of tickets"),
        (b"\x1f\x8bnot gzip", "compressed file cannot be opened"),
        (HEAD.encode(), "no tickets"),
        (b'{"a": broken\n{also\n', "none of its first lines is a JSON object"),
    ],
)
def test_what_is_no_table_of_tickets_is_refused_with_what_to_do(raw: bytes, why: str) -> None:
    with pytest.raises(ExportUnreadable, match=why):
        of(raw)


def test_a_line_without_end_is_refused_instead_of_filling_the_memory() -> None:
    with pytest.raises(ExportUnreadable, match="longer than"):
        list(of(HEAD + "1,ok,PC,2026-01-02\n2," + "x" * (9 << 20)).rows())


# -- shape ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_also_when_texts_hold_another_one(delimiter: str) -> None:
    rows = "".join(f'{number}{delimiter}"a, b; c | d"{delimiter}PC{delimiter}2026-01-02\n' for number in range(5))
    export = of(HEAD.replace(",", delimiter) + rows)
    assert export.shape.delimiter == delimiter
    assert {row.of("subject") for row in export.rows()} == {"a, b; c | d"}


def test_a_quoted_field_may_hold_line_ends_and_quotes_and_the_line_number_is_where_it_begins() -> None:
    export = of(HEAD + '1,"first\nsecond, ""third""\n",PC,2026-01-02\n2,next,PC,2026-01-03\n')
    rows = list(export.rows())
    assert rows[0].of("subject") == 'first\nsecond, "third"'
    assert [row.line for row in rows] == [2, 5]


def test_a_quote_that_is_never_closed_costs_its_own_record_and_no_other() -> None:
    export = of(HEAD + '1,"never closed,PC,2026-01-02\n' + "".join(f"{n},fine {n},PC,2026-01-03\n" for n in range(2, 9)))
    assert [row.of("id") for row in export.rows()] == [str(n) for n in range(2, 9)]
    assert "line 2: a quoted field that is never closed" in told(export)


def test_a_quote_within_a_word_is_a_letter() -> None:
    assert next(of(HEAD + '1,27" screen,PC,2026-01-02\n').rows()).of("subject") == '27" screen'


def test_records_with_too_many_fields_are_left_out_and_short_ones_filled() -> None:
    export = of(HEAD + "1,one, and two,PC,2026-01-02\n2,short\n3,fine,PC,2026-01-03,,\n")
    assert [row.of("id") for row in export.rows()] == ["2", "3"]
    assert "line 2: 5 fields where the header has 4" in told(export)


def test_an_export_without_header_numbers_its_columns_and_says_so() -> None:
    export = of("printer is dead,Hardware\nneed access,Access\nprinter jam,Hardware\n", {"description": "column 1", "category": "column 2"})
    assert export.shape.header == 0 and "no header" in told(export)
    assert [row.of("category") for row in export.rows()] == ["Hardware", "Access", "Hardware"]


def test_columns_of_one_name_are_kept_apart() -> None:
    assert of("Issue key,Summary,Comment,Comment\nA-1,x,first,second\n").shape.columns == ("Issue key", "Summary", "Comment", "Comment (2)")


def test_json_lines_are_read_with_fields_within_fields_and_broken_lines_are_named() -> None:
    good = json.dumps({"id": 7, "subject": "x", "status": {"name": "open"}, "category": None})
    export = of(good + "\nnot json\n[1]\n")
    row = next(export.rows())
    assert (row.of("id"), row.of("category"), "status.name" in export.shape.columns) == ("7", "", True)
    assert export.report.malformed.first == [(2, "not a JSON object"), (3, "not a JSON object")]


def test_a_field_that_appears_late_in_json_lines_is_named() -> None:
    rows = [json.dumps({"id": number}) for number in range(300)]
    export = of("\n".join([*rows, json.dumps({"id": 301, "category": "vpn"})]))
    assert "Fields that appear only after the first lines are not read: 'category' (line 301)." in told(export)


def test_lines_that_end_with_a_return_only_are_lines() -> None:
    assert len(list(of((HEAD + "1,a,PC,2026-01-02\n2,b,PC,2026-01-03\n").replace("\n", "\r")).rows())) == 2


# -- columns --------------------------------------------------------------------------------------------------------


def test_columns_are_known_by_their_names_as_desks_write_them() -> None:
    found = {one.role: one.column for one in mapped(["Ticket_ID", "ShortDescription", "Assignment Group", "Kategorie", "opened_at", "Colour"], {})}
    assert found == {"id": "Ticket_ID", "queue": "Assignment Group", "category": "Kategorie", "opened": "opened_at", "subject": "ShortDescription"}


def test_what_somebody_says_about_a_column_goes_before_its_name_and_no_column_has_two_roles() -> None:
    found = {one.role: one.column for one in mapped(["Category", "Topic", "Text"], {"category": "Topic", "queue": "Category"})}
    assert found == {"category": "Topic", "queue": "Category", "description": "Text"}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"colour": "Text"}, "There is no role 'colour'"),
        ({"category": "Topics"}, "did you mean 'Topic'"),
        ({"category": "Topic", "queue": "Topic"}, "given two roles"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(given: dict[str, str], why: str) -> None:
    with pytest.raises(ExportUnreadable, match=why):
        mapped(["Topic", "Text"], given)


def test_a_missing_column_is_named_with_what_needs_it_and_how_to_say_it() -> None:
    with pytest.raises(ExportUnreadable, match=r"No column for category was found, which an assessment needs. .*Colour.*--map category=COLUMN"):
        of("Colour,Text\nred,x\n").require(("category",), ("subject", "description"), purpose="an assessment")


def test_pairs_are_written_as_role_and_column() -> None:
    assert pairs(["category=My = column", "queue="]) == {"category": "My = column", "queue": ""}
    for said in (["category"], ["category=a", "category=b"]):
        with pytest.raises(ExportUnreadable):
            pairs(said)


# -- dates ----------------------------------------------------------------------------------------------------------

WHEN = datetime(2026, 11, 2, 14, 5)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-02T14:05:00",
        "2026-11-02 14:05",
        "2026/11/02 14:05:00",
        "02.11.2026 14:05",
        "2/11/26 2:05 PM",
        "02-11-2026 14:05:00.000",
        "2 Nov 2026 14:05",
        "02-Nov-26 2:05 pm",
        "Nov 2, 2026 2:05 PM",
        "Monday, 2 November 2026 14:05:00",
        "46328.586805555555",
    ],
)
def test_a_moment_is_read_however_a_tool_writes_it(text: str) -> None:
    found = moment(text, Order.DAY, UTC)
    assert found is not None and abs((found.replace(tzinfo=None) - WHEN).total_seconds()) < 60


@pytest.mark.parametrize(
    "text", ["2026-11-02T14:05:00+01:00", "Mon, 02 Nov 2026 14:05:00 +0100", "1793624700", "1793624700000", "02/11/2026 14:05 +0100"]
)
def test_a_moment_with_an_offset_keeps_it(text: str) -> None:
    assert moment(text, Order.DAY, ZoneInfo("Asia/Tokyo")) == datetime(2026, 11, 2, 13, 5, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "31/02/2026", "13/13/2026", "2026-13-01", "12", "99/99/99", "10:00"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert moment(text, Order.DAY, UTC) is None


def dated(*values: str) -> str:
    return "id,opened\n" + "".join(f"{number},{value}\n" for number, value in enumerate(values))


def test_one_line_of_a_column_decides_the_order_of_all() -> None:
    export = of(dated("03/04/2026", "05/04/2026", "25/04/2026"))
    assert [row.at("opened").month for row in export.rows()] == [4, 4, 4]  # type: ignore[union-attr]
    assert "the day stands first in dates, as line 4 shows" in told(export)


def test_another_column_of_the_same_file_decides_where_the_column_itself_does_not() -> None:
    export = of("id,opened,resolved\n1,03/04/2026,04/28/2026\n")
    assert next(export.rows()).at("opened") == datetime(2026, 3, 4, tzinfo=UTC)
    assert "opened: the month stands first in dates, as another column of the file shows" in told(export)


def test_an_order_that_nothing_decides_is_refused_until_somebody_says_it() -> None:
    with pytest.raises(ExportUnreadable, match=r"can be read in two ways \(line 2\).*--dates day"):
        of(dated("03/04/2026", "05/04/2026"))
    assert next(of(dated("03/04/2026"), dates_begin_with=Order.MONTH).rows()).at("opened") == datetime(2026, 3, 4, tzinfo=UTC)
    assert next(of(dated("04/04/2026")).rows()).at("opened") == datetime(2026, 4, 4, tzinfo=UTC)


def test_a_column_that_contradicts_itself_or_what_was_said_is_refused_with_both_lines() -> None:
    with pytest.raises(ExportUnreadable, match="line 2 has the day first, line 3 the month"):
        of(dated("25/04/2026", "04/25/2026"))
    with pytest.raises(ExportUnreadable, match="You said that dates begin with the month, but line 2"):
        of(dated("25/04/2026"), dates_begin_with=Order.MONTH)


def test_values_that_are_no_dates_count_as_missing_and_are_named() -> None:
    export = of(dated("2026-01-02", "yesterday", "?"))
    assert [row.at("opened") is None for row in export.rows()] == [False, True, True]
    assert "opened: 1 values are no dates and count as missing (line 3: 'yesterday')" in told(export)


# -- duplicates and size --------------------------------------------------------------------------------------------


def test_a_repeated_id_is_left_out_and_named_by_line_while_rows_without_an_id_stay() -> None:
    export = of("id,subject\n1,a\n2,b\n1,c\n,d\n,e\n")
    assert [row.of("subject") for row in export.rows()] == ["a", "b", "d", "e"]
    assert export.report.rows == 4 and "1 rows repeat the id of an earlier row and are left out; first line 4." in told(export)


def test_without_ids_equal_rows_are_counted_and_kept() -> None:
    export = of("text,label\nscreen broken,PC\nscreen broken,PC\nmouse,PC\n")
    assert export.report.rows == 3 == len(list(export.rows()))
    assert "1 rows are the same as an earlier one" in told(export)


def test_memory_does_not_grow_with_the_text_of_an_export(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}.csv"
        with path.open("w") as file:
            file.write(HEAD)
            file.writelines(f"{number},{'a long text ' * 40},PC,2026-01-02\n" for number in range(rows))
        tracemalloc.start()
        assert sum(1 for _ in look_through_file(path).rows()) == rows
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(10)
    assert peak(20_000) < peak(2_000) + 2_000_000  # of 9 MB more text


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportUnreadable, match="none.csv cannot be read"):
        look_through_file(tmp_path / "none.csv")
