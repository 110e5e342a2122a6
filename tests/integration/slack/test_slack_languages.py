"""Slack speaks the language of whoever writes."""

from __future__ import annotations

from evals.slack.people import labels, words
from tests.support.slack import Office, until


def test_a_question_in_german_gets_its_buttons_and_what_stands_around_them_in_german(slack: Office) -> None:
    maria = slack.somebody("maria.santos")
    thread = maria.say("Wie richte ich das VPN auf Windows 11 ein?")
    (reply,) = maria.replies(thread)
    assert "geändert" in words(reply) and "updated" not in words(reply)
    assert "Talk to a person" not in labels(reply)
    maria.press(maria.direct, reply, labels(reply)[0])
    until(lambda: "Sie haben gewählt" in words(reply), why="the press is not said in German")
    assert "Meine Tickets" in words(maria.open_home())
