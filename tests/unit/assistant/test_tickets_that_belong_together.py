"""What a ticket is about, and how surely two have one cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.agent.incidents import concerned, reading_over
from assistant.desk.problems.noticing import looking
from assistant.desk.problems.relating import Side, confidence, evidence, likely, mean_of, reasons, said_hours
from assistant.desk.problems.tracing import Reading, error_codes, manner_of
from assistant.domain.configuration import Device, Person, Service
from assistant.domain.problem import FAULT, WISH, Problem, ProblemState, Trace
from assistant.domain.ticket import ASSISTANT, Ticket, TicketBody, TicketStatus
from kb.model import Platform

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SERVICES = [
    Service("vpn", "VPN", "operational", category="vpn"),
    Service("wifi", "Wi-Fi", "operational", category="wifi"),
    Service("files", "OneDrive and SharePoint", "operational", category="files"),
    Service("ledgerline", "Ledgerline", "degraded", category="software"),
    Service("spendwell", "Spendwell", "operational", category="software"),
]


def reading() -> Reading:
    return reading_over(lambda: SERVICES, lambda _: (1.0, 0.0))


def trace(ticket: str = "T-1", person: str = "maria", **changes: object) -> Trace:
    made = Trace(ticket, person, NOON, "ERP", "software", ("HTTP 503",), "Leeds", FAULT, (1.0, 0.0))
    return replace(made, **changes)  # type: ignore[arg-type]


def sure(one: Trace, other: Trace) -> float:
    return confidence(Side.of_trace(one), Side.of_trace(other))


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Ledgerline shows LDG-1042", ("LDG-1042",)),
        ("it fails with 0x80070005 every time", ("0x80070005",)),
        ("http 503 and HTTP 503 again", ("HTTP 503",)),
        ("503 service unavailable", ("HTTP 503",)),
        ("error 503 when I post", ("HTTP 503",)),
        ("error: 1067 on the screen", ("1067",)),
        ("net_timeout, then ORA-12541", ("net_timeout", "ORA-12541")),
        ("Fehler 691 beim Verbinden", ("691",)),
        ("Windows 11 on my DELL5450 with USB3", ()),
        ("please call me on 5550123 about 3 laptops", ()),
        ("", ()),
    ],
)
def test_error_codes_are_recognised_as_people_write_them(text: str, codes: tuple[str, ...]) -> None:
    assert error_codes([text]) == codes


@pytest.mark.parametrize(
    ("text", "manner"),
    [
        ("The ERP is down", FAULT),
        ("How do I get access to the ERP?", WISH),
        ("Please give my colleague access to PartVault", WISH),
        ("I need a new mouse", WISH),
        ("How do I get rid of error 503?", FAULT),
        ("What is wrong with the mail?", FAULT),
        ("my invoices", ""),
    ],
)
def test_a_fault_is_told_from_a_wish(text: str, manner: str) -> None:
    assert manner_of(text) == manner


@pytest.mark.parametrize(
    ("text", "category", "service"),
    [
        ("SharePoint does not open", "", "OneDrive and SharePoint"),
        ("wi fi is slow", "", "Wi-Fi"),
        ("ledgerline is slow", "", "Ledgerline"),
        ("Outlook crashes", "", "Outlook"),
        ("the ERP is down", "", "ERP"),
        ("I cannot connect from home", "vpn", "VPN"),
        ("it does not start", "software", ""),
        ("MY PRINTER IS BROKEN AGAIN", "", ""),
        ("nothing works", "", ""),
    ],
)
def test_the_application_is_named_or_the_only_one_of_its_category(text: str, category: str, service: str) -> None:
    assert reading().service_of([text], category) == service


def test_a_ticket_is_traced_by_what_its_person_wrote_and_not_by_what_was_answered() -> None:
    said = (("Maria", "The ERP shows HTTP 503", NOON.isoformat()), ("Firstline", "Have you seen LDG-1042 on the VPN?", NOON.isoformat()))
    body = TicketBody("Asked: something about LDG-9999", said)
    ticket = Ticket("T-1", "maria", "The ERP shows", TicketStatus.OPEN, "desk", "general", "", NOON, NOON, body=body)
    made = reading().trace(ticket, (), "Leeds")
    assert (made.service, made.codes, made.site, made.manner, made.vector) == ("ERP", ("HTTP 503",), "Leeds", FAULT, (1.0, 0.0))
    assert reading().trace(replace(ticket, requester=ASSISTANT), (0.0, 1.0), "").person == ""
    assert reading().trace(ticket, (0.0, 1.0), "").vector == (0.0, 1.0), "the vector that a ticket has is not made again"


SIDES = st.builds(
    Side,
    st.sampled_from(["", "ERP", "VPN"]),
    st.sampled_from(["", "general", "software"]),
    st.sampled_from([frozenset(), frozenset({"HTTP 503"}), frozenset({"LDG-1042"})]),
    st.sampled_from([frozenset(), frozenset({"Leeds"}), frozenset({"Lund"})]),
    st.sampled_from(["", FAULT, WISH]),
    st.datetimes(datetime(2026, 11, 20), datetime(2026, 11, 26), timezones=st.just(UTC)),
    st.sampled_from([(), (1.0, 0.0), (0.6, 0.8), (0.0, 1.0)]),
)


@given(SIDES, st.lists(SIDES, max_size=12), st.sampled_from([0.2, 0.65, 0.9]))
def test_those_that_are_likely_are_those_of_enough_confidence(one: Side, others: list[Side], least: float) -> None:
    found = dict(likely(one, enumerate(others), least))
    sure = {number: confidence(one, other) for number, other in enumerate(others)}
    assert all(number in found for number, value in sure.items() if value > least + 1e-9)
    assert all(abs(value - sure[number]) < 1e-9 and value > least - 1e-9 for number, value in found.items())


def test_each_piece_of_evidence_moves_the_confidence_its_way() -> None:
    one = trace(vector=(), codes=(), site="", category="", service="", manner="")
    plain = sure(one, one)
    for better in (
        {"service": "ERP"},
        {"codes": ("HTTP 503",)},
        {"site": "Leeds"},
        {"category": "software"},
        {"manner": FAULT},
        {"vector": (1.0, 0.0)},
    ):
        changed = replace(one, **better)
        assert sure(changed, changed) > plain, better
    for name, mine, theirs in (("service", "ERP", "CRM"), ("codes", ("A-100",), ("B-200",)), ("site", "Leeds", "Austin"), ("manner", FAULT, WISH)):
        assert sure(replace(one, **{name: mine}), replace(one, **{name: theirs})) < plain, name
    assert sure(one, replace(one, at=NOON + timedelta(hours=20))) < plain


def test_what_is_not_known_says_nothing() -> None:
    empty = Side("", "general", frozenset(), frozenset(), "", NOON, ())
    full = Side.of_trace(trace())
    assert evidence(empty, full) == {}


moments = st.integers(min_value=0, max_value=200).map(lambda hours: NOON + timedelta(hours=hours))
sides = st.builds(
    Side,
    st.sampled_from(["", "ERP", "CRM"]),
    st.sampled_from(["", "general", "software"]),
    st.frozensets(st.sampled_from(["A-1", "B-2"])),
    st.frozensets(st.sampled_from(["Leeds", "Austin"])),
    st.sampled_from(["", FAULT, WISH]),
    moments,
    st.sampled_from([(), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)]),
)


@given(sides, sides)
def test_it_does_not_matter_which_of_two_is_first(one: Side, other: Side) -> None:
    assert confidence(one, other) == pytest.approx(confidence(other, one))
    assert 0 < confidence(one, other) < 1


def test_reasons_hold_numbers_names_and_codes_and_are_true() -> None:
    three = [trace("T-1"), trace("T-2", "jonas", site="Austin"), trace("T-3", "emma", at=NOON + timedelta(hours=3), codes=())]
    assert reasons(three) == (
        "3 tickets of 3 people came within 3 hours.",
        "All 3 are about ERP.",
        "2 of 3 name the error HTTP 503.",
        "2 of the 3 people whose site is known are in Leeds.",
        "Their words are alike: 1.00 on average, where tickets about different things reach 0.12.",
    )
    assert reasons([trace("T-1", ""), trace("T-2", "", service="", codes=(), site="", vector=())])[0] == "2 tickets came within a minute."


@pytest.mark.parametrize(("hours", "said"), [(0.0, "a minute"), (0.5, "30 minutes"), (1.0, "an hour"), (5.2, "5 hours"), (60.0, "2 days")])
def test_a_stretch_of_time_is_said_as_people_say_it(hours: float, said: str) -> None:
    assert said_hours(hours) == said


def test_the_mean_of_vectors_is_as_like_a_question_as_its_tickets_are() -> None:
    assert mean_of([trace(vector=(1.0, 0.0)), trace(vector=(0.0, 1.0)), trace(vector=())]) == (0.5, 0.5)
    assert mean_of([trace(vector=())]) == ()


def test_tickets_of_one_stretch_share_an_errand_that_is_due_at_its_end() -> None:
    one, two, later = (looking(NOON + timedelta(seconds=seconds), 20) for seconds in (0, 19, 20))
    assert one.key == two.key != later.key
    assert one.due_at == NOON + timedelta(seconds=20)
    assert looking(NOON, 0).due_at == NOON


def test_a_problem_concerns_people_by_site_group_or_device() -> None:
    person = Person("maria", "Maria", location="Leeds", groups=frozenset({"finance"}))
    laptop = Device("LT-1", "maria", "laptop", Platform.WINDOWS, "Windows 11")
    problem = Problem("P-1", ProblemState.OPEN, "ERP", "ERP", "", (), (), 1.0, NOON, NOON, NOON)
    for concerns, hit in (
        ((), True),
        (("site:Leeds",), True),
        (("site:Austin",), False),
        (("site:Austin", "group:finance"), True),
        (("group:it",), False),
        (("device:LT-1",), True),
        (("device:LT-2",), False),
    ):
        assert concerned(replace(problem, concerns=concerns), person, [laptop]) is hit, concerns
