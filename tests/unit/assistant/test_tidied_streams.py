"""How a stream is passed on to the OpenAI client: in its documented form, and in few events."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from assistant.adapters.models import tidying
from assistant.adapters.models.clocked import Call
from assistant.adapters.models.tidying import tidied
from tests.support.raw_chat_server import DONE, event, finish, text


def contents(pieces: list[bytes]) -> list[str]:
    """The text of each event that is passed on."""
    return [json.loads(piece[6:])["choices"][0]["delta"].get("content", "") for piece in tidied(pieces) if b"[DONE]" not in piece]


def test_words_that_arrive_together_are_passed_on_together() -> None:
    assert contents([*text("Open", " the", " VPN", " client", " now"), finish(), DONE]) == ["Open", " the VPN client now"]


@pytest.mark.parametrize("end", [" [p1]", ".\n"])
def test_the_end_of_a_line_or_of_a_citation_is_passed_on_at_once(end: str) -> None:
    assert contents([*text("Open", " it", end, " Then", " wait"), finish(), DONE]) == ["Open", f" it{end}", " Then wait"]


def test_words_do_not_wait_for_longer_than_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidying, "TOGETHER_SECONDS", 0.02)

    def slowly() -> Iterator[bytes]:
        for piece in text("a", "b", "c"):
            time.sleep(0.03)
            yield piece
        yield DONE

    passed = [json.loads(piece[6:])["choices"][0]["delta"]["content"] for piece in tidied(slowly()) if b"[DONE]" not in piece]
    assert passed == ["a", "b", "c"]


def test_where_nobody_listens_all_words_are_one() -> None:
    passed = [
        json.loads(piece[6:])
        for piece in tidied([*text("{", "]\n", "}"), finish(), DONE], Call(time.monotonic() + 5, heard=False))
        if b"[DONE]" not in piece
    ]
    assert [one["choices"][0]["delta"]["content"] for one in passed] == ["{]\n}"]


def test_nothing_that_was_held_back_is_lost_at_an_end_without_a_reason() -> None:
    assert "".join(contents([*text("a", "b", "c"), DONE])) == "abc"


def test_nothing_but_the_documented_fields_is_passed_on() -> None:
    said: dict[str, Any] = {"content": "a", "reasoning_content": "secret thoughts", "audio": {"x": 1}}
    (first, *_) = tidied([event(delta=said, logprobs={"x": 1}), finish(), DONE])
    passed = json.loads(first[6:])
    assert set(passed) == {"model", "choices"}
    assert passed["choices"][0] == {"index": 0, "delta": {"content": "a"}, "finish_reason": None}
