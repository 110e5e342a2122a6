"""What a message means: by its choice, by plain patterns, or by the classifier that was learnt from examples.

Patterns come first where a mistake would cost a person something: who says "it works, but" has not confirmed anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from assistant.agent.steps.facts import Sentiment, Urgency, sentiment, urgency
from assistant.agent.steps.understand_file import Effect, EffectKind, Examples, read_examples
from assistant.agent.steps.understand_model import FAMILIAR, Classifier, Reading
from assistant.agent.steps.understand_spelling import Spelling
from assistant.agent.steps.understand_train import Embed, trained
from assistant.agent.steps.understand_wrapping import unwrapped
from assistant.domain.conversation import State
from kb.model import Platform

MODEL = "local-understand/2"
SURE, SURE_OF_LONG, SURE_SOLVED = 0.5, 0.8, 0.75
"""How probable an intent other than a question has to be: in a short message, in a long one (which usually is a question with manners around it),
and where it would close a ticket."""
NOT_IT, NOT_IT_IN_REPLY = 0.5, 0.95
"""From this probability on a message is out of scope; the second, where the assistant asked something and the message most likely replies to it.
Whatever the knowledge base surely answers is answered nevertheless."""
ASKED = frozenset({State.CLARIFYING, State.OFFERING_TICKET, State.FILED, State.HANDED_OFF})
"""States in which what people write most likely goes on with their issue."""
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
    NEXT = "next"
    OUT_OF_SCOPE = "out_of_scope"
    INCIDENT = "incident"
    """A button under what was said of a known problem."""
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
    name: str = ""
    """An intent of the organisation's own, "" for none."""
    effect: Effect | None = None
    """What that intent brings about."""
    plain: bool = False
    """Plain words said so: yes, no, thanks, a person, a ticket's number."""
    sentiment: Sentiment = Sentiment.NEUTRAL
    urgency: Urgency = Urgency.NORMAL
    search: str = ""
    """The question in other words, to search with; "" means as it was written."""
    ask: str = ""
    """The question that would help most to understand the message, "" for none."""

    @property
    def tool(self) -> str:
        """The tool that an intent of the organisation's own wishes for, "" for none."""
        return self.effect.value if self.effect is not None and self.effect.kind is EffectKind.TOOL else ""


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
_CONTRARY = (
    r"\b(?:but|until|unless|except|however|only|and then|not|never|no longer|still|aber|nicht|inte)\b|n't\b"
    r"|\b(?:do|does|did|is|are|was|were|ca|could|wo|would|has|have)nt\b"
)
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
    "next": Intent.NEXT,
    "that": Intent.INCIDENT,
    "fine": Intent.INCIDENT,
    "still": Intent.INCIDENT,
}


@dataclass(frozen=True, slots=True)
class LocalUnderstanding:
    """Understands without a language model. Without a classifier (no embedding model) the patterns serve alone."""

    classifier: Classifier | None
    effects: Mapping[str, Effect] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    spelling: Spelling = Spelling()

    @classmethod
    def of(
        cls, embed: Embed, examples: Examples | None = None, path: Path | None = None, identity: str = "", vocabulary: Iterable[str] = ()
    ) -> LocalUnderstanding:
        """Learn from examples (the packaged ones by default), or take what ``path`` keeps of just these and this embedding model.

        ``vocabulary`` are words that are spelt rightly; without them no slip is recognised.

        Raises:
            TooFewExamples: nothing can be learnt from them.
        """
        examples = examples or read_examples()
        spelling = Spelling.of(vocabulary, (text for text, _ in examples.rows))
        return cls(trained(examples, embed, path, identity), examples.effects, examples.words, spelling)

    def spelt(self, text: str) -> str:
        """Return a message as it is read, without slips of the finger; its embedding is what ``understand`` wants."""
        return self.spelling.corrected(text)

    def understand(self, text: str, choice: str, vector: Sequence[float], state: State, has_issue: bool) -> Understanding:
        """Read one message; ``vector`` is the text's embedding, () when there is none."""
        if choice:
            return _of_choice(choice, state)
        read = self._read(self.spelt(text), vector, state, has_issue)
        return replace(read, sentiment=sentiment(text), urgency=urgency(text))

    def _read(self, text: str, vector: Sequence[float], state: State, has_issue: bool) -> Understanding:
        plain = " ".join(text.split()).lower().replace("’", "'")
        if not any(character.isalnum() for character in plain):
            return Understanding(Intent.UNREADABLE, 1.0)
        platform, kind = mentioned(plain, self.words)
        by_pattern = next((found for one in unwrapped(plain) if (found := _of_pattern(one, state, has_issue, bool(platform or kind)))), None)
        if by_pattern is not None:
            return Understanding(doubted(by_pattern, plain), 0.95, platform, kind, _ticket_id(plain), plain=True)
        read = self._classified(text, vector, NOT_IT_IN_REPLY if has_issue and state in ASKED else NOT_IT)
        intent = doubted(read.intent, plain)
        asked = state is State.CLARIFYING and intent is Intent.NOT_SOLVED  # it answers the question that was put: nothing was tried yet
        if asked or (intent in (Intent.SOLVED, Intent.NOT_SOLVED) and not has_issue):
            read, intent = Understanding(Intent.QUESTION, 0.5), Intent.QUESTION
        return replace(read, intent=intent, platform=platform, kind=kind, argument=_ticket_id(plain))

    def _classified(self, text: str, vector: Sequence[float], not_it: float) -> Understanding:
        if self.classifier is None or not len(vector):
            return Understanding(Intent.QUESTION, 0.5)
        read = self.classifier.read(text, vector)
        if read.outside >= not_it:
            return Understanding(Intent.OUT_OF_SCOPE, read.outside)
        effect = self.effects.get(read.label)
        stays_question = effect is not None and effect.kind is EffectKind.SEARCH
        if read.label == Intent.QUESTION or not _certain(read, long=not stays_question and len(text.split()) > SHORT_WORDS * 2):
            return Understanding(Intent.QUESTION, read.confidence if read.label == Intent.QUESTION else 1 - read.confidence)
        if effect is None:
            return Understanding(Intent(read.label), read.confidence)
        intent = Intent.PERSON if effect.kind is EffectKind.PERSON else Intent.QUESTION
        return Understanding(intent, read.confidence, name=read.label, effect=effect)


def _certain(read: Reading, *, long: bool) -> bool:
    needed = SURE_SOLVED if read.label == Intent.SOLVED else SURE
    return read.familiar >= FAMILIAR and read.confidence >= (SURE_OF_LONG if long else needed)


def mentioned(plain: str, words: Mapping[str, tuple[str, ...]] | None = None) -> tuple[Platform | None, str]:
    """Return the one system that a lower-case text names, or the one kind of device; two of a sort name none.

    ``words`` are more words for a system or a kind of device, by its name.
    """
    more = words or {}
    platforms = [platform for platform, pattern in _PLATFORMS if re.search(pattern, plain) or _has(plain, more.get(platform.value, ()))]
    if platforms:
        return (platforms[0], "") if len(platforms) == 1 else (None, "")
    kinds = [kind for kind, pattern in (("phone", _PHONE), ("computer", _COMPUTER)) if re.search(pattern, plain) or _has(plain, more.get(kind, ()))]
    return None, kinds[0] if len(kinds) == 1 else ""


def _has(plain: str, words: Sequence[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(word.casefold())}(?!\w)", plain) for word in words)


def _of_choice(choice: str, state: State) -> Understanding:
    name, _, argument = choice.partition(":")
    if name in ("yes", "no"):
        intent = _BY_STATE.get((state, name == "yes"), Intent.SOLVED if name == "yes" else Intent.DECLINE)
        return Understanding(intent, 1.0)
    return Understanding(_CHOICES.get(name, Intent.UNREADABLE), 1.0, argument=argument if name != "platform" else choice)


def yes_or_no(plain: str) -> bool | None:
    """Return whether a lower-case text is a plain yes or no; None when it is neither."""
    return True if re.match(_YES, plain) else False if re.match(_NO, plain) else None


def _of_pattern(plain: str, state: State, has_issue: bool, names_device: bool) -> Intent | None:
    said = yes_or_no(plain)
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


def asks_for_person(text: str) -> bool:
    """Say whether a message asks for a person, anywhere in it."""
    plain = " ".join(text.split()).lower().replace("’", "'")
    return any(re.search(pattern, plain) for intent, pattern in _PATTERNS if intent is Intent.PERSON)


def _ticket_id(plain: str) -> str:
    found = re.search(r"\bt-\d{1,9}\b", plain)
    return found.group(0).upper() if found else ""
