"""An author who never saw the product goes from the console's front page to a published article, by what the pages say alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from assistant.domain.ticket import TicketStatus
from tests.support.axe import violations
from tests.support.browser import PHONE, Helpdesk, become, picture, sign_in, visit
from tests.support.service import Service, copy_demo, running
from tests.support.world import opened_world

pytestmark = pytest.mark.browser
AUTHOR, SECOND = "Elin Berg", "Laura Keane"
ASKED = (
    "The badge printer jams with a torn visitor card",
    "Badge printer jammed, a visitor card is torn inside",
    "A torn visitor card jams the badge printer",
    "The badge printer is jammed by a torn card",
    "Visitor card torn, the badge printer jams all the time",
    "Why does the badge printer jam with visitor cards",
)
REFUSED = ("409",)
"""What the browser notes of a page that says why something was not done."""
SOLVED = (
    "Open the side flap and remove the torn card. Set the card thickness to 0.76 mm in the printer menu.",
    "Open the side flap and remove the torn card. Set the card thickness to 0.76 mm in the printer menu. Print one test card.",
)


@pytest.fixture(scope="module")
def desk(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The demo company after a week in which six people asked for what no article says, and the desk solved it."""
    home = copy_demo(tmp_path_factory.mktemp("author") / "home", model_home)
    with opened_world(home, datetime.now(UTC) - timedelta(hours=3)) as world:
        staff = {"it-desk", "it-admins", "kb-authors"}
        people = [one.id for one in world.assistant.directory.people() if not one.groups & staff]
        for number, question in enumerate(ASKED):
            talk = world.talk(people[number])
            talk.say(question)
            handed = talk.press("person")
            assert handed.ticket is not None
            with world.assistant.store.write() as unit:
                unit.tickets.comment(handed.ticket.id, "sam.oduya", SOLVED[number % 2], world.clock.now())
                unit.tickets.change_status(handed.ticket.id, TicketStatus.RESOLVED, "sam.oduya", "solved", world.clock.now())
        world.assistant.gathering.gather()
    with running(home, messages_per_minute="1000") as service:
        yield service


def seen(page: Page, step: str) -> None:
    """Keep pictures of a page as a desktop and a phone show it, in light and dark, and let axe look at it."""
    page.wait_for_load_state("networkidle")
    assert violations(page) == [], step
    picture(page, f"author-{step}-light", full_page=True)
    page.emulate_media(color_scheme="dark")
    picture(page, f"author-{step}-dark", full_page=True)
    page.emulate_media(color_scheme="light")
    size = page.viewport_size
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{step} is wider than a phone"
    picture(page, f"author-{step}-phone", full_page=True)
    assert size is not None
    page.set_viewport_size(size)


def test_an_author_goes_from_the_front_page_to_a_published_article(browser: Browser, desk: Service) -> None:
    with visit(browser, desk, "/console/sign-in", expected=REFUSED) as (page, _):
        page.get_by_role("button", name=AUTHOR).click()
        page.wait_for_url("**/console/**")
        seen(page, "1-front-page")
        page.get_by_role("listitem").filter(has_text="What should I write first?").get_by_role("link", name="Look at it").click()
        expect(page.get_by_role("heading", name="What people asked")).to_be_visible()
        seen(page, "2-gap")
        page.get_by_role("link", name="Write the article").first.click()
        expect(page.get_by_role("heading", name="How do you want to begin?")).to_be_visible()
        seen(page, "3-ways-to-begin")
        page.get_by_role("button", name="Draft from the tickets").click()
        expect(page.get_by_role("heading", name="Where each sentence comes from")).to_be_visible()
        expect(page.get_by_label("Text in Markdown")).to_have_value(re.compile("side flap"))
        seen(page, "4-editor")

        page.get_by_label("Title").fill("The badge printer jams with a torn card")
        text = page.get_by_label("Text in Markdown")
        text.fill(text.input_value() + "\n\n**Still jams?** Talk to the service desk.")
        preview = page.get_by_role("region", name="As readers see it")
        expect(preview.get_by_text("Still jams?")).to_be_visible()  # without saving, and without a reload
        expect(page.get_by_text("Not saved yet")).to_be_visible()
        page.get_by_label("Owner").fill("print-team")
        page.get_by_label("Review by").fill("")
        page.get_by_role("button", name="Save and send to review").click()
        expect(page.get_by_text("It has no review date")).to_have_count(2)  # said once above, once beside the field
        page.get_by_label("Review by").fill((datetime.now(UTC) + timedelta(days=180)).date().isoformat())
        page.get_by_label("Why it is written or changed").fill("Six people asked for it in one week.")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()

        page.get_by_role("button", name="Try it on past questions").click()
        expect(page.get_by_text("would now be answered")).to_be_visible(timeout=60_000)
        seen(page, "5-tried")
        page.get_by_role("link", name="See them side by side").click()
        expect(page.get_by_text("Would be answered").first).to_be_visible()
        seen(page, "6-side-by-side")
        page.get_by_role("link", name="The draft").click()
        page.get_by_role("button", name="Save and send to review").click()
        expect(page.get_by_text("You wrote this. It waits for a second person")).to_be_visible()
        expect(page.get_by_text("These figures are of an earlier version")).to_have_count(0)  # no word changed since
        seen(page, "7-sent")
    with visit(browser, desk, "/console/sign-in") as (page, _):
        sign_in(page, SECOND)
        page.goto("/console/articles")
        expect(page.get_by_role("heading", name="For you to review")).to_be_visible()
        seen(page, "8-for-review")
        page.get_by_role("link", name="The badge printer jams with a torn card").click()
        seen(page, "9-review")
        page.get_by_role("button", name="Publish").click()
        expect(page.get_by_text("Answers can cite it within seconds")).to_be_visible()
        seen(page, "10-published")
        page.get_by_role("link", name="See it as readers do").click()
        expect(page.get_by_role("heading", name="The badge printer jams with a torn card")).to_be_visible()
        seen(page, "11-as-readers-see-it")
    with visit(browser, desk) as (page, _):
        become(page, "Maria Santos")
        reply = Helpdesk(page).ask("the badge printer jams, a visitor card is torn")
        expect(reply).to_contain_text("side flap")


def test_what_is_not_saved_is_not_left_by_accident_and_two_windows_lose_nothing(browser: Browser, desk: Service) -> None:
    with visit(browser, desk, "/console/sign-in", expected=REFUSED) as (page, watch):
        page.get_by_role("button", name=AUTHOR).click()
        page.wait_for_url("**/console/**")
        page.goto("/console/articles")
        page.get_by_role("button", name="Write a new article").click()
        page.get_by_label("Title").fill("Lockers")
        page.get_by_label("Text in Markdown").fill("First window.")
        page.get_by_role("link", name="Tickets").or_(page.get_by_role("link", name="Gaps")).first.click(no_wait_after=True)
        page.wait_for_timeout(300)
        assert watch.dialogs, "the browser asks before it leaves"
        watch.dialogs.clear()
        expect(page.get_by_label("Title")).to_have_value("Lockers")
        other = page.context.new_page()
        other.goto(page.url)
        other.get_by_label("Title").fill("Lockers")
        other.get_by_label("Text in Markdown").fill("Second window.")
        other.get_by_role("button", name="Save", exact=True).click()
        expect(other.get_by_role("status").filter(has_text="Saved")).to_be_visible()
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("heading", name="Somebody saved this draft before you")).to_be_visible()
        seen(page, "12-two-windows")
        page.get_by_label("Your text").fill("Both windows.")
        page.get_by_role("button", name="Save this text over what is stored").click()
        expect(page.get_by_label("Text in Markdown")).to_have_value("Both windows.")


def test_everything_works_without_a_script(browser: Browser, desk: Service) -> None:
    with visit(browser, desk, "/console/sign-in", java_script_enabled=False) as (page, _):
        page.get_by_role("button", name=AUTHOR).click()
        page.goto("/console/articles")
        page.get_by_role("button", name="Write a new article").click()
        page.get_by_label("Title").fill("Without a script")
        page.get_by_label("Text in Markdown").fill("1. **Bold** step")
        page.get_by_role("button", name="Preview").click()
        expect(page.get_by_text("Nothing was saved yet")).to_be_visible()
        expect(page.get_by_role("region", name="As readers see it").get_by_role("strong")).to_have_text("Bold")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Saved.")).to_be_visible()
        page.get_by_role("button", name="Try it on past questions").click()
        expect(page.get_by_role("heading", name="Past questions, today and with the draft")).to_be_visible()
