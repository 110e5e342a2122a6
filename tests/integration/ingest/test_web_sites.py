"""A web site as a source: its sitemap says which pages there are, and only what changed is read again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ingest_world import World

from ingest.sources.folder import SourceUnreadable
from ingest.sources.site import MAX_PAGES, Site
from ingest.upkeep import forget
from kb.model import IngestRun
from tests.support.website import HOST, Stored, Website, website

ROOT = f"http://{HOST}/"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between two pages are for the sites of others."""
    monkeypatch.setattr("ingest.sources.site.PAUSE_SECONDS", 0.0)


@pytest.fixture
def site() -> Iterator[Website]:
    with website() as made:
        yield made


def page(title: str, text: str) -> str:
    return f"<html><title>{title}</title><body><main><h1>{title}</h1><p>{text}</p></main></body></html>"


def source(site: Website, home: Path, url: str = ROOT, *hosts: str) -> Site:
    return Site.of(url, site.fetcher(*hosts), home)


def taken(world: World, site: Website, url: str = ROOT, *hosts: str) -> IngestRun:
    return world.sync(source(site, world.settings.home, url, *hosts))


def help_centre(site: Website, *names: str) -> None:
    for name in names:
        site.put(f"/{name}", page(name.title(), f"How to use the {name}."))
    site.map(*(f"{ROOT}{name}" for name in names))


def test_the_pages_of_a_sitemap_become_articles_and_a_second_run_changes_nothing(world: World, site: Website) -> None:
    help_centre(site, "vpn", "printers/add.html")
    run = taken(world, site)
    assert (run.source, run.added, run.failures) == (ROOT, 2, ())
    assert {key: path for key, (path, _) in world.texts().items()} == {"vpn": "vpn", "printers/add": "printers/add.html"}
    assert "How to use the vpn." in (world.texts()["vpn"][1] or "")
    site.paths()
    again = taken(world, site)
    assert (again.unchanged, again.added, again.changed) == (2, 0, 0)
    assert sorted(site.paths()) == ["/printers/add.html", "/robots.txt", "/sitemap.xml", "/vpn"]
    assert [answer for answer in site.asked if answer[2].get("If-None-Match")] == []


def test_an_unchanged_page_is_not_sent_again_and_an_edited_one_is_published(world: World, site: Website) -> None:
    help_centre(site, "vpn", "printers")
    taken(world, site)
    site.asked.clear()
    site.put("/vpn", page("Vpn", "Use the new gateway."))
    run = taken(world, site)
    assert (run.changed, run.unchanged) == (1, 1)
    assert all("If-None-Match" in headers for _, path, headers in site.asked if path in ("/vpn", "/printers"))
    assert "new gateway" in (world.texts()["vpn"][1] or "")


def test_pages_that_left_the_sitemap_or_are_gone_are_withdrawn(world: World, site: Website) -> None:
    help_centre(site, "vpn", "printers", "wifi")
    taken(world, site)
    del site.pages["/wifi"]
    site.map(f"{ROOT}vpn", f"{ROOT}wifi")
    run = taken(world, site)
    assert (run.removed, run.unchanged, run.failures) == (2, 1, ())
    assert set(world.texts()) == {"vpn"}
    assert len(list((source(site, world.settings.home).cache).glob("*.page"))) == 1, "what is not read any more is not kept"


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (Stored(b"busy", 503), "status 503"),
        (Stored(status=302, headers={"Location": "/login"}), "redirects to"),
        (Stored(status=302, headers={"Location": "http://169.254.169.254/"}), "not a plain|not among|full name"),
        (Stored(b"\x89PNG", headers={"Content-Type": "image/png"}), "image/png"),
        (Stored(b"x" * 60_000_000, headers={"Content-Type": "text/html"}), "60,000,000 bytes"),
    ],
)
def test_a_page_that_cannot_be_had_is_a_failure_and_its_article_stays(world: World, site: Website, broken: Stored, reason: str) -> None:
    import re

    help_centre(site, "vpn", "printers")
    site.put("/login", page("Sign in", "Who are you?"))
    taken(world, site)
    site.pages["/vpn"] = broken
    run = taken(world, site)
    (failure,) = run.failures
    assert failure.path == "vpn"
    assert re.search(reason, failure.reason), failure.reason
    assert failure.reason.endswith("its article stays as it was before")
    assert "How to use the vpn." in (world.texts()["vpn"][1] or "")


def test_a_moved_slash_is_the_same_page(world: World, site: Website) -> None:
    help_centre(site, "vpn")
    site.pages["/vpn/"] = site.pages["/vpn"]
    site.pages["/vpn"] = Stored(status=301, headers={"Location": "/vpn/"})
    assert (taken(world, site).added, taken(world, site).unchanged) == (1, 1)


def test_robots_say_what_is_left_alone_and_where_the_sitemap_is(world: World, site: Website) -> None:
    help_centre(site, "vpn", "internal/plan")
    del site.pages["/sitemap.xml"]
    site.map(f"{ROOT}vpn", f"{ROOT}internal/plan", path="/maps/all.xml.gz", packed=True)
    site.put("/robots.txt", f"User-agent: *\nDisallow: /internal/\nSitemap: {ROOT}maps/all.xml.gz\n", "text/plain")
    run = taken(world, site)
    assert run.added == 1
    assert [(failure.path, "robots.txt" in failure.reason) for failure in run.failures] == [("internal/plan", True)]
    assert "/internal/plan" not in site.paths()


def test_a_robots_file_that_cannot_be_had_stops_the_run(world: World, site: Website) -> None:
    help_centre(site, "vpn")
    taken(world, site)
    site.pages["/robots.txt"] = Stored(b"", 503, {"Content-Type": "text/plain"})
    with pytest.raises(SourceUnreadable, match="status 503"):
        taken(world, site)
    assert set(world.texts()) == {"vpn"}


def test_an_index_of_sitemaps_is_followed_and_addresses_elsewhere_are_left_out(world: World, site: Website) -> None:
    help_centre(site, "vpn")
    site.put("/wiki", page("Wiki", "The wiki."))
    site.names["wiki.example.org"] = site.names[HOST]
    site.map(f"{ROOT}one.xml", f"{ROOT}two.xml", root="sitemapindex")
    site.map(f"{ROOT}vpn", "http://169.254.169.254/meta", "http://evil.example/x", "file:///etc/passwd", path="/one.xml")
    site.map("http://wiki.example.org/wiki", path="/two.xml")
    run = taken(world, site, f"{ROOT}sitemap.xml", HOST, "wiki.example.org")
    assert (run.added, run.failures) == (2, ())
    assert {path for path, _ in world.texts().values()} == {"vpn", "wiki.example.org/wiki"}
    assert any("3 addresses of the sitemap lie elsewhere" in line for line in world.said)
    assert set(site.connected) == {"93.184.216.34"}


def test_a_part_of_a_site_takes_its_pages_only(world: World, site: Website) -> None:
    help_centre(site, "help/vpn", "shop/cart")
    assert taken(world, site, f"{ROOT}help/").added == 1
    assert {path for path, _ in world.texts().values()} == {"help/vpn"}


def test_a_single_page_is_a_source_and_one_that_does_not_exist_is_wrong_use(world: World, site: Website) -> None:
    help_centre(site, "vpn")
    assert taken(world, site, f"{ROOT}vpn").added == 1
    del site.pages["/vpn"]
    with pytest.raises(SourceUnreadable, match="does not exist"):
        taken(world, site, f"{ROOT}vpn")
    assert len(world.texts()) == 1


@pytest.mark.parametrize("answer", [Stored(b"", 500), Stored(b"<html>sorry</html>", headers={"Content-Type": "application/xml"}), Stored(b"x", 404)])
def test_a_sitemap_that_cannot_be_read_changes_nothing(world: World, site: Website, answer: Stored) -> None:
    help_centre(site, "vpn", "printers")
    taken(world, site, f"{ROOT}sitemap.xml")
    site.pages["/sitemap.xml"] = answer
    with pytest.raises(SourceUnreadable, match="Nothing was changed"):
        taken(world, site, f"{ROOT}sitemap.xml")
    assert set(world.texts()) == {"vpn", "printers"}
    assert world.ingest_log.latest()[0].state == "failed"


def test_a_sitemap_without_end_is_refused(world: World, site: Website) -> None:
    site.map(*(f"{ROOT}p{number}" for number in range(MAX_PAGES + 1)))
    with pytest.raises(SourceUnreadable, match="more than 5,000 pages"):
        taken(world, site)
    site.map(f"{ROOT}sitemap.xml", root="sitemapindex")
    with pytest.raises(SourceUnreadable, match="more than 50 sitemaps"):
        taken(world, site)


def test_entities_and_comments_of_a_sitemap_are_not_interpreted(world: World, site: Website) -> None:
    help_centre(site, "vpn")
    laughs = "<!DOCTYPE x [<!ENTITY a 'lol'>]>" + f"<urlset><!-- <url><loc>{ROOT}old</loc></url> --><url><loc>&a;</loc></url>"
    body = f"{laughs}<url><loc><![CDATA[ {ROOT}vpn ]]></loc></url></urlset>"
    site.pages["/sitemap.xml"] = Stored(body.encode(), headers={"Content-Type": "text/xml"})
    assert (taken(world, site).added, "/old" in site.paths()) == (1, False)


def test_a_page_made_to_harm_a_reader_is_a_failure_of_that_page(world: World, site: Website) -> None:
    help_centre(site, "vpn", "deep")
    site.put("/deep", "<div>" * 200_000)
    run = taken(world, site)
    assert (run.added, [failure.path for failure in run.failures]) == (1, ["deep"])


def test_a_site_is_forgotten_by_its_address(world: World, site: Website) -> None:
    help_centre(site, "vpn")
    taken(world, site)
    forgotten = source(site, world.settings.home)
    assert forgotten.cache.exists()
    assert forget(forgotten, world, world.settings, world.said.append) == 1
    assert world.texts() == {}
    assert not forgotten.cache.exists()


def test_a_site_that_is_not_allowed_is_refused_without_a_look_up(world: World, site: Website) -> None:
    with pytest.raises(SourceUnreadable, match="FIRSTLINE_INGEST_HOSTS"):
        Site.of("https://evil.example/", site.fetcher(), world.settings.home)
    assert site.resolved == []


def test_a_wish_for_pauses_is_followed(world: World, site: Website) -> None:
    help_centre(site, "vpn")
    site.put("/robots.txt", "User-agent: *\nCrawl-delay: 1\n", "text/plain")
    began = time.monotonic()
    taken(world, site)
    assert time.monotonic() - began >= 2
