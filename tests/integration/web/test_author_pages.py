"""The pages of authors: write, see, review as a second person, publish, and go back."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.support.service import Service

ELIN, LAURA, OSKAR, SAM, MARIA = "elin.berg", "laura.keane", "oskar.hellstrom", "sam.oduya", "maria.santos"
GOOD = {
    "title": "The badge printer jams",
    "text": "## Steps\n\n1. Open the **side flap** and remove the torn card.\n2. Set the card thickness to 0.76 mm.",
    "owner": "print-team",
    "review_by": "2031-01-31",
    "tags": "printing, Badges",
    "why": "Asked every week.",
}


def console(web: Service, person: str) -> httpx.Client:
    client = web.client(Accept="text/html", Origin=web.url)
    client.cookies.set("firstline_session", web.token(person))
    client.follow_redirects = True
    return client


@pytest.fixture
def elin(web: Service) -> Iterator[httpx.Client]:
    with console(web, ELIN) as client:
        yield client


@pytest.fixture
def laura(web: Service) -> Iterator[httpx.Client]:
    with console(web, LAURA) as client:
        yield client


def begin(client: httpx.Client, **form: str) -> str:
    """Begin a draft and return its address."""
    page = client.post("/console/articles/drafts", data=form)
    assert page.status_code == 200, page.text
    return str(page.url.path)


def version(client: httpx.Client, address: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', client.get(address, params={"edit": True}).text)
    assert found is not None
    return found[1]


def typed(client: httpx.Client, address: str, do: str = "save", **other: object) -> dict[str, object]:
    return {**GOOD, "version": version(client, address), "do": do, **other}


def published(web: Service, elin: httpx.Client, laura: httpx.Client, title: str, **other: object) -> str:
    """Publish an article and return its id."""
    address = begin(elin)
    assert elin.post(address, data=typed(elin, address, "submit", title=title, **other)).status_code == 200
    page = laura.post(f"{address}/review", data={"version": version(laura, address), "do": "publish"})
    assert page.status_code == 200, page.text
    return page.url.params["article"]


def test_an_article_goes_from_an_empty_page_over_a_second_person_to_its_readers(web: Service, elin: httpx.Client, laura: httpx.Client) -> None:
    address = begin(elin)
    page = elin.get(address)
    assert "New article" in page.text and "What you write appears here" in page.text
    saved = elin.post(address, data=typed(elin, address, groups=["it-desk"], platforms=["windows"]))
    assert "ready for a second person" in saved.text
    assert "<strong>side flap</strong>" in saved.text
    sent = elin.post(address, data=typed(elin, address, "submit"))
    assert "You wrote this" in sent.text and "Publish</button>" not in sent.text
    assert "For you to review" not in elin.get("/console/articles").text
    assert "For you to review" in laura.get("/console/articles").text
    review = laura.get(address)
    assert "Asked every week." in review.text and "printing, badges" in review.text
    done = laura.post(f"{address}/review", data={"version": version(laura, address), "do": "publish"})
    assert "Published." in done.text and "by Elin Berg, reviewed by Laura Keane" in done.text
    assert web.client().get("/articles/the-badge-printer-jams").text.count("0.76 mm") == 1
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with web.client(MARIA) as client:
            answer = client.post("/v1/conversations", json={"text": "the badge printer jams with a torn card"}).json()
        if any(one["article"] == "the-badge-printer-jams" for one in answer.get("citations", [])):
            return
        time.sleep(0.3)
    raise AssertionError(f"the article was not cited: {answer}")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"title": " "}, "It has no title."),
        ({"text": ""}, "It has no text."),
        ({"text": "x" * 20_001}, "20,001 characters"),
        ({"text": "x" * 200_001}, "Nothing was stored"),
        ({"groups": ["no-such-group"]}, "the directory does not know this group"),
        ({"review_by": "2020-01-31"}, "The review date has passed"),
        ({"review_by": "next spring"}, "is no date"),
        ({"review_by": ""}, "It has no review date"),
        ({"owner": ""}, "Nobody owns it"),
        ({"title": "set up the VPN on Windows"}, "Another article has this title"),
    ],
)
def test_bad_input_is_told_and_what_was_typed_stays(elin: httpx.Client, wrong: dict[str, object], words: str) -> None:
    titles = re.findall(r'class="row-link"[^>]*>([^<]+)</a>', elin.get("/console/articles").text)
    wrong = {"title": titles[-1].upper()} if "Another" in words else wrong
    address = begin(elin)
    page = elin.post(address, data=typed(elin, address, "submit", **{"why": "Kept words.", **wrong}))
    assert page.status_code in (400, 409)
    assert words in page.text
    assert "Kept words." in page.text
    assert elin.post(f"{address}/discard", data={"version": version(elin, address)}).url.path == "/console/articles"


def test_of_two_tabs_the_second_sees_both_texts_and_loses_nothing(elin: httpx.Client, laura: httpx.Client) -> None:
    address = begin(elin)
    first, second = typed(elin, address, text="First words."), typed(elin, address, text="Second words, typed elsewhere.")
    elin.post(address, data=first)
    page = laura.post(address, data=second)
    assert page.status_code == 409
    assert "It was Elin Berg" in page.text
    assert "<ins>Second</ins>" in page.text and "<del>First</del>" in page.text
    kept = re.search(r'name="version" value="(\d+)"', page.text)
    assert kept is not None
    after = laura.post(address, data={**second, "version": kept[1], "text": "Both words."})
    assert after.status_code == 200 and "Both words." in after.text
    assert "you, in another window," in laura.post(address, data=second).text


def test_a_preview_shows_what_is_typed_and_stores_nothing(elin: httpx.Client) -> None:
    address = begin(elin)
    text = "# Big\n\n<script>alert(1)</script> [away](https://evil.example) **bold**"
    part = elin.post(f"{address}/preview", data=typed(elin, address, text=text))
    assert "<strong>bold</strong>" in part.text and "<html" not in part.text
    assert "<script" not in part.text and "evil.example" not in part.text
    whole = elin.post(address, data=typed(elin, address, "preview", text=text))
    assert "<strong>bold</strong>" in whole.text and "Nothing was saved yet" in whole.text
    assert 'data-unsaved="true"' in whole.text
    assert "bold" not in elin.get(address).text


def test_what_changed_while_it_was_reviewed_is_not_published(elin: httpx.Client, laura: httpx.Client) -> None:
    address = begin(elin)
    elin.post(address, data=typed(elin, address, "submit", title="Read before it changed"))
    read = version(laura, address)
    elin.post(address, data=typed(elin, address, "submit", title="Read before it changed", text="Something else."))
    page = laura.post(f"{address}/review", data={"version": read, "do": "publish"})
    assert page.status_code == 409
    assert "changed while you read it" in page.text and "Something else." in page.text
    assert "In review" in page.text


def test_a_reviewer_asks_for_changes_with_a_note_and_not_without(elin: httpx.Client, laura: httpx.Client) -> None:
    address = begin(elin)
    elin.post(address, data=typed(elin, address, "submit", title="Ask me for changes"))
    empty = laura.post(f"{address}/review", data={"version": version(laura, address), "do": "return", "note": " "})
    assert empty.status_code == 409 and "Say what has to change" in empty.text
    laura.post(f"{address}/review", data={"version": version(laura, address), "do": "return", "note": "Which flap is it?"})
    assert "Laura Keane asks for changes" in elin.get(address).text
    assert "Which flap is it?" in elin.get("/console/articles").text
    mine = elin.post(f"{address}/review", data={"version": version(elin, address), "do": "publish"})
    assert mine.status_code == 409, "her own, and not in review"


def test_revisions_show_who_what_and_why_and_lead_back(web: Service, elin: httpx.Client, laura: httpx.Client) -> None:
    article = published(web, elin, laura, "Going back and forth")
    address = begin(elin, article=article)
    assert begin(laura, article=article) == address, "a second draft of one article would undo the first"
    changed = GOOD["text"].replace("side flap", "left flap")
    elin.post(address, data=typed(elin, address, "submit", title="Going back and forth", text=changed, why="It is the left one."))
    page = laura.get(address)
    assert "<del>side</del><ins>left</ins>" in page.text
    laura.post(f"{address}/review", data={"version": version(laura, address), "do": "publish"})
    page = elin.get("/console/articles/history", params={"article": article})
    assert "<del>side</del><ins>left</ins>" in page.text and "It is the left one." in page.text
    old = elin.get("/console/articles/history", params={"article": article, "revision": 1})
    assert "Make revision 1 live again" in old.text
    refused = elin.post("/console/articles/history", data={"article": article, "revision": 1, "why": ""})
    assert refused.status_code == 409 and "Say why" in refused.text
    back = elin.post("/console/articles/history", data={"article": article, "revision": 1, "why": "It was the side one after all."})
    assert "Back to revision 1: It was the side one after all." in back.text and "Revision 3 is live" in back.text
    assert "side flap" in web.client().get(f"/articles/{article}").text


def test_an_article_from_a_folder_says_where_it_is_edited(elin: httpx.Client) -> None:
    page = elin.get("/console/articles/history", params={"article": "vpn/vpn-windows"})
    if page.status_code == 404:
        page = elin.get("/console/articles")
        assert "kept in its folder" in page.text
        return
    assert "comes from the file" in page.text and "Change this article" not in page.text


@pytest.mark.parametrize("person", [SAM, MARIA])
def test_only_authors_come_here(web: Service, elin: httpx.Client, person: str) -> None:
    address = begin(elin)
    with console(web, person) as other:
        for path in ("/console/articles", address, "/console/articles/history?article=x"):
            assert other.get(path).status_code == 403
        assert other.post(address, data=GOOD).status_code == 403
        assert other.post("/console/articles/drafts").status_code == 403


def test_a_draft_for_a_group_is_hidden_from_authors_who_are_not_in_it(web: Service, elin: httpx.Client) -> None:
    with console(web, OSKAR) as oskar:
        address = begin(oskar)
        oskar.post(address, data=typed(oskar, address, title="Root keys", text="The safe is in room 9.", groups=["it-admins"]))
    assert elin.get(address).status_code == 404
    assert "Root keys" not in elin.get("/console/articles").text
    assert elin.post(address, data=GOOD).status_code == 404


def test_no_other_site_presses_a_button(web: Service, elin: httpx.Client) -> None:
    address = begin(elin)
    for path in (address, f"{address}/review", f"{address}/discard", f"{address}/preview", "/console/articles/drafts", "/console/articles/history"):
        assert elin.post(path, data=GOOD, headers={"Origin": "https://evil.example"}).status_code == 403


def test_what_a_draft_says_against_another_article_or_twice_is_said_beside_it(elin: httpx.Client, laura: httpx.Client, web: Service) -> None:
    waits = "After you reset the badge terminal, wait 15 minutes before you hold the badge against the reader again."
    published(
        web, elin, laura, "Reset the badge terminal", text=f"## Reset\n\n{waits}\n\nThe terminal blinks twice when it is ready for badges again."
    )
    time.sleep(1.5)
    address = begin(elin)
    empty = elin.get(f"{address}/beside", headers={"HX-Request": "true"})
    assert "Save a title and a text" in empty.text and "<html" not in empty.text
    elin.post(address, data=typed(elin, address, title="Badge reader does not answer", text=waits.replace("15", "30")))
    page = elin.get(f"{address}/beside")
    assert "15 minutes / 30 minutes" in page.text or "30 minutes / 15 minutes" in page.text
    assert "Reset the badge terminal" in page.text and "this draft" in page.text
    elin.post(address, data=typed(elin, address, title="Lunch", text="Soup is served on Mondays in the canteen on the ground floor."))
    assert "Nothing near it says the same" in elin.get(f"{address}/beside").text
