"""How people word things, and which language a text is in."""

from __future__ import annotations

import random
import re

from evals.conversations.case import load_cases
from evals.conversations.language import language_of
from evals.conversations.wording import Voice

SAYS = ('Harbour Connect stops with HC-610 and "No signal from device", what do I do?', "I get HC-610 on LT-2417 when connecting from home")


def voice(seed: int, varied: bool = True, language: str = "en") -> Voice:
    return Voice(random.Random(seed), language, varied)


def test_without_variation_the_first_wording_is_said_as_it_is_written() -> None:
    assert {voice(seed, varied=False).say(SAYS) for seed in range(20)} == {SAYS[0]}


def test_the_same_seed_says_the_same_and_seeds_differ() -> None:
    said = [voice(seed).say(SAYS) for seed in range(60)]
    assert said == [voice(seed).say(SAYS) for seed in range(60)]
    assert len(set(said)) > 20


def test_codes_and_what_stands_in_quotation_marks_are_never_changed() -> None:
    for seed in range(400):
        said = voice(seed).say(SAYS)
        assert "HC-610" in said
        assert ('"No signal from device"' in said) or ("LT-2417" in said)


def test_at_most_one_letter_slips() -> None:
    plain = re.findall(r"\w+", SAYS[1].casefold())
    for seed in range(300):
        said = re.findall(r"\w+", voice(seed).say(SAYS[1:]).casefold())
        assert len([word for word in plain if word not in said]) <= 1


def test_words_that_stand_for_a_button_stay_as_they_are() -> None:
    assert {voice(seed).say(("yes please",)) for seed in range(50)} == {"yes please"}


def test_the_language_of_every_opening_in_the_cases_is_recognised_or_left_open() -> None:
    wrong = [
        (named.name, words, found)
        for named in load_cases()
        for words in named.case.says
        if (found := language_of(words)) not in ("", named.case.language) and len(words.split()) > 5
    ]
    assert len(wrong) <= 3, wrong


def test_a_reply_of_the_service_in_each_language_is_recognised() -> None:
    samples = {
        "en": "I don't have an article for that. Shall I open a ticket?",
        "de": "Dazu habe ich keinen Artikel. Soll ich ein Ticket öffnen?",
        "fr": "Je n'ai pas d'article à ce sujet. Dois-je ouvrir un ticket pour vous ?",
        "es": "No tengo un artículo sobre eso. ¿Abro un ticket para usted?",
        "it": "Non ho un articolo su questo. Devo aprire un ticket per lei?",
        "pt": "Não tenho um artigo sobre isso. Devo abrir um pedido para você?",
        "nl": "Daar heb ik geen artikel over. Zal ik een ticket voor je openen?",
        "pl": "Nie mam na ten temat artykułu. Czy mam otworzyć zgłoszenie?",
        "sv": "Jag har ingen artikel om det. Ska jag öppna ett ärende?",
        "ar": "لا توجد لدي مقالة عن ذلك. هل أفتح تذكرة؟",
    }
    assert {language: language_of(text) for language, text in samples.items()} == {language: language for language in samples}


def test_what_is_quoted_does_not_decide_the_language() -> None:
    assert language_of('Ich habe dazu einen Artikel gefunden: "Your account is locked and it is in the list"') == "de"


def test_too_few_words_have_no_language() -> None:
    assert language_of("VPN HC-610") == ""
