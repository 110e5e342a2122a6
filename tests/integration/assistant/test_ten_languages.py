"""Conversations in nine other languages than English with the real service, which has no language model and articles in English only."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assistant.agent import wording
from assistant.agent.silence import settle_silence
from assistant.agent.wording.catalogue import speaking
from assistant.domain.conversation import Outcome
from assistant.domain.reply import Reply, ReplyKind
from assistant.domain.ticket import TicketStatus
from kb.model import Document
from tests.support.world import World, cited, offered

LANGUAGES = {
    "de": ("Papierstau im Drucker", "ja, danke", "Wie hoch ist mein Schreibtisch einstellbar?", "Er lässt sich nicht verstellen", "ja bitte"),
    "fr": (
        "L'imprimante a un bourrage papier",
        "oui, merci",
        "Comment régler la hauteur de ma chaise ?",
        "Elle descend toute seule",
        "oui s'il vous plaît",
    ),
    "es": (
        "La impresora tiene un atasco de papel",
        "sí, gracias",
        "¿Cómo ajusto la altura de mi silla?",
        "Se baja sola cuando me siento",
        "sí, por favor",
    ),
    "it": (
        "La stampante ha la carta inceppata",
        "sì, grazie",
        "Come regolo l'altezza della sedia?",
        "Scende da sola",
        "sì, per favore",
    ),
    "pt": ("O papel ficou encravado na impressora", "sim, obrigada", "Como ajusto a altura da minha cadeira?", "Ela desce sozinha", "sim, por favor"),
    "nl": ("Er zit een papierstoring in mijn printer", "ja, bedankt", "Hoe zet ik mijn stoel hoger?", "Hij zakt naar beneden", "ja graag"),
    "pl": ("W drukarce zaciął się papier", "tak, dziękuję", "Jak podnieść moje krzesło?", "Ono samo opada na dół", "tak, proszę"),
    "sv": ("Det är pappersstopp i skrivaren", "ja, tack", "Hur höjer jag min stol?", "Den sjunker hela tiden ner", "ja tack"),
    "ar": ("الورق عالق في الطابعة", "نعم، شكرا", "كيف أرفع الكرسي في مكتبي؟", "ينزل الكرسي وحده عندما أجلس", "نعم من فضلك"),
}
WITH_A_BUT = {
    "de": "Funktioniert, aber nur manchmal",
    "fr": "ça marche, mais seulement une fois sur deux",
    "es": "funciona, pero solo a veces",
    "it": "funziona, ma solo a volte",
    "pt": "funciona, mas só às vezes",
    "nl": "het werkt, maar alleen soms",
    "pl": "działa, ale tylko czasami",
    "sv": "det fungerar, men bara ibland",
    "ar": "يعمل ولكن فقط أحيانا",
}


def said(code: str, name: str) -> str:
    with speaking(code):
        return str(getattr(wording, name)())


def in_language(reply: Reply, code: str) -> bool:
    with speaking(code):
        labels = [wording.known(choice.label) for choice in (*wording_choices(),)]
    own = [choice.label for choice in reply.choices if not choice.article and choice.id in ("yes", "no", "person", "file", "not_now")]
    return reply.language == code and set(own) <= set(labels)


def wording_choices() -> tuple[object, ...]:
    from assistant.domain.reply import FILE, NO, NOT_NOW, PERSON, YES

    return YES, NO, PERSON, FILE, NOT_NOW


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_question_is_answered_from_an_english_article_and_closed_with_a_yes(world: World, code: str) -> None:
    question, yes, *_ = LANGUAGES[code]
    talk = world.talk("maria.santos")
    answer = talk.say(question)
    assert answer.kind is ReplyKind.ANSWER
    assert "printing-problems" in cited(answer)
    with speaking(code):
        assert answer.text.startswith(wording.found_in("en"))
    assert answer.text.endswith(said(code, "confirm_question"))
    assert "[1]" in answer.text
    assert in_language(answer, code)
    closed = talk.say(yes)
    assert closed.state == "resolved"
    assert closed.ticket is not None
    assert world.ticket(closed.ticket.id).status is TicketStatus.CLOSED
    assert world.episodes(closed.conversation)[-1].outcome is Outcome.RESOLVED_CONFIRMED
    assert in_language(closed, code)


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_no_article_answers_becomes_a_ticket_for_people_with_the_persons_own_words(world: World, code: str) -> None:
    _, _, question, more, yes = LANGUAGES[code]
    talk = world.talk("maria.santos")
    asked = talk.say(question)
    assert asked.kind in (ReplyKind.ABSTENTION, ReplyKind.CLARIFICATION)
    assert not asked.citations
    assert in_language(asked, code)
    offer = talk.say(more)
    assert offer.text == said(code, "offer_ticket")
    assert offered(offer) == ["file", "not_now", "person"]
    filed = talk.say(yes)
    assert filed.state == "filed"
    assert filed.ticket is not None
    assert in_language(filed, code)
    ticket = world.ticket(filed.ticket.id)
    assert ticket.status is TicketStatus.OPEN
    assert question[:20] in ticket.subject
    assert any(label == "Written in" for label, _ in ticket.body.facts)
    assert ticket.body.summary.startswith("Asked: ")


@pytest.mark.parametrize("code", WITH_A_BUT)
def test_a_success_with_a_but_closes_nothing(world: World, code: str) -> None:
    talk = world.talk("maria.santos")
    first = talk.say(LANGUAGES[code][0])
    assert first.ticket is not None
    after = talk.say(WITH_A_BUT[code])
    assert after.state != "resolved"
    assert world.ticket(first.ticket.id).status.is_open


def test_a_press_of_a_button_is_answered_in_the_language_of_the_conversation(world: World) -> None:
    talk = world.talk("maria.santos")
    talk.say(LANGUAGES["sv"][0])
    assert talk.press("yes").text.startswith("Bra. Jag har stängt ärendet")


def test_a_card_is_shown_in_the_language_and_recorded_in_english(world: World) -> None:
    talk = world.talk("maria.santos")
    card = talk.say("Mein Konto ist gesperrt, bitte entsperren Sie es")
    assert card.action is not None
    assert card.action.title == "Ihr Konto entsperren"
    assert card.text.startswith("**Ihr Konto entsperren**")
    with world.assistant.store.read() as unit:
        stored = unit.actions.load(card.action.id)
    assert stored is not None
    assert stored.plan.title == "Unlock your account"
    assert talk.press(f"drop:{card.action.id}").text == "In Ordnung, ich lasse es: Ihr Konto entsperren."


def test_nobody_acts_on_somebody_elses_account_in_any_wording(world: World) -> None:
    for words in ("Setz das Passwort von Anna zurück", "Bitte das Konto meines Kollegen entsperren", "Réinitialisez le mot de passe de Paul"):
        reply = world.talk("maria.santos").say(words)
        assert reply.action is None, words


def test_an_explicit_wish_changes_the_language_of_everything_that_follows(world: World) -> None:
    talk = world.talk("maria.santos")
    talk.say("My mailbox is full")
    agreed = talk.say("auf Deutsch bitte")
    assert agreed.text == said("de", "will_answer")
    assert offered(agreed) == ["yes", "no", "person"]
    assert talk.say("How do I restore a deleted file?").language == "de"


def test_a_product_name_alone_does_not_change_the_language(world: World) -> None:
    talk = world.talk("maria.santos")
    talk.say("Wie melde ich eine verdächtige Mail?")
    assert talk.say("Outlook").language == "de"


def test_silence_is_told_in_the_language_of_the_conversation(world: World) -> None:
    talk = world.talk("maria.santos")
    answer = talk.say(LANGUAGES["pl"][0])
    world.clock.advance(timedelta(hours=25))
    assert settle_silence(world.assistant.parts) == 1
    with world.assistant.store.read() as unit:
        last = unit.conversations.events(answer.conversation)[-1].body["reply"]
    assert last["text"].startswith("Od 24 godzin")
    assert last["language"] == "pl"


def test_an_article_in_the_persons_language_goes_before_one_in_english(world: World) -> None:
    from kb.split import split

    text = "Öffnen Sie die Klappe des Druckers.\n\n1. Ziehen Sie das Papier langsam heraus.\n2. Schließen Sie die Klappe wieder.\n"
    base = world.assistant.knowledge_base
    document = Document("papierstau", "own", "papierstau.md", "Papierstau im Drucker beheben", text)
    base.publisher.publish([(document, split(document.text))])
    base.keeper.catch_up()
    answer = world.talk("maria.santos").say("Papierstau im Drucker beheben")
    assert cited(answer) == {"papierstau"}
    with speaking("de"):
        assert wording.found_in("en") not in answer.text
    assert "printing-problems" in cited(world.talk("priya.nair").say("paper jam in the printer"))


def test_an_english_conversation_is_as_it_was(world: World) -> None:
    talk = world.talk("maria.santos")
    answer = talk.say("My mailbox is full")
    assert answer.language == "en"
    assert "I found an article" not in answer.text
    assert answer.text.endswith("Did this solve it?")
