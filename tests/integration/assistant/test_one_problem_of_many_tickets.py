"""Three people report the same; a fourth is told, one message reaches all, and one close asks all."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count

import pytest

from assistant.adapters.store.outbox import SqlOutbox
from assistant.agent.state import Inbound
from assistant.desk.problems.working import NotPossible, Working
from assistant.domain.alert import AlertGroup, Standing
from assistant.domain.change import Change, ChangeStatus
from assistant.domain.conversation import Outcome, State
from assistant.domain.problem import How, KnownError, Link, Problem, ProblemState
from assistant.domain.reply import Reply, ReplyKind
from assistant.domain.ticket import ASSISTANT, TicketBody, TicketDraft, TicketStatus
from assistant.ports.store import Event
from assistant.privacy import erase
from tests.support.world import Talk, World, offered

SAM = "sam.oduya"
REPORTS = {
    "maria.santos": "The ERP shows error 503 when I post an invoice",
    "jonas.weber": "ERP is down for me, it says 503 service unavailable",
    "emma.lundgren": "I cannot post invoices in the ERP, http 503",
}


def working(world: World) -> Working:
    return world.assistant.practices.problems


def carried(world: World, **passed: float) -> None:
    """Let time pass, and carry out what is due."""
    world.clock.advance(timedelta(**passed))
    world.assistant.carrier.drain()


def reported(world: World, person: str, words: str) -> Talk:
    """Ask in vain and file a ticket, as a person does."""
    talk = world.talk(person)
    reply = talk.say(words)
    for _ in range(3):
        if reply.state == State.FILED:
            break
        reply = talk.press("file") if "file" in offered(reply) else talk.press("no")
    assert reply.state == State.FILED, reply
    return talk


def pressed(talk: Talk, choice: str) -> Reply:
    """Press a button under a message that came by itself."""
    return talk._send(Inbound(talk._id(), choice=choice))


def incident(group: str, ticket: str, at: datetime) -> AlertGroup:
    """Return an incident that monitoring made about the VPN."""
    return AlertGroup(group, Standing.INCIDENT, at, at, at, "RAW ALERT TEXT 17", "vpn", ticket=ticket, service="vpn", alerts=14, items=3)


def recorded(title: str, service: str, at: datetime) -> Change:
    """Return a change that was made elsewhere."""
    return Change("C-1", title, service, ChangeStatus.RECORDED, SAM, at, at, at)


def problems(world: World) -> list[Problem]:
    with world.assistant.store.read() as unit:
        return unit.problems.listed(set(ProblemState), 50)


def links(world: World, problem: str) -> list[Link]:
    with world.assistant.store.read() as unit:
        return unit.problems.links(problem)


def candidate(world: World) -> Problem:
    """Let three people report the same, and return the candidate that it makes."""
    for person, words in REPORTS.items():
        reported(world, person, words)
    carried(world, seconds=40)
    (found,) = problems(world)
    return found


def accepted(world: World) -> Problem:
    """Return a problem that an agent has opened."""
    found = candidate(world)
    with world.assistant.store.write() as unit:
        return working(world).accept(unit, found.id, "", (), SAM, world.clock.now())


def heard(world: World, talk: Talk) -> list[Event]:
    """Return the replies of a conversation."""
    assert talk.conversation is not None
    with world.assistant.store.read() as unit:
        return [event for event in unit.conversations.events(talk.conversation) if event.body["type"] == "reply"]


def last_heard(world: World, talk: Talk) -> dict[str, object]:
    return dict(heard(world, talk)[-1].body["reply"])


def audited(world: World, step: str) -> list[dict[str, object]]:
    with world.assistant.store.read() as unit:
        entries = [json.loads(record.body) for record in unit.audit.read()]
    return [entry for entry in entries if entry["step"] == step]


def test_three_tickets_of_three_people_make_a_candidate_that_says_why(world: World) -> None:
    found = candidate(world)
    assert found.state is ProblemState.CANDIDATE
    assert (found.title, found.service, found.codes) == ("ERP: HTTP 503", "ERP", ("HTTP 503",))
    assert any("3 tickets of 3 people" in line for line in found.why)
    assert any("HTTP 503" in line for line in found.why)
    assert {link.person for link in links(world, found.id)} == set(REPORTS)
    (made,) = audited(world, "problem")
    assert made["verdict"] == "review"
    assert made["facts"] == {"step": "problem", "confidence": made["confidence"]}


def test_two_people_and_a_third_ticket_of_one_of_them_make_nothing(world: World) -> None:
    for person, words in list(REPORTS.items())[:2]:
        reported(world, person, words)
    reported(world, "maria.santos", "The ERP answers 503 to every invoice since the morning and I need it for the closing")
    carried(world, seconds=40)
    assert problems(world) == []


def test_a_candidate_is_told_to_nobody(world: World) -> None:
    candidate(world)
    reply = world.talk("peter.hallam").say("ERP gives me error 503")
    assert "known problem" not in reply.text


def test_a_fourth_person_is_told_attached_and_not_filed_again(world: World) -> None:
    opened = accepted(world)
    with world.assistant.store.write() as unit:
        known = KnownError("A full disk", "Post invoices by e-mail.")
        opened = working(world).describe(unit, opened.id, opened.title, (), known, SAM, world.clock.now())
    talk = world.talk("peter.hallam")
    reply = talk.say("Is the ERP down? I get error 503")
    assert reply.kind is ReplyKind.STATUS
    assert reply.state == State.FILED
    assert "ERP: HTTP 503" in reply.text
    assert "Post invoices by e-mail." in reply.text
    assert "A full disk" not in reply.text, "the cause is the desk's"
    assert reply.ticket is not None
    (mine,) = [link for link in links(world, opened.id) if link.person == "peter.hallam"]
    assert (mine.how, mine.ticket) == (How.CHAT, reply.ticket.id)
    assert world.ticket(mine.ticket).assignee == ASSISTANT, "nobody has to work it"
    (episode,) = world.episodes(reply.conversation)
    assert episode.outcome is Outcome.TICKET_FILED, "being told is no solution"
    with world.assistant.store.read() as unit:
        (handed,) = unit.handoffs.of_conversation(reply.conversation)
    assert handed.reason.value == "known_incident"


def test_one_message_reaches_everybody_once_and_a_second_press_sends_nothing(world: World) -> None:
    opened = accepted(world)
    fourth = world.talk("peter.hallam")
    fourth.say("Is the ERP down? I get error 503")
    before = len(heard(world, fourth))
    for _ in range(2):
        with world.assistant.store.write() as unit:
            working(world).tell(unit, opened.id, "press-1", "The supplier restarts it at ten.", None, SAM, world.clock.now())
        carried(world, seconds=1)
    assert len(heard(world, fourth)) == before + 1
    told = last_heard(world, fourth)
    assert "The supplier restarts it at ten." in str(told["text"])
    with world.assistant.store.read() as unit:
        (said,) = unit.problems.said(opened.id)
        reached = [entry for person in REPORTS for talk in unit.conversations.of_person(person) for entry in unit.conversations.events(talk.id)]
    assert said.people == 4
    assert sum("restarts it at ten" in str(event.body) for event in reached) == 3


def test_one_close_closes_all_and_asks_and_no_opens_the_ticket_again(world: World) -> None:
    opened = accepted(world)
    fourth, fifth = world.talk("peter.hallam"), world.talk("nils.forsberg")
    for talk in (fourth, fifth):
        talk.say("Is the ERP down? I get error 503")
    with world.assistant.store.write() as unit:
        working(world).resolve(unit, opened.id, "press-2", "The disk was full; it is larger now.", SAM, world.clock.now())
    carried(world, seconds=1)
    numbers = {link.person: link.ticket for link in links(world, opened.id)}
    assert {world.ticket(number).status for number in numbers.values()} == {TicketStatus.CLOSED}
    asked = last_heard(world, fourth)
    assert "Did that solve it" in str(asked["text"])

    yes = pressed(fourth, f"fine:{numbers['peter.hallam']}")
    assert "stays closed" in yes.text
    assert world.episodes(yes.conversation)[-1].outcome is Outcome.TICKET_FILED, "people solved it"
    no = fifth.say("no")
    assert "again" in no.text
    again = world.ticket(numbers["nils.forsberg"])
    assert again.status is TicketStatus.OPEN
    assert again.assignee != ASSISTANT, "now people look at it"
    assert {link.answer for link in links(world, opened.id)} == {"yes", "no", ""}


def test_something_else_lets_go_and_answers_the_normal_way_and_is_not_offered_again(world: World) -> None:
    opened = accepted(world)
    talk = world.talk("peter.hallam")
    told = talk.say("Is the ERP down? I get error 503")
    assert told.ticket is not None
    reply = talk.press(f"other:{opened.id}")
    assert "known problem" not in reply.text
    (mine,) = [link for link in links(world, opened.id) if link.person == "peter.hallam"]
    assert mine.removed
    assert world.ticket(told.ticket.id).status is TicketStatus.CLOSED
    first = world.episodes(reply.conversation)[0]
    assert first.reopened, "that they were attached does not count any more"
    again = talk.say("I still cannot post in the ERP, 503")
    assert "known problem" not in again.text


def test_words_say_something_else_as_well_as_the_button(world: World) -> None:
    opened = accepted(world)
    talk = world.talk("peter.hallam")
    talk.say("Is the ERP down? I get error 503")
    talk.say("No, mine is a different problem")
    (mine,) = [link for link in links(world, opened.id) if link.person == "peter.hallam"]
    assert mine.removed


def test_who_is_not_sure_enough_is_asked_and_yes_attaches(world: World) -> None:
    opened = accepted(world)
    talk = world.talk("peter.hallam")
    asked = talk.say("The ERP crashes when I print")
    assert asked.kind is ReplyKind.CLARIFICATION, asked.text
    assert "Is that what you have?" in asked.text
    assert f"other:{opened.id}" in offered(asked)
    told = talk.say("yes")
    assert told.state == State.FILED
    assert "I attached you to it" in told.text


def test_who_is_asked_and_says_no_goes_the_normal_way(world: World) -> None:
    accepted(world)
    talk = world.talk("peter.hallam")
    talk.say("The ERP crashes when I print")
    reply = talk.say("no")
    assert "known problem" not in reply.text
    assert reply.state != State.FILED


def test_who_asks_how_to_do_something_is_not_told_of_a_fault(world: World) -> None:
    accepted(world)
    reply = world.talk("peter.hallam").say("How do I get access to the ERP?")
    assert "known problem" not in reply.text


def test_a_problem_of_another_site_is_not_mentioned(world: World) -> None:
    opened = accepted(world)
    with world.assistant.store.write() as unit:
        working(world).describe(unit, opened.id, opened.title, ("site:Austin",), KnownError(), SAM, world.clock.now())
    site = world.assistant.directory.person("peter.hallam")
    assert site is not None
    assert site.location != "Austin"
    assert "known problem" not in world.talk("peter.hallam").say("Is the ERP down? I get error 503").text
    inside = next(one for one in world.assistant.directory.people() if one.location == "Austin")
    assert "known problem" in world.talk(inside.id).say("Is the ERP down? I get error 503").text


def test_who_asks_again_hears_how_it_stands_and_is_not_attached_twice(world: World) -> None:
    opened = accepted(world)
    talk = world.talk("peter.hallam")
    talk.say("Is the ERP down? I get error 503")
    with world.assistant.store.write() as unit:
        working(world).tell(unit, opened.id, "k", "A new disk is on its way.", None, SAM, world.clock.now())
    carried(world, seconds=1)
    again = talk.say("What about the ERP, still error 503 here")
    assert "A new disk is on its way." in again.text
    assert len([link for link in links(world, opened.id) if link.person == "peter.hallam"]) == 1


def test_it_is_told_in_the_language_of_the_person_around_the_words_of_the_desk(world: World) -> None:
    accepted(world)
    reply = world.talk("peter.hallam").say("Das ERP geht nicht, Fehler 503 beim Buchen")
    assert "bekanntes Problem" in reply.text
    assert reply.language == "de"


def test_its_moments_are_those_of_the_organisations_clocks_in_the_language_of_the_person(world: World) -> None:
    opened = accepted(world)
    english, german = world.talk("peter.hallam"), world.talk("nils.forsberg")
    assert "23 November 10:15 CET" in english.say("Is the ERP down? I get error 503").text
    assert "23. November, 10:15 MEZ" in german.say("Das ERP geht nicht, Fehler 503 beim Buchen").text
    at = world.clock.now()
    with world.assistant.store.write() as unit:
        working(world).tell(unit, opened.id, "k", "It is restarted.", at.replace(hour=23, minute=30), SAM, at)
    carried(world, seconds=1)
    assert "24 November 00:30 CET" in str(last_heard(world, english)["text"])
    assert "24. November, 00:30 MEZ" in str(last_heard(world, german)["text"])


def test_the_end_can_be_taken_back_and_opens_what_it_closed_but_not_what_is_solved(world: World) -> None:
    opened = accepted(world)
    fourth = world.talk("peter.hallam")
    fourth.say("Is the ERP down? I get error 503")
    with world.assistant.store.write() as unit:
        working(world).resolve(unit, opened.id, "end", "Restarted.", SAM, world.clock.now())
    carried(world, seconds=1)
    numbers = {link.person: link.ticket for link in links(world, opened.id)}
    pressed(fourth, f"fine:{numbers['peter.hallam']}")
    world.clock.advance(timedelta(hours=3))
    with world.assistant.store.write() as unit:
        back = working(world).undo(unit, opened.id, "back", "It fails again.", SAM, world.clock.now())
    assert back.state is ProblemState.OPEN
    carried(world, seconds=1)
    assert world.ticket(numbers["peter.hallam"]).status is TicketStatus.CLOSED, "they say it is solved"
    assert {world.ticket(numbers[person]).status for person in REPORTS} == {TicketStatus.OPEN}
    carried(world, hours=30)
    (standing,) = problems(world)
    assert standing.state is ProblemState.OPEN, "the errand of the end that was taken back closes nothing"


def test_an_end_that_nobody_takes_back_is_closed_after_its_day_and_stays(world: World) -> None:
    opened = accepted(world)
    with world.assistant.store.write() as unit:
        working(world).resolve(unit, opened.id, "end", "Restarted.", SAM, world.clock.now())
    carried(world, hours=23)
    assert problems(world)[0].state is ProblemState.RESOLVED
    carried(world, hours=2)
    assert problems(world)[0].state is ProblemState.CLOSED
    with pytest.raises(NotPossible), world.assistant.store.write() as unit:
        working(world).undo(unit, opened.id, "late", "It fails again.", SAM, world.clock.now())


def test_a_close_that_is_taken_back_before_it_is_carried_out_tells_nobody(world: World) -> None:
    opened = accepted(world)
    now = world.clock.now()
    with world.assistant.store.write() as unit:
        working(world).resolve(unit, opened.id, "end", "Restarted.", SAM, now)
        working(world).undo(unit, opened.id, "back", "Too early.", SAM, now)
    carried(world, seconds=1)
    assert all(world.ticket(link.ticket).status.is_open for link in links(world, opened.id))
    with world.assistant.store.read() as unit:
        said = [
            str(event.body) for person in REPORTS for talk in unit.conversations.of_person(person) for event in unit.conversations.events(talk.id)
        ]
    assert not any("Restarted." in body or "Too early." in body for body in said)


def test_a_dismissed_candidate_does_not_come_back_by_the_same_tickets(world: World) -> None:
    found = candidate(world)
    with world.assistant.store.write() as unit:
        working(world).dismiss(unit, found.id, "They are three things.", SAM, world.clock.now())
    reported(world, "peter.hallam", "ERP answers 503 when I open an order")
    carried(world, seconds=40)
    assert [one.state for one in problems(world)] == [ProblemState.DISMISSED]


def test_a_ticket_that_is_taken_out_is_not_put_back_and_another_can_be_added(world: World) -> None:
    found = candidate(world)
    first = links(world, found.id)[0].ticket
    with world.assistant.store.write() as unit:
        working(world).remove(unit, found.id, first, SAM, world.clock.now())
    reported(world, "peter.hallam", "ERP answers 503 when I open an order")
    carried(world, seconds=40)
    mine = {link.ticket: link for link in links(world, found.id)}
    assert mine[first].removed
    assert sum(not link.removed for link in mine.values()) == 3, "the new one joined the two that are left"
    with world.assistant.store.write() as unit:
        working(world).add(unit, found.id, first, SAM, world.clock.now())
    assert not {link.ticket: link for link in links(world, found.id)}[first].removed


def test_the_last_change_on_the_service_stands_beside_the_problem(world: World) -> None:
    before = world.clock.now() - timedelta(hours=2)
    with world.assistant.store.write() as unit:
        unit.changes.add(recorded("New database for the ERP", "ERP", before))
    found = candidate(world)
    assert found.change is not None
    assert (found.change.title, found.change.at) == ("New database for the ERP", before)


def test_nothing_of_somebody_who_is_erased_stays_in_a_problem(world: World) -> None:
    opened = accepted(world)
    before = opened.vector
    erase(world.assistant, "maria.santos")
    assert "maria.santos" not in {link.person for link in links(world, opened.id)}
    with world.assistant.store.read() as unit:
        assert {trace.person for trace in unit.problems.traces(world.clock.now() - timedelta(days=9), 50)} == set(REPORTS) - {"maria.santos"}
        now = unit.problems.load(opened.id)
    assert now is not None
    assert now.vector != before
    erase(world.assistant, SAM)
    with world.assistant.store.read() as unit:
        assert all(SAM not in str(one) for one in unit.problems.listed(set(ProblemState), 50))


def test_an_incident_of_monitoring_is_offered_to_whom_it_hits_and_becomes_a_problem_with_the_first(world: World) -> None:
    with world.assistant.store.write() as unit:
        draft = TicketDraft("alerts:i_1", ASSISTANT, "RAW ALERT TEXT 17", "network", "vpn", TicketBody("RAW"), "alerts", assignee="")
        made = unit.tickets.create(draft, world.clock.now())
        unit.alerts.keep_groups([incident("i_1", made.id, world.clock.now())])
    talk = world.talk("peter.hallam")
    asked = talk.say("The VPN is down, I cannot connect at all")
    assert asked.kind is ReplyKind.CLARIFICATION, asked.text
    assert "RAW" not in asked.text
    told = talk.press("that:i_1")
    assert told.state == State.FILED, told.text
    (raised,) = problems(world)
    assert (raised.state, raised.title) == (ProblemState.OPEN, "VPN")
    assert {link.ticket for link in links(world, raised.id)} == {made.id, told.ticket.id if told.ticket else ""}
    with world.assistant.store.write() as unit:
        working(world).resolve(unit, raised.id, "end", "The gateway is back.", SAM, world.clock.now())
    carried(world, seconds=1)
    assert world.ticket(made.id).status is TicketStatus.CLOSED


def test_who_has_no_conversation_hears_by_mail_once(world: World) -> None:
    opened = accepted(world)
    with world.assistant.store.write() as unit:
        working(world).add(unit, opened.id, "t-1002", SAM, world.clock.now())
        working(world).tell(unit, opened.id, "k", "The supplier restarts it at ten.", None, SAM, world.clock.now())
    asked = {link.ticket: link.person for link in links(world, opened.id)}
    assert asked["T-1002"] == "jonas.weber", "who has a conversation about it too"
    mails = world.home / "mail"
    carried(world, seconds=1)
    assert not any("restarts it at ten" in path.read_text() for path in mails.glob("*")), "they hear it in the conversation"
    with world.assistant.store.write() as unit:
        working(world).add(unit, opened.id, "T-1001", SAM, world.clock.now())
        working(world).resolve(unit, opened.id, "end", "A larger disk.", SAM, world.clock.now())
    for _ in range(3):
        carried(world, seconds=30)
    (mail,) = [path.read_text() for path in mails.glob("*") if "A larger disk." in path.read_text()]
    assert "claire.whitfield" in mail
    assert "T-1001" in mail
    assert world.ticket("T-1001").status is TicketStatus.CLOSED


def test_an_errand_that_is_killed_between_its_commits_does_everything_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = accepted(world)
    with world.assistant.store.write() as unit:
        working(world).resolve(unit, opened.id, "end", "A larger disk.", SAM, world.clock.now())
    real, times = SqlOutbox.finish, count()

    def killed(self: SqlOutbox, key: str, state: str, at: datetime, result: dict[str, object]) -> None:
        if next(times) % 2 == 0:
            raise RuntimeError("killed")
        real(self, key, state, at, result)

    monkeypatch.setattr(SqlOutbox, "finish", killed)
    for _ in range(12):
        with suppress(RuntimeError):
            carried(world, seconds=1)
    monkeypatch.undo()
    carried(world, seconds=1)
    with world.assistant.store.read() as unit:
        for link in unit.problems.links(opened.id):
            (talk,) = [one for one in unit.conversations.of_person(link.person) if one.episode.ticket == link.ticket]
            told = [event for event in unit.conversations.events(talk.id) if "A larger disk." in str(event.body)]
            assert len(told) == 1, link.person
            closed = [note for note in world.ticket(link.ticket).notes if note.text.startswith("Closed:")]
            assert len(closed) == 1
