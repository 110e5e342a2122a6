"""The widget's ten languages are complete, nobody writes words into its code."""

from __future__ import annotations

import re
from functools import cache

import pytest

from assistant.agent.languages.known import LANGUAGES
from assistant.agent.languages.reading import read
from assistant.agent.languages.recognise import language_of
from assistant.agent.steps.understand import asks_for_person
from widget import ASSETS

OTHERS = [code for code in LANGUAGES if code != "en"]
ENTRY = re.compile(r"^  '?([\w.]+)'?: (?:'([^'\n]*)'|\{ (.*) \}),$", re.MULTILINE)
FORM = re.compile(r"(\w+): '([^']*)'")
CODE = sorted(path for path in ASSETS.rglob("*.js") if path.parent.name != "words")
PLURALS = {
    "ar": {"zero", "one", "two", "few", "many", "other"},
    "pl": {"one", "few", "many", "other"},
}
"""The categories of CLDR for whole numbers below a million; all other languages here have two."""


@cache
def words(code: str) -> dict[str, dict[str, str]]:
    """Return what the widget says in a language: for each key its forms, of which most have one."""
    text = (ASSETS / "words" / f"{code}.js").read_text(encoding="utf-8")
    found = {key: dict(FORM.findall(forms)) if forms else {"": plain} for key, plain, forms in ENTRY.findall(text)}
    assert len(found) == len(re.findall(r"^  \S", text, re.MULTILINE)), "a line that this test cannot read"
    return found


def places(form: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", form))


def test_there_is_one_file_for_each_language_and_the_code_knows_the_same_ones() -> None:
    assert {path.name for path in (ASSETS / "words").iterdir()} == {f"{code}.js" for code in LANGUAGES}
    listed = re.search(r"LANGUAGES = \[(.*?)\]", (ASSETS / "words.js").read_text())
    assert listed is not None
    assert set(re.findall(r"'(\w+)'", listed[1])) == set(LANGUAGES)


@pytest.mark.parametrize("code", OTHERS)
def test_no_string_is_missing_none_is_left_over_and_the_places_are_the_same(code: str) -> None:
    english, other = words("en"), words(code)
    assert english.keys() == other.keys()
    for key, forms in other.items():
        wanted = places(next(iter(english[key].values())))
        assert all(places(form) == wanted for form in forms.values()), key
        assert all(form.strip() for form in forms.values()), key


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_is_counted_has_every_plural_form_of_its_language(code: str) -> None:
    for key, forms in words(code).items():
        if len(words("en")[key]) > 1:
            assert set(forms) == PLURALS.get(code, {"one", "other"}), key
        else:
            assert set(forms) == {""}, key


@pytest.mark.parametrize("code", OTHERS)
def test_nothing_was_left_in_english_and_nothing_shouts(code: str) -> None:
    for key, forms in words(code).items():
        for form in forms.values():
            own = re.sub(r"\{\w+\}|[^a-zA-Z]", "", form)
            assert len(own) < 13 or form not in words("en")[key].values(), f"{key}: {form}"
            assert not set(form) & set("!¡"), key
            letters = set(re.findall(r"[^\W\d_]", form))
            assert code == "ar" or not any("\u0370" <= letter <= "\u06ff" for letter in letters), f"{key}: another alphabet"


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_words_for_a_person_are_words_that_the_service_understands(code: str) -> None:
    said = words(code)["personMessage"][""]
    assert language_of(said) == code
    assert asks_for_person(read(said, code).said or said)


def test_every_key_that_the_code_asks_for_is_there_and_every_key_is_asked_for() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in CODE)
    asked = set(re.findall(r"(?:say|has)\('([\w.]+)'", text)) | set(re.findall(r"#draw\('\w+', '(\w+)'", text))
    families = set(re.findall(r"(?:say|has)\(`(\w+)\.\$\{", text))
    known = set(words("en"))
    assert asked - known == set()
    loose = {key for key in known - asked if key.split(".")[0] not in families}
    spelled = {key for key in loose if f"'{key}'" in text}
    assert loose - spelled == set()


def test_no_words_are_written_in_the_code() -> None:
    shown = re.compile(r"""(?:text|title|placeholder|label|'aria-label'): (['"`])(?=[^'"`$]*[A-Za-z]{2})""")
    called = re.compile(r"""(?:button|addNote|textContent =)\(?\s*(['"`])[A-Za-z]""")
    found = [
        f"{path.name}: {line.strip()[:80]}"
        for path in CODE
        for line in path.read_text(encoding="utf-8").splitlines()
        if shown.search(line) or called.search(line)
    ]
    assert found == []


def test_a_word_in_the_code_would_be_found() -> None:
    assert re.search(r"""(?:button)\(?\s*(['"`])[A-Za-z]""", "button('Close', 'quiet')")
