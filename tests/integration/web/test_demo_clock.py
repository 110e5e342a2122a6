"""The demo's clock in the running service: durable errands follow it, it is only there where it may be, and nobody elsewhere sets it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from assistant.adapters.clock import PLAYED, DemoClock
from assistant.domain.week import Week
from assistant.ports.store import OutboxEntry
from assistant.settings import Settings
from tests.support.service import LocalService, copy_demo, running, served_here

SIX = datetime(2026, 11, 23, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def early(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """The demo company on Monday 2026-11-23 at six in the morning."""
    home = copy_demo(tmp_path_factory.mktemp("early") / "home", model_home)
    DemoClock(home / PLAYED).set(SIX)
    with served_here(home, demo_clock=True) as service:
        yield service


def now(service: LocalService) -> datetime:
    with service.client() as client:
        return datetime.fromisoformat(client.get("/demo/clock").raise_for_status().json()["now"])


def pass_to(service: LocalService, to: datetime, **headers: str) -> httpx.Response:
    with service.client(**headers) as client:
        return client.post("/demo/clock", json={"to": to.isoformat()})


def test_a_jump_over_a_week_makes_the_reviews_that_were_due_in_it_each_at_its_hour(early: LocalService) -> None:
    zone, begun = early.assistant.workplace.company().timezone, now(early)
    assert SIX <= begun < SIX + timedelta(minutes=5)
    begins = time.monotonic()
    answer = pass_to(early, SIX + timedelta(days=15)).raise_for_status().json()
    assert answer["left"] == []
    assert time.monotonic() - begins < 60
    weeks = [Week.of(SIX, zone), Week.of(SIX, zone).later()]
    with early.assistant.store.read() as unit:
        made = [unit.reviews.latest(str(week)) for week in weeks]
        asked = [unit.outbox.load(f"review.make:{week}") for week in weeks]
    assert all(one is not None for one in made)
    due = [early.assistant.reviewer.schedule.due(week, zone) for week in weeks]
    late = [one.done_at - at for one, at in zip(asked, due, strict=True) if one is not None and one.done_at is not None]
    assert len(late) == len(weeks)
    assert all(timedelta() <= by < timedelta(minutes=1) for by in late), "made when it was due by the clock, not when the jump ended"


def test_what_is_due_in_a_moment_is_not_kept_waiting_by_the_systems_clock(early: LocalService) -> None:
    at = early.assistant.clock.now()
    key = "nobody-does-this"
    with early.assistant.store.write() as unit:
        unit.outbox.put(OutboxEntry(key, key, {}, at, at + timedelta(seconds=40)))
    time.sleep(1.2)  # two looks of the service, that might hand it to a timer by the system's clock
    begins = time.monotonic()
    assert pass_to(early, at + HOUR).json()["left"] == []
    assert time.monotonic() - begins < 20
    with early.assistant.store.read() as unit:
        found = unit.outbox.load(key)
    assert found is not None
    assert found.state == "failed", "nothing does that kind, which is said at once"


def test_it_does_not_go_back_and_says_so(early: LocalService) -> None:
    before = now(early)
    refused = pass_to(early, before - HOUR)
    assert refused.status_code == 409
    assert "does not go back" in refused.json()["detail"]
    assert pass_to(early, before + timedelta(days=40)).status_code == 409
    with early.client() as client:
        for bad in ({}, {"to": "soon"}, {"to": "2026-12-24T12:00:00"}, {"to": before.isoformat(), "by": "me"}):
            assert client.post("/demo/clock", json=bad).status_code == 422, bad
    assert now(early) - before < timedelta(minutes=1)


def test_only_this_host_sets_it_and_no_page_of_another_site(early: LocalService) -> None:
    before = now(early)
    assert pass_to(early, before + HOUR, **{"X-Forwarded-For": "192.0.2.1"}).status_code == 403
    assert pass_to(early, before + HOUR, Origin="https://elsewhere.example").status_code == 403
    assert now(early) - before < timedelta(minutes=1)


def test_a_page_of_the_console_says_that_its_time_is_played(early: LocalService) -> None:
    with early.client(Cookie=f"firstline_session={early.token('sam.oduya')}") as client:
        page = client.get("/console/tickets").text
    assert "played time: " in page
    told = re.search(r'<meta name="played-now" content="([^"]+)">', page)
    assert told is not None, "ages on the page are by the demo's clock"
    assert abs(datetime.fromisoformat(told[1]) - now(early)) < timedelta(minutes=1)


def test_there_is_nothing_to_set_where_the_setting_is_off(model_home: Path, tmp_path: Path) -> None:
    home = copy_demo(tmp_path / "home", model_home)
    DemoClock(home / PLAYED).set(SIX)
    with running(home) as service:
        with service.client() as client:
            assert client.get("/demo/clock").status_code == 404
            assert client.post("/demo/clock", json={"to": (datetime.now(UTC) + HOUR).isoformat()}).status_code == 404
        with service.client(Cookie=f"firstline_session={service.token('sam.oduya')}") as client:
            assert "played time" not in client.get("/console/tickets").text
        with service.client("maria.santos") as client:
            said = client.post("/v1/conversations", json={"text": "How do I set up the VPN?"}).json()
            told = client.get(f"/v1/conversations/{said['conversation']}/events").text
        times = [datetime.fromisoformat(found) for found in re.findall(r'"at": ?"([^"]+)"', told)]
        assert times, told
        assert all(abs(at - datetime.now(UTC)) < HOUR for at in times), "a file alone moves nothing"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"demo": False}, "FIRSTLINE_DEMO=true"),
        ({"database_url": "postgresql+psycopg://x/y"}, "FIRSTLINE_DATABASE_URL"),
        ({"smtp_host": "mail.example"}, "FIRSTLINE_SMTP_HOST"),
        ({"imap_host": "mail.example"}, "FIRSTLINE_IMAP_HOST"),
        ({"directory": "ldap", "ldap_url": "ldaps://ldap.example"}, "FIRSTLINE_DIRECTORY"),
        ({"slack_bot_token": "xoxb-1", "slack_app_token": "xapp-1"}, "FIRSTLINE_SLACK_BOT_TOKEN"),
        ({"oidc_issuer": "https://id.example.com", "oidc_client_id": "firstline"}, "FIRSTLINE_OIDC_ISSUER"),
    ],
)
def test_a_real_installation_cannot_have_it(tmp_path: Path, more: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Settings(**{"home": tmp_path, "demo": True, "demo_clock": True, **more})  # type: ignore[arg-type]
