"""Conversations in Slack, over both transports, with the real libraries on our side and a Slack of our own on the other."""

from __future__ import annotations

from evals.slack.people import labels, words
from tests.support.slack import Office

VPN = "I can't connect to the VPN from my laptop"


class TestDirectMessages:
    def test_a_question_is_answered_in_its_thread_with_sources_and_buttons(self, slack: Office) -> None:
        maria = slack.somebody("maria.santos")
        thread = maria.say(VPN)
        (reply,) = maria.replies(thread)
        assert "[1]" in words(reply)
        assert labels(reply)[:2] == ["Yes, solved", "No"]
        assert "Talk to a person" in labels(reply)
        assert reply["text"]
