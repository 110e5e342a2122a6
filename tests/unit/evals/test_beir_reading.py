"""Judged collections: what is read, and what is refused with a message that says where."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from evals.beir import BadInput, read_corpus, read_qrels, read_queries, read_rows, read_set
from evals.sets import read_devices, read_folder
from kb.model import Platform


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_gzipped_corpus_is_read_like_a_plain_one_whatever_its_name(tmp_path: Path) -> None:
    row = {"_id": "a", "title": "VPN", "text": "Open the client."}
    plain = read_corpus(lines(tmp_path / "corpus.jsonl", row))
    packed = tmp_path / "corpus.bin"
    packed.write_bytes(gzip.compress(json.dumps(row).encode()))
    assert read_corpus(packed) == plain
    assert (plain[0].article_id, plain[0].title, plain[0].text) == ("a", "VPN", "Open the client.")


def test_a_document_without_a_title_stays_without_one(tmp_path: Path) -> None:
    assert read_corpus(lines(tmp_path / "c", {"_id": 7, "text": "Words"}))[0].title == ""


def test_a_platform_restricts_a_document_and_any_does_not(tmp_path: Path) -> None:
    found = read_corpus(lines(tmp_path / "c", {"id": "a", "text": "x", "platform": "ios"}, {"id": "b", "text": "x", "platform": "any"}))
    assert [document.platforms for document in found] == [frozenset({Platform.IOS}), frozenset()]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"text": "no id"}, "line 1: the field _id is missing"),
        ({"_id": "a", "text": ["x"]}, "line 1: text must be a text"),
        ("not json", "line 1: "),
        ("[1, 2]", "line 1: a JSON object is needed"),
    ],
)
def test_a_line_of_a_corpus_that_cannot_be_used_is_named(tmp_path: Path, row: object, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read_corpus(lines(tmp_path / "c", row))


def test_a_document_without_words_is_left_out_and_a_corpus_of_such_is_refused(tmp_path: Path) -> None:
    empty, full = {"_id": "a", "title": "", "text": " "}, {"_id": "b", "text": "words"}
    assert [document.article_id for document in read_corpus(lines(tmp_path / "c", empty, full))] == ["b"]
    with pytest.raises(BadInput, match="no document has a title or a text"):
        read_corpus(lines(tmp_path / "d", empty))


def test_an_id_that_comes_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="line 2: the id a was there before"):
        read_corpus(lines(tmp_path / "c", {"_id": "a", "text": "x"}, {"_id": "a", "text": "y"}))


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_an_empty_corpus_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(BadInput, match="nothing is in it"):
        read_corpus(tmp_path / "c")


@pytest.mark.parametrize("content", [gzip.compress(mtime=0, data=b'{"_id": "a", "text": "x"}')[:-9], b"\x1f\x8bnonsense", b"\xff\xfe{}"])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(BadInput):
        read_rows(tmp_path / "c")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nowhere"):
        read_rows(tmp_path / "nowhere.jsonl")


def test_a_query_carries_its_conversation_its_device_and_whether_it_can_be_answered(tmp_path: Path) -> None:
    row = {"_id": "q", "text": "and on my phone?", "turns": ["how do I get mail"], "device": "ios", "answerable": False}
    ((case, answerable),) = read_queries(lines(tmp_path / "q", row))
    assert (case.text, case.turns, case.platform, answerable) == ("and on my phone?", ("how do I get mail",), Platform.IOS, False)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("turns", "text", "turns must be"),
        ("turns", [1], "turns must be"),
        ("device", "amiga", "device must be"),
        ("answerable", "no", "answerable must be"),
    ],
)
def test_a_query_with_a_field_of_the_wrong_kind_is_refused(tmp_path: Path, field: str, value: object, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read_queries(lines(tmp_path / "q", {"_id": "q", "text": "x", field: value}))


def test_judgements_are_read_with_and_without_a_header_and_grade_zero_is_no_judgement(tmp_path: Path) -> None:
    bare = lines(tmp_path / "bare", "q1\td1\t1", "q1\td2\t0", "q2\td1\t2")
    headed = lines(tmp_path / "headed", "query-id\tcorpus-id\tscore", "q1\td1\t1", "q1\td2\t0", "q2\td1\t2")
    assert read_qrels(bare) == read_qrels(headed) == {"q1": {"d1": 1}, "q2": {"d1": 2}}


def test_judgements_in_the_form_of_trec_are_read(tmp_path: Path) -> None:
    assert read_qrels(lines(tmp_path / "trec", "q1\t0\td1\t1")) == {"q1": {"d1": 1}}


@pytest.mark.parametrize("line", ["q1 d1 1", "q1\td1", "q1\td1\tyes"])
def test_a_malformed_judgement_is_named_by_its_line(tmp_path: Path, line: str) -> None:
    with pytest.raises(BadInput, match="line 2"):
        read_qrels(lines(tmp_path / "qrels", "q0\td0\t1", line))


def test_queries_that_no_judgement_belongs_to_are_refused(tmp_path: Path) -> None:
    queries = lines(tmp_path / "q", {"_id": "q", "text": "x"})
    with pytest.raises(BadInput, match="no judgement"):
        read_set(queries, lines(tmp_path / "qrels", "other\td\t1"))


def test_a_query_that_is_marked_unanswerable_has_no_relevant_document_even_if_judged(tmp_path: Path) -> None:
    queries = lines(tmp_path / "q", {"_id": "q", "text": "x", "answerable": False}, {"_id": "p", "text": "x"})
    judged = read_set(queries, lines(tmp_path / "qrels", "q\td\t1", "p\td\t1"))
    assert [one.relevant for one in judged] == [{}, {"d": 1}]


def test_device_queries_name_the_right_and_the_wrong_variants(tmp_path: Path) -> None:
    (one,) = read_devices(lines(tmp_path / "d", {"query": "enrol", "device": "ios", "relevant": ["a-ios"], "wrong_device": ["a-android"]}))
    assert one.case.platform is Platform.IOS
    assert one.relevant == {"a-ios": 1}
    assert one.wrong_device == frozenset({"a-android"})


@pytest.mark.parametrize(
    "row", [{"query": "x", "device": "amiga", "relevant": ["a"]}, {"query": "x", "device": "ios", "relevant": "a"}, {"device": "ios"}]
)
def test_a_malformed_device_query_is_refused(tmp_path: Path, row: object) -> None:
    with pytest.raises(BadInput, match="line 1"):
        read_devices(lines(tmp_path / "d", row))


def test_a_folder_of_conversations_gives_the_last_message_with_those_before(tmp_path: Path) -> None:
    lines(tmp_path / "pool.jsonl", {"_id": "p", "title": "", "text": "words"})
    said = [{"speaker": "user", "text": "one"}, {"speaker": "agent", "text": "answer"}, {"speaker": "user", "text": "two"}]
    lines(tmp_path / "tasks.jsonl", {"id": "t", "turns": said, "gold_passages": ["p"]})
    (judged,) = read_folder(tmp_path).judged
    assert (judged.case.text, judged.case.turns, judged.relevant) == ("two", ("one",), {"p": 1})
