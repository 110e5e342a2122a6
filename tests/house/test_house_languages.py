"""The files of the ten languages are complete: nothing is missing in one, nothing is left over, and no placeholder differs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.agent.languages.known import LANGUAGES
from assistant.agent.languages.reading import read
from assistant.agent.languages.words import FOLDER as WORDS
from assistant.agent.languages.words import SIGNS, words_of
from assistant.agent.steps.understand import _CONTRARY
from assistant.agent.wording.catalogue import FOLDER as SENTENCES
from assistant.agent.wording.catalogue import catalogue, category

ROOT = Path(__file__).parent.parent.parent
OTHERS = [code for code in LANGUAGES if code != "en"]
CONTRARIES = {"not", "but", "only", "still", "until", "except", "never", "nothing"}
Entry = str | dict[str, str] | list[str]


def entries(found: dict[str, Any], path: str = "") -> Iterator[tuple[str, Entry]]:
    for name, value in found.items():
        if isinstance(value, dict) and "count" not in value:
            yield from entries(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def forms(entry: Entry) -> list[str]:
    if isinstance(entry, dict):
        return [form for kind, form in entry.items() if kind != "count"]
    return [entry] if isinstance(entry, str) else list(entry)


def places(form: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", form))


def test_there_is_one_file_of_each_kind_for_each_language_and_no_other() -> None:
    for folder in (SENTENCES, WORDS):
        assert {path.name for path in folder.iterdir()} == {f"{code}.toml" for code in LANGUAGES}


@pytest.mark.parametrize("code", OTHERS)
def test_no_sentence_is_missing_none_is_left_over_and_the_placeholders_are_the_same(code: str) -> None:
    english, other = dict(entries(catalogue("en"))), dict(entries(catalogue(code)))
    assert english.keys() == other.keys()
    for name, entry in other.items():
        wanted = places(forms(english[name])[0])
        assert all(places(form) == wanted for form in forms(entry)), name
        assert all(form.strip() for form in forms(entry) if name != "form.thousands"), name


@pytest.mark.parametrize("code", OTHERS)
def test_no_sentence_was_left_in_english_and_none_shouts(code: str) -> None:
    english, other = dict(entries(catalogue("en"))), dict(entries(catalogue(code)))
    for name, entry in other.items():
        for form in forms(entry):
            own = re.sub(r"\{\w+\}|[^a-zA-Z]", "", form)
            assert len(own) < 12 or form not in forms(english[name]), f"{name}: {form}"
            assert not set(form) & set("!¡"), name


@pytest.mark.parametrize("code", LANGUAGES)
def test_sentences_with_a_number_have_every_plural_form_of_their_language(code: str) -> None:
    needed = {category(code, number) for number in range(1, 200)} | {"other"}
    for name, entry in entries(catalogue(code)):
        if isinstance(entry, dict):
            kinds = set(entry) - {"count"}
            assert entry["count"] in places(forms(entry)[0]), name
            assert kinds == needed or (code == "en" and kinds == {"other"}), name


@pytest.mark.parametrize("code", OTHERS)
def test_every_glossary_holds_the_same_english_words(code: str) -> None:
    def concepts(language: str) -> set[str]:
        return {english for terms in words_of(language).glossary.terms.values() for _, english in terms}

    assert concepts(code) == concepts("de")
    assert len(concepts(code)) > 200


@pytest.mark.parametrize("code", OTHERS)
def test_every_language_has_all_signs_and_the_words_that_turn_a_success_around(code: str) -> None:
    words = words_of(code)
    assert set(words.signs) == set(SIGNS)
    assert all(words.signs.values())
    assert {english for terms in words.glossary.terms.values() for _, english in terms} >= CONTRARIES


@pytest.mark.parametrize("code", OTHERS)
def test_no_phrase_that_closes_a_ticket_holds_a_word_that_turns_it_around(code: str) -> None:
    words = words_of(code)
    for phrase in (*words.signs["solved"], *words.signs["yes"], *words.fillers):
        assert not re.search(_CONTRARY, read(f"{phrase} xyz", code).english), phrase


def test_every_reason_that_ends_an_action_is_in_the_catalogue() -> None:
    places = (*(ROOT / "assistant" / "desk" / "fulfilment").glob("*.py"), ROOT / "assistant" / "governance" / "approvals.py")
    source = "".join(path.read_text() for path in sorted(places))
    told = re.findall(r'Status\.[A-Z]+, f?"([^"]+)"|why="([^"]+)"|^ {8,12}return f?"([a-z][^"]+ [^"]+)"', source, re.MULTILINE)
    patterns = [re.sub(r"\\\{\w+\\\}", ".+", re.escape(reason)) for reason in catalogue("en")["known"]["reasons"].values()]
    found = [next(filter(None, groups)) for groups in told]
    assert len(found) > 12
    plain = [re.sub(r"\{[^}]+\}", "exhausted" if "code was not accepted" in text else "x", text) for text in found]
    assert [text for text in plain if not any(re.fullmatch(pattern, text) for pattern in patterns)] == []
