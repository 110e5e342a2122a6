"""Where a second issue begins in a message, and where there is none."""

from __future__ import annotations

import pytest

from assistant.agent.later import parted, taken_up, with_later
from assistant.agent.settlement import Settlement
from assistant.agent.state import Memory
from assistant.agent.steps.understand_issues import two_issues
from assistant.domain.conversation import Happening
from assistant.domain.reply import CONFIRMATION, ReplyKind
from assistant.ports.store import Message
from tests.support.world import MONDAY


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("I can't connect to the VPN and my printer is jammed", "I can't connect to the VPN", "my printer is jammed"),
        ("My VPN is down. Also, how do I order a new headset?", "My VPN is down", "how do I order a new headset?"),
        ("please reset my password and give me access to Salesforce", "please reset my password", "give me access to Salesforce"),
        ("Excel crashes; another question: how do I get a bigger mailbox?", "Excel crashes", "how do I get a bigger mailbox?"),
        ("reset my password. btw what is the status of T-1002?", "reset my password", "what is the status of T-1002?"),
        ("How do I print in colour? How do I share my calendar?", "How do I print in colour?", "How do I share my calendar?"),
        ("The wifi is slow.\nBesides, my mouse is broken.", "The wifi is slow", "my mouse is broken."),
        ("It works now, thanks. Another thing: my headset is broken", "It works now, thanks", "my headset is broken"),
    ],
)
def test_two_issues_are_told_apart(text: str, first: str, second: str) -> None:
    assert two_issues(text) == (first, second)


@pytest.mark.parametrize(
    "text",
    [
        "VPN does not work. Also it shows error 809",
        "My laptop is slow. It also crashes.",
        "I forgot my password and my account is locked",
        "I installed the update and my wifi stopped",
        "Outlook crashes when I print",
        "I need a new monitor and a new keyboard",
        "The wifi is down AGAIN and I have a customer call in five minutes",
        "The VPN drops every few minutes. My laptop is a Dell. I already restarted it.",
        "My phone was stolen and I need to lock my account",
        "How do I reset my password? My laptop does not accept it.",
        "it works on the phone but not on the laptop",
        "it works now but also my printer is broken",
        "My laptop crashed. How do I restore my files from OneDrive?",
        "Since the update my VPN fails and my mail does not load",
        "VPN and printer",
        "",
        "and also and also",
        "my printer is broken. " * 80,
    ],
)
def test_one_issue_is_left_whole(text: str) -> None:
    assert two_issues(text) is None


BOTH = "I can't connect to the VPN and my printer is jammed"


def test_the_second_issue_waits_and_is_next_in_line() -> None:
    assert parted(BOTH, Memory(), fresh=False) == ("I can't connect to the VPN", ("my printer is jammed",))
    assert parted(BOTH, Memory(later=("my mouse is broken",)), fresh=False)[1] == ("my mouse is broken", "my printer is jammed")
    assert parted("my mouse is broken", Memory(later=("my mouse is broken",)), fresh=True) == ("my mouse is broken", ())


@pytest.mark.parametrize("more", [", I want to talk to a person", ". THIS IS UNACCEPTABLE", " and I am desperate"])
def test_who_asks_for_a_person_or_is_beside_themselves_is_heard_whole(more: str) -> None:
    assert parted(BOTH + more, Memory(), fresh=False) == (BOTH + more, ())


def test_no_more_than_a_few_issues_wait() -> None:
    full = Memory(later=("one", "two", "three"))
    assert parted(BOTH, full, fresh=False) == (BOTH, full.later)


def settled(happening: Happening) -> Settlement:
    return Settlement(happening, ReplyKind.ANSWER, "Do this.", Memory(issue="vpn"), choices=CONFIRMATION)


def test_the_reply_says_once_what_waits_and_offers_it_until_it_is_taken_up() -> None:
    said = with_later(settled(Happening.ANSWERED), Memory(), ("my *printer* is jammed",))
    assert said.memory.later == ("my *printer* is jammed",)
    assert [one.id for one in said.choices] == ["yes", "no", "person", "next"]
    assert said.choices[-1].label == "Next: my *printer* is jammed"
    assert said.text == "Do this.\n\nYou also asked: “my printer is jammed”. I will come to that next."
    again = with_later(settled(Happening.CONVERSED), said.memory, said.memory.later)
    assert (again.text, again.choices[-1].id) == ("Do this.", "next")
    over = with_later(settled(Happening.CONFIRMED), said.memory, said.memory.later)
    assert over.text.endswith("Shall I go on with that?")


def test_where_nothing_waits_nothing_is_added() -> None:
    plain = settled(Happening.ANSWERED)
    assert with_later(plain, Memory(later=("mouse",)), ()) == plain


def test_a_press_of_next_stands_for_the_words_that_wait() -> None:
    press = Message("m1", "c1", "", "next", "", MONDAY)
    taken = taken_up(press, Memory(later=("my mouse is broken", "other")))
    assert (taken.text, taken.choice) == ("my mouse is broken", "")
    assert taken_up(press, Memory()) is press
