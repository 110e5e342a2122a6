"""Which language a message is in, and in which one somebody wants an answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.agent.languages.known import LANGUAGES, known
from assistant.agent.languages.recognise import language_of, wished

CASES = Path(__file__).parent.parent.parent.parent / "evals" / "cases"
AT_LEAST = 0.95


def sentences() -> list[dict[str, str]]:
    return [json.loads(line) for line in (CASES / "written_in.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("code", LANGUAGES)
def test_nearly_all_messages_of_each_language_are_recognised_with_nothing_known_before(code: str) -> None:
    mine = [row["text"] for row in sentences() if row["language"] == code]
    assert len(mine) >= 30
    wrong = [text for text in mine if language_of(text) != code]
    assert len(wrong) <= 2, wrong


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_conversation_that_is_in_its_language_stays_in_it(code: str) -> None:
    mine = [row["text"] for row in sentences() if row["language"] == code]
    assert sum(language_of(text, code) == code for text in mine) >= len(mine) - 1


def test_messages_in_english_are_not_taken_for_another_language_in_a_conversation_in_english() -> None:
    asked = [json.loads(line)["question"] for line in (CASES / "itkb_questions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(asked) >= 25
    assert [text for text in asked if language_of(text) != "en"] == []


@pytest.mark.parametrize("text", ["VPN", "OneDrive 0x80070057", "ok", "", "12345", "😀", "HC-412", "\x00\u202e", "Microsoft Teams"])
@pytest.mark.parametrize("before", ["de", "ar", "en"])
def test_what_says_nothing_of_a_language_keeps_the_one_from_before(text: str, before: str) -> None:
    assert language_of(text, before) == before


@pytest.mark.parametrize("text", ["Laptop", "Teams crash", "password", "Update failed", "restart"])
def test_a_few_english_words_do_not_take_a_conversation_out_of_its_language(text: str) -> None:
    assert language_of(text, "de") == "de"


def test_whole_sentences_change_the_language_of_a_conversation() -> None:
    assert language_of("My printer does not work any more, what can I do?", "de") == "en"
    assert language_of("Mein Drucker funktioniert nicht mehr, was kann ich tun?", "en") == "de"
    assert language_of("الطابعة لا تعمل", "en") == "ar"


@pytest.mark.parametrize(
    ("text", "code", "alone"),
    [
        ("please answer in English", "en", True),
        ("English please", "en", True),
        ("auf Deutsch bitte", "de", True),
        ("en français s'il vous plaît", "fr", True),
        ("¿puede responder en español, por favor?", "es", True),
        ("in italiano per favore", "it", True),
        ("responda em português, por favor", "pt", True),
        ("in het Nederlands graag", "nl", True),
        ("po polsku proszę", "pl", True),
        ("svara på svenska tack", "sv", True),
        ("بالعربية من فضلك", "ar", True),
        ("bitte auf Englisch antworten", "en", True),
        ("Kannst du bitte auf Englisch antworten? Mein Drucker ist kaputt", "en", False),
        ("My Outlook is in French", "", False),
        ("How do I change the display language of Windows to German?", "", False),
        ("Mein Outlook ist auf Englisch", "", False),
        ("The keyboard is Swedish", "", False),
        ("VPN does not work", "", False),
        ("", "", False),
    ],
)
def test_an_explicit_wish_for_a_language_is_told_from_a_remark_about_one(text: str, code: str, alone: bool) -> None:
    assert wished(text) == (code, alone)


def test_tags_of_regions_name_their_language_and_others_none() -> None:
    assert [known(tag) for tag in ("de-AT", "pt_BR", "EN", "ar", "ja-JP", "")] == ["de", "pt", "en", "ar", "", ""]
