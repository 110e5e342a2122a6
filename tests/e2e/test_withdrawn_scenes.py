"""What a person sees of an answer whose article was changed or deleted since, and for which device an answer is."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect

from assistant.agent import wording
from kb.bootstrap import open_knowledge
from kb.model import Document
from kb.settings import KnowledgeSettings
from kb.split import split
from tests.support.browser import Helpdesk, become, picture, visit
from tests.support.service import Service

pytestmark = pytest.mark.browser
QUESTION = "How do I load a paper roll into the Kestrel plotter?"
TEXT = "1. Open the amber drawer of the Kestrel plotter.\n2. Push the paper roll onto the spindle.\n"
GUIDE = Document("plotter-kestrel", "test", "plotter.md", "Load paper into the Kestrel plotter", TEXT, "facilities@lindqvist.example")


def publish(desk: Service, *documents: Document, withdraw: bool = False) -> None:
    """Change the articles from another process than the service's, as authors do."""
    base = open_knowledge(KnowledgeSettings(home=desk.home))
    try:
        base.publisher.publish([(document, split(document.text)) for document in documents])
        if withdraw:
            base.store.withdraw([GUIDE.article_id])
    finally:
        base.close()


def test_an_answer_from_an_article_that_changed_shows_the_way_to_the_new_one_and_can_be_asked_again(browser: Browser, desk: Service) -> None:
    publish(desk, GUIDE)
    time.sleep(2)
    with visit(browser, desk) as (page, _):
        help_desk = Helpdesk(page)
        expect(help_desk.ask(QUESTION)).to_contain_text("amber drawer")
        publish(desk, replace(GUIDE, text=TEXT.replace("amber drawer", "green lid")))
        time.sleep(2)
        page.reload()
        expect(help_desk.last).to_contain_text(wording.changed_since())
        expect(help_desk.last).not_to_contain_text("amber drawer")
        expect(help_desk.last).to_contain_text("Changed since this answer.")
        link = help_desk.last.get_by_role("link", name="Open the current article")
        expect(link).to_have_attribute("href", re.compile("/articles/plotter-kestrel$"))
        picture(page, "answer-withdrawn-changed")
        expect(help_desk.press("Ask again")).to_contain_text("green lid")
        publish(desk, withdraw=True)
        page.reload()
        expect(help_desk.last).to_contain_text(wording.no_longer_available())
        expect(help_desk.last).not_to_contain_text("green lid")
        expect(help_desk.last).to_contain_text("A source that is no longer available to you")
        expect(help_desk.log).not_to_contain_text("Kestrel plotter.")
        picture(page, "answer-withdrawn-gone")


def test_an_answer_says_for_which_device_it_is_and_that_can_be_corrected(browser: Browser, desk: Service) -> None:
    with visit(browser, desk) as (page, _):
        become(page, "Maria Santos")
        help_desk = Helpdesk(page)
        answer = help_desk.ask("How do I install and connect the VPN?")
        expect(answer).to_contain_text("For your Dell Latitude 5450, Windows 11")
        answer.get_by_role("button", name="For your Dell Latitude 5450, Windows 11, change the device").click()
        page.get_by_role("radio", name=re.compile("^macOS")).check()
        help_desk.panel.get_by_role("button", name="Use this one").click()
        expect(help_desk.log).to_contain_text("From here on, answers are for macOS.")
        before = help_desk.replies.count()
        help_desk.panel.get_by_role("button", name="Ask my last question again").click()
        expect(help_desk.replies).to_have_count(before + 1)
        expect(help_desk.last).to_contain_text("For macOS")
        expect(help_desk.last.get_by_role("button", name="Install and connect the VPN on a Mac", exact=True)).to_be_visible()
        picture(page, "answer-for-another-device")
