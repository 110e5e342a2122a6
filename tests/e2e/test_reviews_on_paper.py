"""A weekly review printed by a real browser: on A4, without navigation, with nothing cut off at the edges or lost between pages."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Browser

from assistant.domain.figure import Figure
from assistant.domain.review import Finding, Frozen, Kind, Line, Names, Severity, frozen
from assistant.entrypoints.web.review_document import document
from tests.support.reviewed import MADE, decision, finding, review_of

A4 = (595, 842)
MARGIN = 30
"""Points that stay white at each edge; the style sheet leaves 15 mm, which are 42."""
LONG = "Unbreakable" * 14


def thick_review() -> Frozen:
    """Return a review with as much in it as a bad week has, and words that do not want to break."""
    names = Names()
    kinds = [Kind.GAP, Kind.HARMFUL, Kind.OVERDUE, Kind.SPIKE]
    findings: list[Finding] = [
        finding(
            kinds[number % 4], f"s{number}", about=names.key(f"Subject number {number}"), owner=names.key(f"owner{number}@x.example"), weight=number
        )
        for number in range(48)
    ]
    findings.append(finding(Kind.EFFECT, "long", text=LONG, severity=Severity.KNOW, todo=""))
    weeks = tuple(Line(keys=(f"2026-W{week:02}",), counts=(week, 5, 3, 2, 1, 1)) for week in range(36, 48))
    made = review_of(findings=tuple(findings))
    measures = tuple(Figure(name=f"measure {number}", value=number) for number in range(8))
    inputs = made.inputs.model_copy(update={"weeks": weeks})
    return frozen(made.model_copy(update={"inputs": inputs, "figures": measures, "before": measures}), names)


@pytest.fixture
def printed(browser: Browser, tmp_path: Path) -> pypdfium2.PdfDocument:
    """The review as the browser prints its document from a file, with no network to ask."""
    file = tmp_path / "review.html"
    decided = [decision(f"d_{number}", what=f"Decision {number}: {'do it well ' * 20}") for number in range(12)]
    file.write_text(document(thick_review(), decided, {"maria.santos": "Maria Santos"}, "https://help.x.example", MADE + timedelta(days=1)))
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.pdf(path=tmp_path / "review.pdf", prefer_css_page_size=True, print_background=False)
    context.close()
    assert asked == [file.as_uri()]
    return pypdfium2.PdfDocument(tmp_path / "review.pdf")


def words_of(page: pypdfium2.PdfPage) -> str:
    return " ".join(page.get_textpage().get_text_range().split())


def test_every_page_is_a4_and_nothing_is_printed_at_its_edges(printed: pypdfium2.PdfDocument) -> None:
    assert 4 <= len(printed) <= 12
    for page in printed:
        assert tuple(round(side) for side in page.get_size()) == A4
        text = page.get_textpage()
        boxes = [text.get_rect(number) for number in range(text.count_rects())]
        assert boxes, "no page is empty"
        assert min(box[0] for box in boxes) >= MARGIN
        assert max(box[2] for box in boxes) <= A4[0] - MARGIN
        assert min(box[1] for box in boxes) >= MARGIN
        assert max(box[3] for box in boxes) <= A4[1] - MARGIN


def test_everything_that_the_review_says_is_on_paper_once_and_whole(printed: pypdfium2.PdfDocument) -> None:
    whole = " ".join(words_of(page) for page in printed)
    for number in range(48):
        assert whole.count(f"Subject number {number} was asked 12 times") == 1
    for number in range(12):
        assert f"Decision {number}: do it well" in whole
    assert LONG in whole.replace(" ", "")
    for heading in ("First", "What to write first", "Articles that mislead", "Decisions", "Frozen 2026-11-23"):
        assert heading in whole


def test_links_are_printed_and_what_only_works_on_a_screen_is_not(printed: pypdfium2.PdfDocument) -> None:
    whole = " ".join(words_of(page) for page in printed)
    assert "https://help.x.example/console/gaps/g_1" in whole
    for word in ("Sign out", "Take down", "Skip to the content", "The numbers of"):
        assert word not in whole


def test_a_finding_is_not_torn_over_two_pages(printed: pypdfium2.PdfDocument) -> None:
    for page in printed:
        words = words_of(page)
        for number in range(48):
            if f"Subject number {number} was asked" in words:
                assert f"Write the article on Subject number {number}." in words
