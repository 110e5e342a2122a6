"""The Monday, scene by scene in the running demo: what came in over the interfaces of others, and what people see and do in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from evals.monday.place import prepare
from evals.monday.play import Day, serving
from evals.monday.script import read_script
from tests.support.axe import violations
from tests.support.browser import Helpdesk, become, picture, sign_in, visit
from tests.support.letters import letters
from tests.support.service import Address

pytestmark = pytest.mark.browser
STEPS = ("Keep a laptop from the stock", "Open the account", "Give access to the CRM", "Prepare the workplace", "Look whether everything is there")
GUIDE = "Install and connect the VPN on a Windows laptop"


@pytest.fixture(scope="module")
def monday(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """The demo company on the Friday before, in a service whose clock is set by whoever plays."""
    home = tmp_path_factory.mktemp("monday") / "home"
    prepare(home, model_home / "models", lambda _: None)
    with serving(home) as office:
        yield Day(office, read_script())


@pytest.fixture
def place(monday: Day) -> Address:
    """Where a browser finds it."""
    return Address(monday.office.home, int(monday.office.url.rpartition(":")[2]))


def test_at_six_fourteen_failed_updates_are_one_incident_with_the_endpoint_team(browser: Browser, monday: Day, place: Address) -> None:
    monday.play("06:00")
    told = monday.script.facts["alerts"]
    devices = [device for delivery in told["deliveries"] for device in delivery["devices"]]
    with visit(browser, place) as (page, _):
        sign_in(page, "Anders Nyqvist")
        page.goto("/console/alerts")
        row = page.get_by_role("region", name="Groups of alerts").get_by_role("row").filter(has_text=told["check"])
        expect(row).to_have_count(1)
        expect(row).to_contain_text("Incident")
        expect(row).to_contain_text("14")
        picture(page, "monday-0600-alerts")
        row.get_by_role("rowheader").get_by_role("link").click()
        main = page.get_by_role("main")
        for fact in (told["version"], told["reason"], told["site"], "Endpoint"):
            expect(main).to_contain_text(fact)
        shown = page.get_by_role("region", name="Alerts of this group").get_by_role("rowheader").all_inner_texts()
        assert sorted(one.removesuffix(told["site"]).strip() for one in shown) == sorted(devices)
        expect(page.get_by_role("region", name="Why these belong together").get_by_role("listitem").first).to_be_visible()
        picture(page, "monday-0600-incident")
        assert violations(page) == []
        number = main.get_by_role("link", name=re.compile(r"^T-\d+$")).first.inner_text()

        sign_in(page, "Sam Oduya")
        main = page.get_by_role("main")
        for _ in range(20):  # the ticket follows its incident within a moment
            page.goto(f"/console/tickets/{number}")
            if all(one in main.inner_text() for one in devices):
                break
            page.wait_for_timeout(1_000)
        for fact in (told["version"], told["reason"], "Endpoint", *devices):
            expect(main).to_contain_text(fact)
        picture(page, "monday-0600-ticket")
        page.goto("/console/tickets?status=")
        expect(page.get_by_role("row").filter(has_text=told["version"])).to_have_count(1)


def test_at_half_past_eight_a_joiner_has_laptop_and_access_and_her_manager_knows(browser: Browser, monday: Day, place: Address) -> None:
    monday.play("08:30")
    told = monday.script.facts["joiner"]
    with visit(browser, place) as (page, _):
        sign_in(page, "Sam Oduya")
        page.goto("/console/joiners?over=true")
        page.get_by_role("link", name=told["name"]).click()
        expect(page.get_by_role("main")).to_contain_text("6 of 6 done")
        checks = page.get_by_role("region", name="Checklist").get_by_role("listitem")
        for step in STEPS:
            expect(checks.filter(has=page.get_by_role("heading", name=step))).to_contain_text("Done")
        expect(checks.filter(has=page.get_by_role("heading", name=STEPS[-1]))).to_contain_text("everything was there")
        picture(page, "monday-0830-joiner")
        page.get_by_role("link", name=re.compile(r"^T-\d+$")).first.click()
        expect(page.get_by_role("heading", name=f"Prepare the workplace: {told['name']}")).to_be_visible()
        expect(page.get_by_role("main")).to_contain_text("Resolved")
    with place.client("nora.lindgren") as nora:
        assert nora.get("/v1/me").json()["person"]["name"] == told["name"], "her account is there"
        held = [one["id"] for one in nora.get("/v1/me").json()["devices"]]
    assert held == ["LT-2461"], "the laptop from the stock is hers"
    mails = [mail for mail in letters(place.home) if "johan.ekstrom@" in mail.to and "Everything is there for Nora Lindgren" in mail.text]
    assert len(mails) == 1, "the manager is told once"


def test_at_a_quarter_past_ten_a_vpn_question_is_answered_for_her_device_and_its_ticket_closes(browser: Browser, monday: Day, place: Address) -> None:
    monday.reach("10:15")
    with visit(browser, place) as (page, _):
        become(page, "Maria Santos")
        help_desk = Helpdesk(page)
        if help_desk.launcher.is_visible():
            help_desk.launcher.click()
        answer = help_desk.ask(monday.script.facts["vpn"]["question"])
        expect(answer.get_by_role("button", name=f"Source 1: {GUIDE}").first).to_be_visible()
        expect(answer).to_contain_text("for Windows 11")
        closed = help_desk.press("Yes, solved")
        expect(closed).to_contain_text("I closed ticket")
        number = re.search(r"T-\d+", closed.inner_text())
        assert number is not None
        picture(page, "monday-1015-widget")

        sign_in(page, "Sam Oduya")
        expect(page.get_by_text("played time: Monday 23 November, 10:")).to_be_visible()
        page.get_by_role("navigation", name="Status").get_by_role("link", name="Closed").click()
        row = page.get_by_role("row").filter(has_text=number[0])
        expect(row).to_contain_text("Maria Santos")
        expect(row).to_contain_text("Closed")
        row.get_by_role("link", name=monday.script.facts["vpn"]["question"]).click()
        expect(page.get_by_role("main")).to_contain_text("Dell Latitude 5450")
        expect(page.get_by_role("main")).to_contain_text("confirmed as solved")
    monday.played_by_hand("10:15")


def test_at_two_three_tickets_become_a_problem_with_its_users_application_error_and_last_change(
    browser: Browser, monday: Day, place: Address
) -> None:
    monday.play("14:00")
    told, changed = monday.script.facts["erp"], monday.script.facts["recorded"]
    with visit(browser, place) as (page, _):
        sign_in(page, "Sam Oduya")
        page.goto("/console/problems")
        page.get_by_role("link", name=f"Ledgerline: {told['error']}").click()
        main = page.get_by_role("main")
        for fact in (*(one["name"] for one in told["people"]), told["later"]["name"], "Ledgerline", told["error"], changed["title"], told["message"]):
            expect(main).to_contain_text(fact)
        expect(main).to_contain_text("4 people, 4 tickets")
        expect(main.get_by_text(re.compile(r"\bin \d+ (minutes|hours|days)"))).to_have_count(0)
        picture(page, "monday-1400-problem")
        assert violations(page) == []
    for one in (*told["people"], told["later"]):
        with place.client(one["id"]) as client:
            asked = client.get("/v1/conversations").json()[0]
            heard = client.get(f"/v1/conversations/{asked['conversation']}/events").json()
        assert sum(told["message"] in str(event["event"]) for event in heard) == 1, one["id"]


def test_at_half_past_four_eight_devices_become_a_change_that_night_carries_out_and_tuesday_shows_all_in_order(
    browser: Browser, monday: Day, place: Address
) -> None:
    monday.play("16:30")
    told = monday.script.facts["fleet"]
    with visit(browser, place) as (page, _):
        sign_in(page, "Anders Nyqvist")
        page.goto("/console/compliance")
        main = page.get_by_role("main")
        expect(main).to_contain_text("8 of 40 devices fail a check")
        shown = page.get_by_role("region", name="Findings").get_by_role("rowheader").all_inner_texts()
        assert len(shown) == len(told["devices"])
        assert all(any(device in one for one in shown) for device in told["devices"])
        picture(page, "monday-1630-compliance")
        page.goto("/console/changes")
        page.get_by_role("link", name=re.compile("8 devices")).click()
        expect(main).to_contain_text("Planned")
        expect(main).to_contain_text("Approved: Anders Nyqvist")
        expect(main).to_contain_text(re.compile(r"Failed before\s*8"))
        for device in told["devices"]:
            expect(main).to_contain_text(device)
        picture(page, "monday-1630-change")
        assert violations(page) == []
        change = page.url

        monday.play("tuesday")
        page.goto(change)
        expect(main).to_contain_text(re.compile(r"Fixed\s*8"))
        expect(main).to_contain_text(re.compile(r"Still to do\s*0"))
        waves = page.get_by_role("heading", name=re.compile("^Wave")).all_inner_texts()
        assert [one.split("fixed")[0].split()[-1] for one in waves] == ["1", "5", "2"], waves
        picture(page, "monday-tuesday-change")
        page.goto("/console/compliance")
        expect(main).to_contain_text("0 of 40 devices fail a check")
        expect(main).to_contain_text(re.compile(r"As they should be\s*100 %"))
        expect(page.get_by_role("heading", name="From 8 to 0")).to_be_visible()
        expect(main).to_contain_text("Every device that answered is as it should be.")
        picture(page, "monday-tuesday-compliance")
