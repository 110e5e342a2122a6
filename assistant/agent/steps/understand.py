"""What a message means: by its choice, by plain patterns, or by the nearest examples in ``understand.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from assistant.domain.conversation import State
from kb.model import Platform

EXAMPLES = Path(__file__).parent.parent / "understand.toml"
MODEL = "local-understand/1"
NEAR = 0.62
SHORT_WORDS = 9


class Intent(StrEnum):
    """What a person wants with a message."""

    QUESTION = "question"
    FOLLOW_UP = "follow_up"
    GREETING = "greeting"
    THANKS = "thanks"
    SMALLTALK = "smalltalk"
    STATUS = "status"
    PERSON = "person"
    FILE = "file"
    SOLVED = "solved"
    NOT_SOLVED = "not_solved"
    DECLINE = "decline"
    TOPIC = "topic"
    DEVICE = "device"
    RETRY = "retry"
    ACT = "act"
    OUT_OF_SCOPE = "out_of_scope"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Understanding:
    """The reading of one message. ``kind`` is "phone" or "computer" when the message names one without its system."""

    intent: Intent
    confidence: float
    platform: Platform | None = None
    kind: str = ""
    argument: str = ""
    """A ticket id, a topic number or a device id, where the intent has one."""
    search: str = ""
    """The question in other words, to search with; "" means as it was written."""
    ask: str = ""
    """The question that would help most to understand the message, "" for none."""


_PLATFORMS: tuple[tuple[Platform, str], ...] = (
    (Platform.WINDOWS, r"\bwindows(?: ?1[01])?\b|\bwin ?1[01]\b|\bdell\b|\blatitude\b"),
    (Platform.MACOS, r"\bmac\b(?! address)|\bmacs\b|\bmac ?book\w*|\bmac ?os\b|\bos ?x\b|\bimac\b"),
    (Platform.LINUX, r"\blinux\b|\bubuntu\b|\bdebian\b|\bfedora\b|\bgnome\b"),
    (Platform.IOS, r"\biphones?\b|\bipads?\b|\bios\b"),
    (Platform.ANDROID, r"\bandroid\b|\bsamsung\b|\bgalaxy\b|\bgoogle pixel\b"),
)
_PHONE = r"\b(?:my|the|a|new|work|company) (?:\w+ )?(?:smart|mobile |cell ?)?phone\b|\bon (?:\w+ )?(?:phone|mobile|cell)\b"
_COMPUTER = r"\b(?:my|the|a|new|work|company) (?:\w+ )?(?:laptop|computer|workstation|notebook|pc)\b|\bon (?:\w+ )?(?:laptop|pc)\b"

_PATTERNS: tuple[tuple[Intent, str], ...] = (
    (
        Intent.PERSON,
        r"\b(?:talk|speak|chat|connect me|transfer me|put me through)\b.{0,30}\b(?:person|human|agent|some(?:one|body)|people|operator|staff)\b"
        r"|\b(?:get|give) me (?:an? )?(?:real |live |human )*(?:person|human|agent|some(?:one|body))\b"
        r"|^(?:a )?(?:human|person|agent|operator)[.! ]*(?:please)?[.! ]*$",
    ),
    (
        Intent.STATUS,
        r"\bstatus of (?:my|the) (?:\w+ )?(?:tickets?|requests?|incidents?)\b"
        r"|\bmy (?:open )?tickets?\b.{0,30}\b(?:status|update|news|open|show|list)\b"
        r"|\b(?:any|update|news|status)\b.{0,25}\b(?:my (?:\w+ )?ticket|t-\d+)\b",
    ),
    (
        Intent.FILE,
        r"^(?:please |can you |could you )*(?:open|create|file|raise|log|submit) "
        r"(?:me )?(?:a|an|the|this as a) (?:\w+ )?(?:ticket|incident|request)\b",
    ),
    (
        Intent.NOT_SOLVED,
        r"^(?:no[,. ]+)?(?:it|this|that)(?: still)? "
        r"(?:did ?n[o']?t|does ?n[o']?t|did not|does not|is ?n[o']?t|still) (?:work|help|solve|fix|working)\w*"
        r"|^still (?:not|does|the same|no|broken|failing)|^(?:no[,. ]+)?(?:it )?did ?n[o']?t (?:work|help)",
    ),
    (
        Intent.SOLVED,
        r"^(?:yes[,. ]+)?(?:great[,. ]+|thanks[,. ]+|perfect[,. ]+)*(?:it|this|that)(?:'s| is| has)?(?: all)? "
        r"(?:works?|worked|solved|fixed|helped|working)\b(?! not)|^(?:solved|fixed)[.! ]*$",
    ),
    (
        Intent.SOLVED,
        r"^(?:yes[,. ]+)?(?:great[,. ]+|thanks[,. ]+|perfect[,. ]+)*(?:the |my )?(?:problem|issue)(?:'s| is| was| has been)? "
        r"(?:now )?(?:solved|fixed|gone)\b",
    ),
    (Intent.GREETING, r"^(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|hej|moin|hallo)(?: there| all| team| firstline)?[,.! ]*$"),
    (
        Intent.THANKS,
        r"^(?:ok(?:ay)?[,. ]+)?(?:many )?(?:thanks?|thank you|thx|cheers|ta)"
        r"(?: (?:a lot|so much|very much|again|you|for [^,.;:!?]{0,40}))?[,.! ]*(?:bye)?[.! ]*$"
        r"|^(?:bye|goodbye|see you)[.! ]*$"
        r"|^(?:ok(?:ay)?|thanks?|thank you|thx|cheers)[,.! ]+(?:i['’]?ll|i will|let me) (?:try|do|test|check|have a look)\b[^?]{0,60}$",
    ),
)
_CONTRARY = r"\b(?:but|until|unless|except|however|only|and then|not|never|no longer|still|aber|nicht|inte)\b|n't\b"
"""A success with one of these words in it is none: "it works on the phone but not on the laptop"."""
_YES = (
    r"^(?:yes|yep|yeah|yup|sure|please do|ja|ok(?:ay)?|correct)"
    r"(?:[,.! ]+(?:please|do|it did|thanks?(?: a lot)?|thank you(?: very much)?|danke|tack))*[,.! ]*$"
)
_NO = r"^(?:no|nope|nah|not really|nein|nej)(?:[,.! ]+(?:thanks?|thank you|it did not|it didn't|danke|tack))*[,.! ]*$"
_FOLLOW_UP = (
    r"^(?:and |but |ok |so )*(?:what|how) about\b|^(?:and|also)\b.{0,60}\?*$|^(?:and |what )?(?:on|for|with) (?:my|the|an?) \w+[ \w]{0,20}\?*$"
)
_BY_STATE = {
    (State.AWAITING_CONFIRMATION, True): Intent.SOLVED,
    (State.AWAITING_CONFIRMATION, False): Intent.NOT_SOLVED,
    (State.OFFERING_TICKET, True): Intent.FILE,
    (State.OFFERING_TICKET, False): Intent.DECLINE,
    (State.CLARIFYING, True): Intent.FILE,
    (State.CLARIFYING, False): Intent.DECLINE,
}
_CHOICES = {
    "person": Intent.PERSON,
    "file": Intent.FILE,
    "not_now": Intent.DECLINE,
    "retry": Intent.RETRY,
    "device": Intent.DEVICE,
    "platform": Intent.DEVICE,
    "topic": Intent.TOPIC,
    "do": Intent.ACT,
    "drop": Intent.ACT,
    "show": Intent.ACT,
    "undo": Intent.ACT,
}


class LocalUnderstanding:
    """Understands without a language model."""

    def __init__(self, embed: Callable[[Sequence[str]], np.ndarray], path: Path = EXAMPLES) -> None:
        """Read the examples; they are embedded once, here."""
        examples = [(Intent(name), text) for name, texts in tomllib.loads(path.read_text(encoding="utf-8")).items() for text in texts]
        self._intents = [intent for intent, _ in examples]
        self._vectors = embed([text for _, text in examples])

    def understand(self, text: str, choice: str, vector: Sequence[float], state: State, has_issue: bool) -> Understanding:
        """Read one message; ``vector`` is the text's embedding, () when there is none."""
        if choice:
            return _of_choice(choice, state)
        plain = " ".join(text.split()).lower().replace("’", "'")
        if not any(character.isalnum() for character in plain):
            return Understanding(Intent.UNREADABLE, 1.0)
        platform, kind = mentioned(plain)
        by_pattern = _of_pattern(plain, state, has_issue, bool(platform or kind))
        if by_pattern is not None:
            return Understanding(doubted(by_pattern, plain), 0.95, platform, kind, _ticket_id(plain))
        intent, confidence = self._nearest(plain, vector)
        intent = doubted(intent, plain)
        if intent in (Intent.SOLVED, Intent.NOT_SOLVED) and not has_issue:
            intent, confidence = Intent.QUESTION, 0.5
        return Understanding(intent, confidence, platform, kind, _ticket_id(plain))

    def _nearest(self, plain: str, vector: Sequence[float]) -> tuple[Intent, float]:
        if not len(vector) or not len(self._vectors):
            return Intent.QUESTION, 0.5
        likeness = self._vectors @ np.asarray(vector, dtype=np.float32)
        best = int(likeness.argmax())
        score, intent = float(likeness[best]), self._intents[best]
        # A long message that resembles a short phrase usually is a question with manners around it.
        needed = NEAR if len(plain.split()) <= SHORT_WORDS * 2 else NEAR + 0.15
        if intent is Intent.OUT_OF_SCOPE:
            needed -= 0.12
        return (intent, min(1.0, score)) if score >= needed else (Intent.QUESTION, min(1.0, 1 - max(score, 0.0) / 2))


def mentioned(plain: str) -> tuple[Platform | None, str]:
    """Return the one system that a lower-case text names, or the one kind of device; two of a sort name none."""
    platforms = [platform for platform, pattern in _PLATFORMS if re.search(pattern, plain)]
    if platforms:
        return (platforms[0], "") if len(platforms) == 1 else (None, "")
    kinds = [kind for kind, pattern in (("phone", _PHONE), ("computer", _COMPUTER)) if re.search(pattern, plain)]
    return None, kinds[0] if len(kinds) == 1 else ""


def _of_choice(choice: str, state: State) -> Understanding:
    name, _, argument = choice.partition(":")
    if name in ("yes", "no"):
        intent = _BY_STATE.get((state, name == "yes"), Intent.SOLVED if name == "yes" else Intent.DECLINE)
        return Understanding(intent, 1.0)
    return Understanding(_CHOICES.get(name, Intent.UNREADABLE), 1.0, argument=argument if name != "platform" else choice)


def _of_pattern(plain: str, state: State, has_issue: bool, names_device: bool) -> Intent | None:
    said = True if re.match(_YES, plain) else False if re.match(_NO, plain) else None
    if said is not None and (state, said) in _BY_STATE:
        return _BY_STATE[state, said]
    short = len(plain.split()) <= SHORT_WORDS
    if has_issue and short and (re.match(_FOLLOW_UP, plain) or (names_device and len(plain.split()) <= 4)):
        return Intent.FOLLOW_UP
    for intent, pattern in _PATTERNS:
        if re.search(pattern, plain) and (has_issue or intent not in (Intent.SOLVED, Intent.NOT_SOLVED)):
            return intent
    return None


def doubted(intent: Intent, text: str) -> Intent:
    """Return the intent, but no success where the words hold a contrary: closing a ticket wrongly is the worse mistake."""
    return Intent.NOT_SOLVED if intent is Intent.SOLVED and re.search(_CONTRARY, text.lower().replace("’", "'")) else intent


def _ticket_id(plain: str) -> str:
    found = re.search(r"\bt-\d{1,9}\b", plain)
    return found.group(0).upper() if found else ""
