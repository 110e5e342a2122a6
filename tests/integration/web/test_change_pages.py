"""Changes and compliance in the console, over the real service: the fleet is looked at, a change runs, the report says eight to none."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from assistant.adapters.devices.listed import Listed, Trouble
from assistant.adapters.store.fleet import BuiltinFleet
from assistant.domain.change import Change
from assistant.domain.configuration import Device
from assistant.governance.policy_file import PACKAGED
from kb.model import Platform
from tests.support.service import LocalService, copy_demo, served_here
from tests.support.world import opened_world

OPERATOR, AUDITOR, AGENT = "anders.nyqvist", "fiona.baxter", "sam.oduya"
ALWAYS = 'days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]\nfrom = "12:01"\nto = "12:00"\n'
WAIT = 40.0


def laptop(number: int, stale: bool, trouble: Trouble = Trouble.NONE) -> Listed:
    device = Device(f"FL-{number:02}", "", f"Fleet laptop {number:02}", Platform.WINDOWS, "Windows 11")
    now = datetime.now(UTC)
    return Listed(device, now - timedelta(days=20 if stale else 1), None, True, "10.0.26100", "10.0.26100", now, trouble)


@pytest.fixture
def service(model_home: Path, tmp_path: Path) -> Iterator[LocalService]:
    """The demo company with twelve laptops of which eight have old signatures; the window is always open and nothing has to settle."""
    text = PACKAGED.read_text(encoding="utf-8")
    window = re.search(r'days = \["monday", "tuesday", "wednesday", "thursday"\]\nfrom = "20:00"\nto = "05:00"\n', text)
    assert window
    policy = tmp_path / "policy.toml"
    policy.write_text(text.replace(window.group(), ALWAYS).replace("settle_minutes = 10", "settle_minutes = 0").replace('at = "03:00"', 'at = ""'))
    home = copy_demo(tmp_path / "home", model_home)
    with opened_world(home) as world:
        BuiltinFleet(world.assistant.knowledge_base.engine, world.assistant.clock.now).replace([laptop(n, n < 8) for n in range(12)])
    with served_here(home, policy_file=policy) as found:
        yield found


def client(service: LocalService, person: str) -> httpx.Client:
    made = service.client(Accept="text/html", Origin=service.url)
    made.cookies.set("firstline_session", service.token(person))
    return made


def until(service: LocalService, holds: Callable[[list[Change]], bool]) -> list[Change]:
    """Wait until the changes are as they should be, and return them."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        with service.assistant.store.read() as unit:
            found = unit.changes.latest()
        if holds(found):
            return found
        time.sleep(0.1)
    raise AssertionError(found)


def test_eight_become_none_and_every_page_says_so(service: LocalService) -> None:
    with client(service, OPERATOR) as browser:
        assert "The fleet was not looked at yet" in browser.get("/console/compliance").text
        assert "No changes here" in browser.get("/console/changes").text
        assert browser.post("/console/compliance/look").status_code == 303
        (change,) = until(service, lambda found: bool(found) and found[0].status.value == "done")
        listed = browser.get("/console/changes").text
        assert f'href="/console/changes/{change.id}"' in listed
        assert "8 of 8 fixed" in listed
        page = browser.get(f"/console/changes/{change.id}").text
        assert "Authorised beforehand by the policy" in page
        assert page.count(">Fixed<") == 9
        assert re.findall(r"Wave (\d)", page)[:1] == ["1"]
        assert "Stop now" not in page
        service.assistant.practices.changes.look("second")
        shown = browser.get("/console/compliance").text
    with service.assistant.store.read() as unit:
        looks = [run.at.astimezone(ZoneInfo("Europe/Stockholm")) for run in unit.compliance.runs(9)]
    axis = re.findall(r'class="plot-x[^"]*"[^>]*>([^<]+)<', shown)
    assert axis == [f"{at:%d %b %H:%M}" for at in reversed(looks)]
    assert "Look at the fleet (Europe/Stockholm)" in shown
    assert "From 8 to 0" in shown
    assert "Every device that answered is as it should be." in shown


def test_a_device_is_taken_back_from_its_page_and_a_stopped_change_cannot_be_stopped_again(service: LocalService) -> None:
    with client(service, OPERATOR) as browser:
        browser.post("/console/compliance/look")
        (change,) = until(service, lambda found: bool(found) and found[0].status.value == "done")
        assert browser.post(f"/console/changes/{change.id}/devices/2/back").status_code == 303
        assert browser.post(f"/console/changes/{change.id}/devices/2/back").status_code == 409
        assert browser.post(f"/console/changes/{change.id}/stop").status_code == 409
        end = time.monotonic() + WAIT
        while "Taken back" not in (page := browser.get(f"/console/changes/{change.id}").text) and time.monotonic() < end:
            time.sleep(0.1)
    assert "Taken back" in page


def test_an_auditor_reads_and_neither_stops_nor_takes_back(service: LocalService) -> None:
    with client(service, OPERATOR) as browser:
        browser.post("/console/compliance/look")
        (change,) = until(service, lambda found: bool(found) and found[0].status.value == "done")
    for person in (AUDITOR, AGENT):
        with client(service, person) as browser:
            page = browser.get(f"/console/changes/{change.id}")
            assert page.status_code == 200
            assert "Take back" not in page.text
            for act in ("stop", "back", "devices/0/back"):
                assert browser.post(f"/console/changes/{change.id}/{act}").status_code == 403


def test_devices_are_named_as_they_are_called_and_never_as_markup(service: LocalService) -> None:
    fleet = service.assistant.parts.fleet
    assert isinstance(fleet, BuiltinFleet)
    evil = laptop(99, stale=True, trouble=Trouble.REFUSES)
    fleet.replace([replace(evil, device=replace(evil.device, name="<script>alert(1)</script>"))])
    service.assistant.practices.changes.look("evil")
    (change,) = until(service, lambda found: bool(found) and found[0].status.is_over)
    with client(service, OPERATOR) as browser:
        for path in ("/console/compliance", f"/console/changes/{change.id}", "/console/changes"):
            assert "<script>alert" not in browser.get(path).text


def test_long_lists_are_shown_page_by_page(service: LocalService) -> None:
    fleet = service.assistant.parts.fleet
    assert isinstance(fleet, BuiltinFleet)
    fleet.replace([laptop(n, stale=True) for n in range(120)])
    service.assistant.practices.changes.look("many")
    with client(service, OPERATOR) as browser:
        first = browser.get("/console/compliance").text
        following = re.search(r'href="(/console/compliance\?after=[^"]+)"', first)
        assert following
        second = browser.get(following[1].replace("&amp;", "&")).text
    names = [re.findall(r"Fleet laptop \d+", text) for text in (first, second)]
    assert (len(names[0]), len(names[1])) == (50, 50)
    assert not set(names[0]) & set(names[1])
