"""What happens in each scene. A scene yields a line after everything that somebody can see, with the page on which it shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from evals.monday.office import NotPlayed, Office
from evals.monday.place import hooks_of
from evals.monday.script import Script


@dataclass(frozen=True, slots=True)
class Line:
    """What happened, and where to look; "" where there is no page for it."""

    text: str
    where: str = ""


DONE = r"(\d+ of \d+) done"
CHANGE = r'href="(/console/changes/[^"/?]+)"'
ALL = r"(0 of \d+) devices fail a check[\s\S]*>100 %<"
MOST_ANSWERS = 5
CASE = r'href="(/console/joiners/(?!new)[^"/?]+)"'
Plays = Callable[[Office, Script], Iterator[Line]]


def friday(office: Office, script: Script) -> Iterator[Line]:
    """Announce a joiner, have the manager agree and the laptop set up, and write down a change to the ERP."""
    told, changed = script.facts["joiner"], script.facts["recorded"]
    names = ("employee", "name", "title", "department", "location", "manager", "first_day", "private_email")
    said = {name: told[name] for name in names}
    office.report("/webhooks/hr", hooks_of(office.home)["hr"], {"event": "join", "at": office.now().isoformat(), **said})
    office.settle()
    yield Line(
        f"HR announces {told['name']}, who begins on Monday in {told['department']}; a laptop is kept and an account opened.", "/console/joiners"
    )
    office.pass_to(told["approved"])
    where = office.approve(told["manager"], told["name"])
    yield Line("Her manager Johan Ekström agrees to her access, all of it in one decision.", where)
    office.pass_to(told["set_up"])
    with office.at_console(told["engineer"]) as yusuf:
        case = found(office.wait_for(yusuf, "/console/joiners", told["name"]), CASE)
        office.press(yusuf, f"{case}/steps/workplace/done")
    yield Line("Yusuf Karim has set her laptop up and ticks it off.", case)
    office.pass_to(changed["at"])
    office.command("changes", "record", changed["title"], "--service", changed["service"], "--at", changed["at"].isoformat(), "--by", changed["by"])
    yield Line(f"Laura Keane writes down a change: {changed['title']}.", "/console/changes")


def alerts(office: Office, script: Script) -> Iterator[Line]:
    """Report that an update failed, delivery by delivery, as the update server does; wait for the incident."""
    told = script.facts["alerts"]
    begins, count = script.scene("06:00").at, 0
    for delivery in told["deliveries"]:
        office.pass_to(begins + timedelta(minutes=delivery["after"]))
        at = office.now()
        rows = [_failed(told, device, at) for device in delivery["devices"]]
        office.report(f"/webhooks/alerts/{told['source']}", hooks_of(office.home)["alerts"], rows)
        count += len(rows)
        yield Line(
            f"The update server reports {len(rows)} laptops in {told['site']} on which {told['version']} failed; {count} so far.", "/console/alerts"
        )
    with office.at_console(told["owner"]) as anders:
        page = office.wait_for(anders, "/console/alerts?show=incidents", rf"{count}<")
        ticket, group = found(page, r"/console/tickets/(T-\d+)"), found(page, r'(/console/alerts/[^"?]+)"')
    yield Line(f"They are one incident now, {ticket}: {count} devices, {told['version']}, {told['reason']}.", group)


def _failed(told: Mapping[str, Any], device: str, at: datetime) -> dict[str, str]:
    shared = {name: told[name] for name in ("check", "site", "version", "reason")}
    return {**shared, "device": device, "message": f"{told['text']} on {device}", "time": at.isoformat(), "severity": "warning", "status": "failed"}


def joiner(office: Office, script: Script) -> Iterator[Line]:
    """Look at the joiner's case as the desk does: everything is there, and her manager was told."""
    told = script.facts["joiner"]
    with office.at_console(told["engineer"]) as yusuf:
        case = found(office.wait_for(yusuf, "/console/joiners?over=true", told["name"]), CASE)
        page = office.wait_for(yusuf, case, DONE)
    yield Line(f"{told['name']}'s first day: {found(page, DONE)} steps are done.", case)


def vpn(office: Office, script: Script) -> Iterator[Line]:
    """Ask for the VPN as Maria, take the answer for her device, confirm it."""
    told = script.facts["vpn"]
    with office.speaking(told["person"]) as maria:
        reply = office.say(maria, told["question"], device=told["device"])
        cited = [one["article"] for one in reply["citations"]]
        if told["article"] not in cited:
            raise NotPlayed(f"the answer cites {cited or 'nothing'}, not {told['article']}")
        device = reply["device"]
        yield Line(f'Maria Santos asks "{told["question"]}" and gets the guide for her {device["name"]} with {device["os"]}.', "/")
        closed = office.say(maria, choice=told["choice"], conversation=reply["conversation"])
        yield Line(f"She says that it works. {closed['text']}", "/console/tickets?status=closed")


def erp(office: Office, script: Script) -> Iterator[Line]:
    """Have three people report one error in vain, accept the problem, and have a fourth told of it."""
    told = script.facts["erp"]
    tickets = []
    for number, one in enumerate(told["people"]):
        office.pass_to(script.scene("14:00").at + timedelta(minutes=number * told["minutes_between"]))
        ticket = _filed(office, one["id"], one["text"])
        tickets.append(ticket)
        yield Line(f'{one["name"]} writes "{one["text"]}"; what the articles say does not help, and {ticket} is filed.', f"/console/tickets/{ticket}")
    with office.at_console(told["analyst"]) as sam:
        listed = office.wait_for(sam, "/console/problems", told["error"])
        problem = found(listed, r'href="(/console/problems/[^"/?]+)"')
        yield Line(f"The three belong together: {', '.join(tickets)} name {told['error']}, and something was changed on Friday.", problem)
        office.press(sam, f"{problem}/accept")
        yield Line("Sam Oduya accepts it. From now on whoever asks about it is told.", problem)
        later = told["later"]
        with office.speaking(later["id"]) as fiona:
            reply = office.say(fiona, later["text"])
        yield Line(f'{later["name"]} writes "{later["text"]}" and is told: {reply["text"].splitlines()[0]}', "/")
        page = office.wait_for(sam, problem, r'name="key" value="[^"]+"')
        office.press(sam, f"{problem}/tell", text=told["message"], key=found(page, r'name="key" value="([^"]+)"'))
        yield Line(f'Everybody gets one message: "{told["message"]}"', problem)


def fleet(office: Office, script: Script) -> Iterator[Line]:
    """Look at the fleet, and approve the change that follows."""
    told = script.facts["fleet"]
    count = len(told["devices"])
    with office.at_console(told["operator"]) as anders:
        office.press(anders, "/console/compliance/look")
        change = found(office.wait_for(anders, "/console/changes", f"{count} devices"), CHANGE)
    yield Line(f"{count} laptops have no new antivirus signatures for seven days.", "/console/compliance")
    yield Line("They are one change now, with its risk, its waves, its window and its way back.", change)
    office.pass_to(told["approved"])
    where = office.approve(told["operator"], f"{count} devices")
    yield Line("More than the desk may do without asking: Anders Nyqvist approves. It will be carried out tonight.", where)


def tuesday(office: Office, script: Script) -> Iterator[Line]:
    """Show what came of the change in the night."""
    told = script.facts["fleet"]
    with office.at_console(told["operator"]) as anders:
        change = found(office.wait_for(anders, "/console/changes", f"{len(told['devices'])} devices"), CHANGE)
        office.wait_for(anders, change, "Done")
        yield Line("The change was carried out in the night, in waves, each looked at before the next.", change)
        page = office.wait_for(anders, "/console/compliance", ALL)
    yield Line(f"{found(page, ALL)} devices fail a check: 100 % are as they should be.", "/console/compliance")


def _filed(office: Office, person: str, text: str) -> str:
    """Ask, say that it did not help until a ticket is with a team, and return its number."""
    with office.speaking(person) as client:
        reply = office.say(client, text)
        for _ in range(MOST_ANSWERS):
            if reply["ticket"] and reply["ticket"]["queue"]:
                office.settle()
                return str(reply["ticket"]["id"])
            reply = office.say(client, choice="no", conversation=reply["conversation"])
    raise NotPlayed(f"no ticket was filed for {person}")


def found(page: str, pattern: str) -> str:
    """Return the first group of the first match of a pattern in a page."""
    match = re.search(pattern, page)
    if match is None:
        raise NotPlayed(f"the page does not show {pattern}")
    return match[1]


SCENES: dict[str, Plays] = {
    "friday": friday,
    "06:00": alerts,
    "08:30": joiner,
    "10:15": vpn,
    "14:00": erp,
    "16:30": fleet,
    "tuesday": tuesday,
}
"""By their names; a scene of the script that is not here has no practice behind it in this version."""
