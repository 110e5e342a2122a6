"""The audit for others: cells that no spreadsheet runs, events that say what OCSF 1.4 wants."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from assistant.domain.audit import AuditEntry, AuditLine
from assistant.governance.export import COLUMNS, as_csv, as_ocsf, between, ocsf_event

NOON = datetime(2026, 3, 2, 12, 30, 15, 250_000, tzinfo=UTC)
ENTRY = AuditEntry(NOON, "ana", "execute", "done", "c_1", "m1", 0.91, action="a_1", tool="reset_password", subject="ana", rule="tools.reset_password")

# What the published schema (version 1.4.0) requires: class -> (category, activities, attributes that must be there).
CLASSES: dict[int, tuple[int, set[int], set[str]]] = {
    3001: (3, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 99}, {"user"}),
    3002: (3, {1, 2, 3, 4, 5, 99}, {"user", "service"}),
    3004: (3, {1, 2, 3, 4, 99}, {"entity"}),
    3006: (3, {1, 2, 3, 4, 99}, {"group"}),
    6003: (6, {1, 2, 3, 4, 99}, {"actor", "api", "src_endpoint"}),
}
ALWAYS = {"activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"}


def line(entry: AuditEntry, number: int = 1) -> AuditLine:
    return AuditLine(number, "f" * 64, json.loads(entry.canonical()))


def rows(*entries: AuditEntry) -> list[dict[str, str]]:
    text = "".join(as_csv(line(entry, number) for number, entry in enumerate(entries, 1)))
    return list(csv.DictReader(io.StringIO(text, newline="")))


class TestCsv:
    def test_every_field_of_an_entry_has_a_column(self) -> None:
        assert set(ENTRY.plain()) | {"number", "hash"} == set(COLUMNS)
        (row,) = rows(ENTRY)
        assert (row["number"], row["actor"], row["confidence"], row["tool"]) == ("1", "ana", "0.91", "reset_password")

    @pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1+1", "＝1+1", "＋1", "－1", "＠x"])
    @pytest.mark.parametrize("field", ["message", "decision", "outcome"])
    def test_no_cell_begins_what_a_spreadsheet_takes_for_a_formula(self, text: str, field: str) -> None:
        (row,) = rows(replace(ENTRY, **{field: text}))  # type: ignore[arg-type]
        assert row[field] == f"'{text}"

    def test_quotes_line_ends_and_other_alphabets_come_back_as_they_were(self) -> None:
        words = 'she said "no",\nthen Grüße ☂ 漢字'
        (row,) = rows(replace(ENTRY, message=words))
        assert row["message"] == words

    def test_what_holds_more_than_a_word_is_json(self) -> None:
        (row,) = rows(replace(ENTRY, arguments={"days": "30", "group": "=cmd"}))
        assert json.loads(row["arguments"]) == {"days": "30", "group": "=cmd"}

    def test_an_empty_audit_is_a_heading(self) -> None:
        assert rows() == []
        assert "".join(as_csv([])).count("\r\n") == 1


class TestDays:
    def test_both_days_are_included_and_counted_in_utc(self) -> None:
        late = timezone(timedelta(hours=-8))
        times = [datetime(2026, 3, 1, 23, 59, tzinfo=UTC), datetime(2026, 3, 2, 16, 30, tzinfo=late), datetime(2026, 3, 4, tzinfo=UTC)]
        lines = [line(replace(ENTRY, at=at), number) for number, at in enumerate(times, 1)]

        def numbers(since: date | None, until: date | None) -> list[int]:
            return [found.number for found in between(lines, since, until)]

        assert numbers(None, None) == [1, 2, 3]
        assert numbers(date(2026, 3, 2), None) == [2, 3]
        assert numbers(date(2026, 3, 1), date(2026, 3, 2)) == [1]
        assert numbers(date(2026, 3, 3), date(2026, 3, 3)) == [2]

    def test_a_record_without_a_time_is_an_error_that_names_it(self) -> None:
        with pytest.raises(ValueError, match="record 7 does not say when"):
            list(between([AuditLine(7, "x", {"step": "answer"})], None, None))


def checked(entry: AuditEntry) -> dict[str, Any]:
    """Return the event of an entry after checking what holds for every event."""
    event = ocsf_event(line(entry, 12))
    category, activities, wanted = CLASSES[event["class_uid"]]
    assert event.keys() >= ALWAYS | wanted
    assert event["category_uid"] == category == event["class_uid"] // 1000
    assert event["activity_id"] in activities
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
    assert event["severity_id"] in range(7)
    assert event["status_id"] in (0, 1, 2, 99)
    assert event["metadata"]["version"] == "1.4.0"
    assert event["metadata"]["product"]["name"]
    return event


class TestOcsf:
    def test_the_time_is_in_milliseconds(self) -> None:
        event = checked(ENTRY)
        assert event["time"] == 1772454615250
        assert datetime.fromtimestamp(event["time"] / 1000, UTC) == NOON

    @pytest.mark.parametrize(
        ("entry", "class_uid", "activity"),
        [
            (ENTRY, 3001, 4),
            (replace(ENTRY, tool="unlock_account"), 3001, 12),
            (replace(ENTRY, tool="lock_account"), 3001, 9),
            (replace(ENTRY, tool="end_access", arguments={"group": "ledgerline"}), 3006, 4),
            (replace(ENTRY, tool="restore_access", arguments={"group": "ledgerline"}), 3006, 3),
            (replace(ENTRY, tool="withdraw_comment", arguments={"ticket": "T-1"}), 3004, 3),
            (replace(ENTRY, tool="my_devices"), 6003, 2),
            (replace(ENTRY, step="second factor", decision="accepted"), 3002, 99),
            (replace(ENTRY, tool="grant_access", arguments={"group": "ledgerline"}), 3006, 3),
            (replace(ENTRY, tool="give_up_access", arguments={"group": "ledgerline"}), 3006, 4),
            (replace(ENTRY, tool="create_ticket", detail={"ticket": "T-1"}), 3004, 1),
            (replace(ENTRY, tool="close_ticket", arguments={"ticket": "T-1"}), 3004, 3),
            (replace(ENTRY, tool="grant_access"), 6003, 99),
            (replace(ENTRY, decision="confirm"), 6003, 99),
            (AuditEntry(NOON, "ana", "answer", "auto", confidence=0.5), 6003, 2),
            (AuditEntry(NOON, "ana", "file", "asked for", context={"ticket": "T-1"}), 3004, 1),
            (AuditEntry(NOON, "ana", "resolve", "ticket declined"), 6003, 99),
            (AuditEntry(NOON, "operator", "erase", "erased", subject="ana"), 3001, 6),
            (AuditEntry(NOON, "", "refuse", "refused", detail={"status": 401}), 6003, 99),
            (AuditEntry(NOON, "firstline", "something new", "done"), 6003, 99),
        ],
    )
    def test_each_kind_of_record_has_its_class(self, entry: AuditEntry, class_uid: int, activity: int) -> None:
        event = checked(entry)
        assert (event["class_uid"], event["activity_id"]) == (class_uid, activity)

    @pytest.mark.parametrize(
        ("decision", "status", "severity"), [("done", 1, 1), ("failed", 2, 2), ("unknown", 2, 2), ("refused", 2, 3), ("expired", 2, 3)]
    )
    def test_what_failed_and_what_was_refused_weighs_more(self, decision: str, status: int, severity: int) -> None:
        event = checked(replace(ENTRY, decision=decision))
        assert (event["status_id"], event["severity_id"]) == (status, severity)

    @pytest.mark.parametrize(("decision", "status"), [("accepted", 1), ("wrong", 2), ("exhausted", 2), ("altered", 2)])
    def test_only_an_accepted_code_is_a_success(self, decision: str, status: int) -> None:
        event = checked(replace(ENTRY, step="second factor", decision=decision))
        assert (event["status_id"], event["is_mfa"]) == (status, True)

    def test_a_verdict_against_it_weighs_more_too(self) -> None:
        assert checked(replace(ENTRY, decision="stopped", verdict="deny"))["severity_id"] == 3

    def test_people_and_the_service_are_told_apart(self) -> None:
        assert checked(ENTRY)["actor"]["user"]["uid"] == "ana"
        assert checked(replace(ENTRY, actor="firstline"))["actor"] == {"app_name": "Firstline"}
        assert checked(replace(ENTRY, actor="operator"))["actor"] == {"app_name": "Firstline command line"}

    def test_nothing_of_a_record_is_left_out(self) -> None:
        entry = replace(ENTRY, arguments={"group": "g"}, facts={"own": True}, context={"ticket": "T-1"}, detail={"hash": "x"})
        text = json.dumps(checked(entry))
        for value in ("ana", "execute", "done", "c_1", "m1", "0.91", "a_1", "reset_password", "tools.reset_password", "own", "T-1"):
            assert value in text

    def test_events_are_one_a_line(self) -> None:
        made = list(as_ocsf([line(replace(ENTRY, message="two\nlines"), 1), line(ENTRY, 2)]))
        assert [json.loads(row)["metadata"]["sequence"] for row in made] == [1, 2]
        assert all(row.count("\n") == 1 and row.endswith("\n") for row in made)
