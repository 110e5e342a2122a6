"""What messages mean: a table of things that people write, read with the real embedding model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from assistant.agent.steps.understand import Intent, LocalUnderstanding, Understanding
from assistant.domain.conversation import State
from kb.adapters.embedders import OnnxEmbedder
from kb.model import Platform
from kb.settings import KnowledgeSettings

I, S = Intent, State  # noqa: E741 - the table below is read as a table
FLOOR = 0.93
"""The share of the table that must be understood; see the test for what it is now."""


@dataclass(frozen=True)
class Row:
    """A message, where it is said, and what it means. ``about`` says that the conversation already has an issue."""

    text: str
    intent: Intent
    state: State = S.OPEN
    about: bool = False


def in_(state: State, intent: Intent, *texts: str) -> list[Row]:
    return [Row(text, intent, state, about=True) for text in texts]


def first(intent: Intent, *texts: str) -> list[Row]:
    return [Row(text, intent) for text in texts]


TABLE = [
    *first(I.GREETING, "Hi", "hello there", "Good morning!", "hey team", "Hej", "Moin!", "good evening to you all"),
    *first(I.THANKS, "Thanks!", "thank you very much", "ok, thanks", "cheers, bye", "Thank you for your help yesterday", "many thanks for the quick help"),
    *first(
        I.SMALLTALK, "What are you?", "are you human?", "how is it going?", "what exactly can you do for me?", "who built you?", "what should I call you?"
    ),
    *first(
        I.STATUS,
        "What's the status of my ticket?",
        "any update on T-1042?",
        "Is there any news about my ticket from Monday?",
        "show me my tickets please",
        "has someone looked at my ticket?",
        "status of my request",
        "which tickets of mine are still open?",
    ),
    *first(
        I.PERSON,
        "I'd like to speak to a human",
        "Can I talk to somebody please?",
        "agent",
        "human please",
        "get me a real person!!",
        "please connect me with someone from IT support",
        "let me chat with a member of staff",
    ),
    *first(
        I.QUESTION,
        "I can't connect to the VPN",
        "How do I set up my mail on my iPhone?",
        "printer jam on the third floor",
        "error HC-305",
        "my laptop is very slow since the update",
        "I got a new phone and the approve app shows no accounts",
        "how can I share a folder with a supplier",
        "someone called me and claimed to be from IT, what should I do?",
        "I need access to the finance share",
        "Teams meeting, nobody can hear me",
        "Hello, good morning, I hope you are well. Could you kindly help me to change my password?",
        "Hi there! Sorry to bother you, but Outlook says that my mailbox is full. Many thanks in advance!",
        "THIS IS RIDICULOUS!!! The wifi is down AGAIN and I have a customer call in five minutes",
        "for god's sake, why can I never print anything in this bloody company",
        "Dear service desk, would you be so kind as to tell me how I order a second monitor? Best regards, Ana",
        "thanks for nothing, the VPN is still broken",
        "my ticket printer does not print labels",
        "how do I forward a ticket confirmation mail to my private address?",
        "the person next to me has no network",
        "can a colleague read my mailbox while I am on holiday?",
        "What's the Wi-Fi password for visitors?",
        "my computer plays no sound",
        "the weather app on my laptop crashes at start",
        "how do I connect my headphones to the laptop to listen in meetings",
        "lost phone",
        "VPN",
        "password",
    ),
    *first(
        I.OUT_OF_SCOPE,
        "What's the weather like in Oslo?",
        "Tell me a joke about penguins",
        "who won the match last night?",
        "Can you recommend a good pizza place?",
        "write me a poem",
        "how many vacation days do I have?",
        "what is the capital of Peru?",
        "how do I bake bread?",
        "when is my salary paid?",
        "sing me a song",
    ),
    *in_(S.AWAITING_CONFIRMATION, I.SOLVED, "yes", "Yes, thanks!", "it works now", "That fixed it", "great, that worked", "perfect, problem is solved", "ok"),
    *in_(
        S.AWAITING_CONFIRMATION,
        I.NOT_SOLVED,
        "no",
        "Nope",
        "it did not work",
        "didn't help",
        "that does not help at all",
        "still the same error",
        "It still doesn't connect",
        "this doesn't work either",
        "same problem as before",
        "I already tried all that",
    ),
    *in_(
        S.AWAITING_CONFIRMATION,
        I.FOLLOW_UP,
        "and on my phone?",
        "What about my Mac?",
        "and for Android?",
        "how about on Linux?",
        "on my iPhone",
        "and with the old laptop?",
    ),
    *in_(S.AWAITING_CONFIRMATION, I.PERSON, "I want to talk to a person", "just give me a human"),
    *in_(S.AWAITING_CONFIRMATION, I.THANKS, "thank you", "thanks a lot!"),
    *in_(S.AWAITING_CONFIRMATION, I.QUESTION, "How do I add a printer?", "and how do I order a new docking station for my desk at home?"),
    *in_(S.AWAITING_CONFIRMATION, I.FILE, "please open a ticket", "can you create a ticket for me?"),
    *in_(S.CLARIFYING, I.QUESTION, "It is the label printer in the warehouse", "Outlook on my laptop, it shows error 0x8004010F"),
    *in_(S.CLARIFYING, I.FILE, "yes please", "open a ticket"),
    *in_(S.OFFERING_TICKET, I.FILE, "yes", "sure", "yes please do", "ok"),
    *in_(S.OFFERING_TICKET, I.DECLINE, "no", "no thanks", "not really"),
    *in_(S.RESOLVED, I.NOT_SOLVED, "it stopped working again", "the same problem is back", "it is broken again"),
    *in_(S.FILED, I.STATUS, "any news on my ticket?"),
    *first(I.UNREADABLE, "", "   ", "?!?!", "🙂🙂", "...", "\u200b\u200b"),
]

Read = Callable[[str, State, bool], Understanding]


@pytest.fixture(scope="module")
def embedder(model_home: Path) -> OnnxEmbedder:
    return OnnxEmbedder(KnowledgeSettings(home=model_home).model_folder)


@pytest.fixture(scope="module")
def understanding(embedder: OnnxEmbedder) -> LocalUnderstanding:
    return LocalUnderstanding(embedder.embed)


@pytest.fixture(scope="module")
def read(understanding: LocalUnderstanding, embedder: OnnxEmbedder) -> Read:
    def read_(text: str, state: State = S.OPEN, about: bool = False) -> Understanding:
        vector = [float(x) for x in embedder.embed([text])[0]] if text.strip() else ()
        return understanding.understand(text, "", vector, state, about)

    return read_


def test_the_table_is_understood(read: Read, record_property: Callable[[str, object], None]) -> None:
    wrong = [(row, read(row.text, row.state, row.about).intent) for row in TABLE]
    wrong = [(row, got) for row, got in wrong if got is not row.intent]
    share = 1 - len(wrong) / len(TABLE)
    record_property("understood", f"{len(TABLE) - len(wrong)} of {len(TABLE)}")
    listing = "\n".join(f"  {row.text!r} in {row.state}: {row.intent} was read as {got}" for row, got in wrong)
    print(f"understood {len(TABLE) - len(wrong)} of {len(TABLE)} ({share:.1%})\n{listing}")
    assert share >= FLOOR, listing
