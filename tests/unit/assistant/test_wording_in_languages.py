"""The catalogue: plural forms, moments, and English that is stored and shown in the person's language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assistant.agent import wording
from assistant.agent.languages.known import LANGUAGES
from assistant.agent.tools.registry import TOOLS
from assistant.agent.tools.tool import Surroundings
from assistant.agent.wording.catalogue import amount, category, known, moment, speaking
from assistant.domain.action import Plan
from assistant.domain.configuration import Company, Entitlement, Person, Queue
from assistant.domain.reply import NO, NOT_NOW, PERSON, YES, ActionView, Choice, Reply, ReplyKind
from assistant.domain.ticket import Ticket, TicketBody, TicketStatus
from assistant.governance.policy_file import load_policy

OTHERS = [code for code in LANGUAGES if code != "en"]
AT = datetime(2026, 3, 5, 9, 1, tzinfo=UTC)
ANA = Person("ana", "Ana Ruiz")
TICKET = Ticket("T-7", TicketStatus.OPEN, "ana", "Printer", "endpoint", "printing", "", TicketBody("x"), "c_1", AT, AT)


def test_without_a_language_everything_is_said_in_english() -> None:
    assert wording.spoken() == "en"
    assert wording.confirm_question() == "Did this solve it?"
    assert wording.assumed_solved(24.0).startswith("I have not heard from you for 24 hours")


def test_an_unknown_language_is_english_and_the_language_from_before_comes_back() -> None:
    with speaking("de"):
        with speaking("xx"):
            assert wording.spoken() == "en"
        assert wording.spoken() == "de"


OF_PRACTICES = {name for name, rule in load_policy().tools.items() if rule.of_practice} | {"take_change_back", "reopen_account"}


@pytest.mark.parametrize(
    ("code", "number", "kind"),
    [
        *(("pl", 1, "one"), ("pl", 3, "few"), ("pl", 5, "many"), ("pl", 12, "many"), ("pl", 22, "few"), ("pl", 1.5, "other")),
        *(("ar", 0, "zero"), ("ar", 2, "two"), ("ar", 7, "few"), ("ar", 11, "many"), ("ar", 100, "other"), ("ar", 103, "few")),
        *(("fr", 0, "one"), ("fr", 2, "other"), ("de", 0, "other"), ("sv", 1, "one")),
    ],
)
def test_numbers_take_the_plural_form_of_their_language(code: str, number: float, kind: str) -> None:
    assert category(code, number) == kind


def test_hours_take_the_case_that_their_number_asks_for() -> None:
    with speaking("pl"):
        assert "Od 24 godzin nie" in wording.assumed_solved(24.0)
        assert "Od 1 godziny nie" in wording.assumed_solved(1.0)
    with speaking("ar"):
        assert "24 ساعة" in wording.assumed_solved(24.0)
        assert "5 ساعات" in wording.assumed_solved(5.0)


def test_moments_and_thousands_are_written_as_the_language_writes_them() -> None:
    assert (moment(AT, "UTC"), amount(4000)) == ("05 March 09:01 UTC", "4,000")
    with speaking("de"):
        assert (moment(AT, "UTC"), amount(4000)) == ("05. März, 09:01 UTC", "4.000")
    with speaking("ar"):
        assert "مارس" in moment(AT, "UTC")


@pytest.mark.parametrize("code", LANGUAGES)
def test_moments_are_those_of_the_zone_under_the_name_that_the_language_has_for_it(code: str) -> None:
    names = ("MEZ", "MESZ") if code == "de" else ("CET", "CEST")
    with speaking(code):
        assert moment(AT, "Europe/Stockholm").endswith(f" 10:01 {names[0]}")
        assert moment(AT + timedelta(days=120), "Europe/Stockholm").endswith(f" 11:01 {names[1]}")
        assert moment(AT, "Asia/Kathmandu").endswith(" 14:46 UTC+5:45")


def test_the_day_and_the_month_are_those_of_the_zone() -> None:
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert moment(new_year, "Europe/Stockholm") == "01 January 00:30 CET"
    assert moment(new_year, "America/New_York") == "31 December 18:30 EST"


def surroundings() -> Surroundings:
    group = Entitlement("crm-users", "CRM", "Reads customers.")
    return Surroundings(
        ANA, (), (TICKET,), (group,), (), (Queue("endpoint", "Endpoint", ("printing",)),), Company("X", "x.example"), lambda _: TICKET, "It jams"
    )


def plans() -> list[Plan]:
    arguments = {"group": "crm-users", "days": "7", "ticket": "T-7", "category": "printing", "queue": "endpoint"}
    return [tool.plan(surroundings(), arguments) for tool in TOOLS.values() if tool.plan is not None]


@pytest.mark.parametrize("code", OTHERS)
def test_every_line_of_every_plan_is_shown_in_the_language(code: str) -> None:
    made = plans()
    assert len(made) >= 8
    with speaking(code):
        for plan in made:
            for text in (plan.title, *plan.lines, plan.blast_radius, plan.undo):
                assert known(text) != text, text


@pytest.mark.parametrize("code", OTHERS)
def test_everything_that_is_told_of_a_finished_action_is_in_the_language(code: str) -> None:
    values = {"ticket": "T-7", "category": "printing", "days": "7"}
    with speaking(code):
        for tool in TOOLS.values():
            if tool.name in OF_PRACTICES:
                continue  # nobody in a conversation hears of it
            for text in filter(None, (tool.done, tool.unchanged)):
                assert known(text.format_map(values)) != text.format_map(values)
            assert tool.offered or known(tool.about) != tool.about


def test_a_title_inside_a_title_is_told_in_the_language_as_well() -> None:
    with speaking("de"):
        assert known("Take back: Access to CRM") == "Rückgängig machen: Zugriff auf CRM"
        assert known("the account ana of Ana Ruiz, and nothing else") == "das Konto ana von Ana Ruiz und sonst nichts"


def test_an_organisations_own_words_stay_as_they_are() -> None:
    with speaking("fr"):
        assert known("Ask Lena in the third floor") == "Ask Lena in the third floor"
        assert "Ask Lena" in wording.filed(TICKET, "Endpoint", "Ask Lena.")


def test_words_of_a_person_inside_a_known_sentence_are_kept_letter_by_letter() -> None:
    odd = "Close {subject}: {0} 100 % \\d+ Yes, solved"
    with speaking("es"):
        assert known(f"Close your ticket T-7: {odd}") == f"Cerrar su tique T-7: {odd}"


def test_a_reply_names_its_language_and_its_buttons_are_in_it_but_titles_of_articles_are_not() -> None:
    card = ActionView(id="a", tool="close_ticket", title="Close T-7", lines=("Close your ticket T-7: Printer",), undo="It can be reopened.")
    topic = Choice(id="topic:0", label="No", article="no-article")
    reply = Reply(conversation="c", state="open", kind=ReplyKind.ACTION, text="x", choices=(YES, NO, topic, NOT_NOW, PERSON), action=card)
    assert wording.in_reader_language(reply) is reply
    assert reply.language == "en"
    with speaking("de"):
        shown = wording.in_reader_language(reply)
    assert shown.language == "de"
    assert [choice.label for choice in shown.choices] == ["Ja, gelöst", "Nein", "No", "Jetzt nicht", "Mit einer Person sprechen"]
    assert shown.action is not None
    assert (shown.action.title, shown.action.lines) == ("T-7 schließen", ("Ihr Ticket T-7 schließen: Printer",))


@pytest.mark.parametrize("code", OTHERS)
def test_an_answer_says_in_which_language_its_article_is(code: str) -> None:
    with speaking(code):
        assert wording.found_in("en") != wording.found_in("de")
        assert "{" not in wording.found_in("en")
