"""A conversation in German and one in Arabic, as people see them on a desk and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import DESKTOP, PHONE, Helpdesk, picture, visit
from tests.support.service import Service

pytestmark = pytest.mark.browser
SIZES = {"desktop": DESKTOP, "phone": PHONE}


def opened(page: Page, size: str) -> Helpdesk:
    """Return the widget with its panel open; on a phone it begins closed."""
    help_desk = Helpdesk(page)
    if size == "phone":
        help_desk.launcher.click()
    return help_desk


@pytest.mark.parametrize("size", SIZES)
def test_a_german_question_is_answered_and_asked_about_in_german(browser: Browser, desk: Service, size: str) -> None:
    with visit(browser, desk, viewport=SIZES[size]) as (page, _):
        help_desk = opened(page, size)
        answer = help_desk.ask("Papierstau im Drucker")
        expect(answer).to_contain_text("Ich habe dazu einen Artikel auf Englisch gefunden:")
        asked = answer.get_by_role("group", name="Hat das Ihr Problem gelöst?")
        expect(asked.get_by_role("button")).to_have_text(["Ja, gelöst", "Nein", "Mit einer Person sprechen"])
        expect(answer.get_by_text("Did this solve it?")).to_have_count(0)
        picture(page, f"german-answer-{size}-light")
        expect(help_desk.press("Ja, gelöst")).to_contain_text("Ich habe das Ticket")


@pytest.mark.parametrize("size", SIZES)
def test_arabic_runs_from_right_to_left_and_the_quoted_article_from_left_to_right(browser: Browser, desk: Service, size: str) -> None:
    with visit(browser, desk, viewport=SIZES[size]) as (page, _):
        help_desk = opened(page, size)
        answer = help_desk.ask("صندوق البريد ممتلئ")
        found = answer.get_by_text("وجدت مقالًا بالإنجليزية عن هذا:")
        expect(found).to_have_css("direction", "rtl")
        expect(answer.get_by_text("Each mailbox holds 50 GB.")).to_have_css("direction", "ltr")
        expect(answer.get_by_role("button", name="نعم، حُلّت")).to_be_visible()
        expect(answer.get_by_text("هل حلّ هذا المشكلة؟")).to_have_css("direction", "rtl")
        picture(page, f"arabic-answer-{size}-light")
        card = help_desk.ask("حسابي مقفل")
        expect(card.locator("ul")).to_have_css("direction", "rtl")
        picture(page, f"arabic-card-{size}-light")
