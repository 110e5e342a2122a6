"""What messages in other languages say to the parts that know only English; a closing that was none is the worse mistake."""

from __future__ import annotations

import pytest

from assistant.agent.hearing import careful, heard
from assistant.agent.languages.known import LANGUAGES
from assistant.agent.languages.reading import SAID, in_english, read
from assistant.agent.languages.words import words_of
from assistant.agent.state import Memory
from assistant.agent.steps.understand import Intent, Understanding

OTHERS = [code for code in LANGUAGES if code != "en"]
SOLVED = {
    "de": ("Ja, es geht wieder", "hat geklappt, danke", "Problem gelöst"),
    "fr": ("oui, ça marche maintenant", "c'est résolu, merci", "problème résolu"),
    "es": ("sí, ya funciona", "resuelto, gracias", "problema resuelto"),
    "it": ("sì, ora funziona", "risolto, grazie mille", "problema risolto"),
    "pt": ("sim, já funciona", "resolvido, obrigado", "problema resolvido"),
    "nl": ("ja, het werkt weer", "opgelost, bedankt", "probleem opgelost"),
    "pl": ("tak, już działa", "udało się, dziękuję", "problem rozwiązany"),
    "sv": ("ja, det fungerar nu", "löst, tack", "problemet är löst"),
    "ar": ("نعم، يعمل الآن", "تم الحل، شكرا", "تم حل المشكلة"),
}
NOT_QUITE = {
    "de": (
        "Es geht wieder, aber nur am Handy",
        "funktioniert noch nicht",
        "danke, klappt nicht",
        "Ja, aber es geht nicht",
        "geht bis auf den Ton",
    ),
    "fr": (
        "ça marche, mais seulement au bureau",
        "ça ne marche toujours pas",
        "merci mais non",
        "oui mais ça ne marche pas",
        "ça marche sauf le son",
    ),
    "es": ("funciona, pero solo en el móvil", "todavía no funciona", "gracias pero no", "sí, pero no funciona", "ya funciona menos el sonido"),
    "it": ("funziona, ma solo in ufficio", "non funziona ancora", "grazie ma no", "sì ma non funziona", "funziona tranne l'audio"),
    "pt": ("funciona, mas só no telemóvel", "ainda não funciona", "obrigado mas não", "sim, mas não funciona", "funciona exceto o som"),
    "nl": ("het werkt, maar alleen thuis", "het werkt nog steeds niet", "bedankt maar nee", "ja maar het werkt niet", "werkt behalve het geluid"),
    "pl": ("działa, ale tylko w biurze", "nadal nie działa", "dzięki, ale nie", "tak, ale nie działa", "działa oprócz dźwięku"),
    "sv": ("det fungerar, men bara hemma", "det fungerar fortfarande inte", "tack men nej", "ja men det fungerar inte", "fungerar utom ljudet"),
    "ar": ("يعمل ولكن فقط في المكتب", "ما زال لا يعمل", "شكرا ولكن لا", "نعم ولكن لا يعمل", "يعمل ما عدا الصوت"),
}
ANSWERS = {
    "de": ("ja bitte", "nein danke", "vielen Dank", "Guten Morgen", "Ich möchte mit einem Menschen sprechen", "Bitte ein Ticket eröffnen"),
    "fr": ("oui, s'il vous plaît", "non merci", "merci beaucoup", "Bonjour", "Je voudrais parler à une personne", "Ouvrez un ticket"),
    "es": ("sí, por favor", "no, gracias", "muchas gracias", "Buenos días", "Quiero hablar con una persona", "Abra un tique, por favor"),
    "it": ("sì, grazie", "no grazie", "grazie mille", "Buongiorno", "Vorrei parlare con una persona", "Apra un ticket per favore"),
    "pt": ("sim, por favor", "não, obrigado", "muito obrigada", "Bom dia", "Quero falar com uma pessoa", "Abra um pedido, por favor"),
    "nl": ("ja graag", "nee bedankt", "dank u wel", "Goedemorgen", "Ik wil met een medewerker spreken", "Open een ticket"),
    "pl": ("tak, proszę", "nie, dziękuję", "dziękuję bardzo", "Dzień dobry", "Chcę porozmawiać z człowiekiem", "Proszę otworzyć zgłoszenie"),
    "sv": ("ja tack", "nej tack", "tack så mycket", "God morgon", "Jag vill prata med en människa", "Öppna ett ärende"),
    "ar": ("نعم من فضلك", "لا شكرا", "شكرا جزيلا", "صباح الخير", "أريد التحدث إلى شخص", "افتح تذكرة من فضلك"),
}


@pytest.mark.parametrize("code", OTHERS)
def test_short_answers_are_understood(code: str) -> None:
    wanted = [SAID[name] for name in ("yes", "no", "thanks", "greeting", "person", "file")]
    assert [read(text, code).said for text in ANSWERS[code]] == wanted


@pytest.mark.parametrize("code", OTHERS)
def test_a_success_is_understood(code: str) -> None:
    assert [read(text, code).said for text in SOLVED[code]] == [SAID["solved"]] * 3


@pytest.mark.parametrize("code", OTHERS)
def test_a_success_with_a_but_is_none(code: str) -> None:
    for text in NOT_QUITE[code]:
        assert read(text, code).said not in (SAID["solved"], SAID["yes"]), text


@pytest.mark.parametrize("code", OTHERS)
def test_what_only_looks_like_a_success_asks_once_more(code: str) -> None:
    guessed = Understanding(Intent.SOLVED, 0.9)
    assert careful(guessed, read("abc", code), "", code).intent is Intent.THANKS
    assert careful(guessed, read(SOLVED[code][0], code), "", code).intent is Intent.SOLVED
    assert careful(guessed, read("", code), "yes", code).intent is Intent.SOLVED


@pytest.mark.parametrize("code", OTHERS)
def test_no_sign_of_a_language_is_read_as_two_things(code: str) -> None:
    words = words_of(code)
    for kind in ("solved", "not_solved", "yes", "no"):
        for phrase in words.signs[kind]:
            opposite = {"solved": "not_solved", "not_solved": "solved", "yes": "no", "no": "yes"}[kind]
            assert read(phrase, code).said != SAID[opposite], phrase


@pytest.mark.parametrize(
    ("code", "text", "english"),
    [
        ("de", "Druckerproblem", "printer problem"),
        ("de", "Mein Geraet zeigt den Fehler HC-412", "device show error HC-412"),
        ("de", "VPN-Verbindung bricht ab", "vpn keeps dropping"),
        ("fr", "L’imprimante n’imprime plus", "printer not print not"),
        ("es", "no consigo abrir OneDrive", "cannot open OneDrive"),
        ("pt", "nao consigo imprimir", "cannot print"),
        ("pl", "zresetować hasło", "reset password"),
        ("sv", "lösenordsproblem", "password problem"),
        ("nl", "printerprobleem", "printer problem"),
        ("ar", "سُرق اللابتوب", "stolen my laptop"),
        ("ar", "والطابعة لا تعمل", "printer does not work"),
    ],
)
def test_words_compounds_accents_and_names_become_english_search_words(code: str, text: str, english: str) -> None:
    assert read(text, code).english == english


def test_english_and_unknown_languages_stay_as_they_are() -> None:
    for code in ("en", "xx", ""):
        assert read("The Drucker is kaputt", code).english == "The Drucker is kaputt"
    assert read("My VPN is slow", "en").understood == 1.0


def test_words_that_nobody_knows_make_a_reading_less_sure() -> None:
    assert read("Der Drucker druckt nicht", "de").understood == 1.0
    assert read("Die Zimmerpflanze welkt neben dem Drucker", "de").understood < 0.5
    assert read("", "de").understood == 0.0


def test_texts_of_two_languages_are_each_read_in_their_own() -> None:
    assert in_english("Der Drucker druckt nicht mehr", "en") == "printer print not"
    assert in_english("The printer does not print any more", "de") == "The printer does not print any more"


def test_the_language_is_remembered_a_wish_stays_and_a_press_changes_nothing() -> None:
    memory, _, alone = heard(Memory(), "Mein Drucker druckt nicht", "")
    assert (memory.language, memory.speaks, alone) == ("de", "de", False)
    memory, _, alone = heard(memory, "please answer in English", "")
    assert (memory.speaks, alone) == ("en", True)
    memory, reading, _ = heard(memory, "Der Bildschirm bleibt schwarz", "")
    assert (memory.language, memory.speaks, reading.english) == ("de", "en", "screen black")
    assert heard(memory, "", "yes")[0] == memory
    assert Memory.load(memory.dump()) == memory
