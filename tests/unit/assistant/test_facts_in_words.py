"""Error codes, applications and moods are read from what people write, and from nothing else."""

from __future__ import annotations

import pytest

from assistant.agent.steps.facts import MOST, applications, error_codes, upset


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("It shows E7 after ten minutes", ("E7",)),
        ("I get error 0x80070005, then 0X80070005 again", ("0x80070005",)),
        ("ERR_CONNECTION_REFUSED in the browser, DNS_PROBE_FINISHED_NXDOMAIN at home", ("ERR_CONNECTION_REFUSED", "DNS_PROBE_FINISHED_NXDOMAIN")),
        ("error code: 720, code 691", ("720", "691")),
        ("AADSTS50076 at the sign-in", ("AADSTS50076",)),
        ("It says 404 not found, before that HTTP 503", ("404", "503")),
        ("blank labels, error E-42", ("E-42",)),
        ("I have 12 monitors and room 404 is dark", ()),
        ("Error: the disk is full", ()),
        ("it shows no network", ()),
        ("", ()),
    ],
)
def test_error_codes_are_found_as_they_were_written(text: str, codes: tuple[str, ...]) -> None:
    assert error_codes([text]) == codes


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("outlook and TEAMS do not open", ("Outlook",)),
        ("Outlook and Teams do not open", ("Outlook", "Teams")),
        ("I need access to the word list, please excel at it", ()),
        ("Microsoft 365 wants my password", ("Microsoft 365",)),
        ("the OneNote app and PowerPoint", ("OneNote", "PowerPoint")),
        ("my account-sap-old folder", ()),
    ],
)
def test_applications_are_found_by_their_names(text: str, names: tuple[str, ...]) -> None:
    assert applications([text]) == names


def test_facts_come_from_all_that_was_said_each_once_and_not_without_end() -> None:
    assert error_codes(["error 12", "again Error 12", "error 13"]) == ("12", "13")
    assert len(error_codes([f"error {number}" for number in range(100, 150)])) == MOST


@pytest.mark.parametrize(
    "text",
    [
        "This is ridiculous, nobody answers",
        "I am fed up with this laptop",
        "I'm really angry now",
        "For the third time: it does not print",
        "WHY DOES NOBODY HELP ME!",
        "I am desperate, the board meets in an hour",
        "I'm going to lose my job over this",
    ],
)
def test_distress_and_anger_are_heard(text: str) -> None:
    assert upset(text)


@pytest.mark.parametrize(
    "text",
    [
        "I cannot connect to the VPN",
        "HOW DO I RESET MY PASSWORD",
        "Where do I complain about nothing, just asking",
        "USB HDMI and DVI cables wanted!",
        "The printer is mad of plastic",
        "Tell me a joke",
        "",
    ],
)
def test_plain_questions_are_calm(text: str) -> None:
    assert not upset(text)
