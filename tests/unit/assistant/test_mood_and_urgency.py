"""How a message reads and how pressing it says it is."""

from __future__ import annotations

import pytest

from assistant.agent.steps.facts import Sentiment, Urgency, mood_of, sentiment, urgency, urgency_of

P, N, NEG, U = Sentiment.POSITIVE, Sentiment.NEUTRAL, Sentiment.NEGATIVE, Sentiment.UPSET


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("I cannot connect to the VPN", N),
        ("the printer is broken", N),
        ("error 0x80070005 when I open the mail", N),
        ("my worst case is a lost file", NEG),
        ("this is so frustrating, Outlook hangs every day", NEG),
        ("thanks for nothing, the VPN is still broken", NEG),
        ("great, that was very helpful", P),
        ("thank you so much, how do I print?", P),
        ("great, now it is useless again", NEG),
        ("I am furious about this", U),
        ("NOTHING WORKS HERE AGAIN!!", U),
        ("", N),
    ],
)
def test_a_message_reads_as_its_words_do(text: str, mood: Sentiment) -> None:
    assert sentiment(text) is mood


@pytest.mark.parametrize(
    ("text", "pressing"),
    [
        ("how do I set an out of office reply?", Urgency.NORMAL),
        ("my screen flickers", Urgency.NORMAL),
        ("I need this urgently", Urgency.HIGH),
        ("I cannot work at all", Urgency.HIGH),
        ("I have a customer call in five minutes", Urgency.HIGH),
        ("I clicked on a phishing link", Urgency.HIGH),
        ("my laptop was stolen", Urgency.HIGH),
        ("nobody in the office can log in", Urgency.CRITICAL),
        ("production is down", Urgency.CRITICAL),
        ("customers cannot pay", Urgency.CRITICAL),
        ("no rush, but I need a mouse", Urgency.LOW),
        ("whenever you have time", Urgency.LOW),
        ("it is not urgent", Urgency.LOW),
        ("nobody can hear me in Teams", Urgency.NORMAL),
        ("does everybody get a headset?", Urgency.NORMAL),
    ],
)
def test_a_message_is_as_pressing_as_it_says(text: str, pressing: Urgency) -> None:
    assert urgency(text) is pressing


def test_several_messages_count_by_the_worst() -> None:
    assert mood_of(["fine", "this is awful", "thank you so much"]) is NEG
    assert mood_of([]) is N
    assert urgency_of(["no rush", "it is urgent now"]) is Urgency.HIGH
    assert urgency_of(["no rush", "my mouse"]) is Urgency.LOW
