"""What a turn looks up before it decides: the device meant, and the passages that may answer."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from assistant.agent.languages.known import DEFAULT
from assistant.agent.languages.reading import Reading, in_english, in_full
from assistant.agent.languages.recognise import language_of
from assistant.agent.state import Memory
from assistant.agent.steps.answer import Composed
from assistant.agent.steps.facts import upset, without_mood
from assistant.agent.steps.understand import Intent, Understanding
from assistant.agent.steps.understand_file import EffectKind
from assistant.desk.requests import subject_of
from assistant.domain.configuration import Device, Person
from assistant.domain.conversation import CLOSED, Conversation, State
from assistant.domain.model_use import Account
from assistant.domain.problem import Link
from assistant.governance.policy import Policy
from assistant.ports.knowledge import Knowledge
from assistant.ports.store import Message
from kb.model import Passage, Platform, Reader, Retrieval
from kb.support import unheard

ENOUGH_UNDERSTOOD = 0.75
"""A reading in English that knows at least this share of the words is as good as the words."""
CLEAR, NEAR, BELOW = 0.5, 10, 0.99
"""An answer that is no more likely right than not has to be about every word of the question: each has to stand in one of the nearest passages. Else
the person is asked first which article is meant; ``BELOW`` puts the confidence just under what an answer needs."""
ENOUGH_WORDS = 7
"""A request for a ticket that has fewer words does not say what it is about."""
FILING = frozenset({Intent.FILE, Intent.PERSON, Intent.NOT_SOLVED})
PHONES = frozenset({Platform.ANDROID, Platform.IOS})
NO_ISSUE = "Wants to talk to a person"
LOOKING = frozenset(
    {Intent.QUESTION, Intent.FOLLOW_UP, Intent.TOPIC, Intent.DEVICE, Intent.NOT_SOLVED, Intent.RETRY, Intent.OUT_OF_SCOPE, Intent.SMALLTALK}
)


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything a turn knows before it looks anything up."""

    person: Person
    devices: tuple[Device, ...]
    conversation: Conversation
    memory: Memory
    message: Message
    understanding: Understanding
    vector: tuple[float, ...]
    """Of what the message says in English."""
    account: Account = field(default_factory=Account)
    """Of the calls to language models in this turn."""
    reading: Reading = Reading("")
    only_wish: bool = False
    """The message says nothing but in which language the person wants to be answered."""
    later: tuple[str, ...] = ()
    """Issues that wait after this one."""
    fresh: bool = False
    """The person took up an issue that waited: it is a new one, whatever came before."""
    link: Link | None = None
    """How the conversation's ticket belongs to a known problem."""
    aside: str = ""
    """The known problem of which the person says now that theirs is another one."""
    policy: Policy | None = None
    """The policy in force when the turn began, which it keeps to its end; None for the one that the rules were made with."""

    @property
    def upset(self) -> bool:
        """Say whether the message reads distressed or angry, in its own words or in English."""
        return upset(self.message.text) or upset(self.reading.english)

    @property
    def reader(self) -> Reader:
        """The rights of the person now."""
        return Reader(self.person.groups)


@dataclass(frozen=True, slots=True)
class Target:
    """The system that an answer is for; the device is None when the person has none of that kind."""

    platform: Platform | None
    device: Device | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found. ``hidden`` is what others may read (it only classifies a failure and is never shown)."""

    target: Target
    memory: Memory
    retrieval: Retrieval | None = None
    whole: tuple[Passage, ...] = ()
    hidden: Retrieval | None = None
    chosen: bool = False
    """The person picked this article from a list."""
    written: Composed | None = None
    """The answer, where a language model wrote it; with an empty text: it found none in the passages."""
    written_in: str = DEFAULT
    """The language of the first article that was found."""
    issue_vector: tuple[float, ...] = ()
    """Of the issue's subject, where a ticket may be filed: no model is asked inside the turn's transaction."""


def target_of(setting: Setting) -> Target:
    """Return the device that is meant: named in the message, else the conversation's, else the person's primary one.

    Somebody of whom no device is known has the system that their client says it runs on. It only chooses between guides:
    what they may read does not depend on it, and what they say themselves comes before it.
    """
    wanted, devices, memory = setting.understanding, setting.devices, setting.memory
    argument = wanted.argument if wanted.intent is Intent.DEVICE else setting.message.device
    named = next((device for device in devices if device.id == argument), None)
    if named is not None:
        return Target(named.platform, named)
    platform = _platform(argument.removeprefix("platform:")) or wanted.platform
    if platform is None and wanted.kind:
        of_kind = [device for device in devices if (device.kind == "phone") == (wanted.kind == "phone")]
        return Target(of_kind[0].platform, of_kind[0]) if of_kind else Target(_hinted(memory, wanted.kind), None)
    platform = platform or _platform(memory.platform)
    if platform is None:
        return Target(devices[0].platform, devices[0]) if devices else Target(_hinted(memory), None)
    same = [device for device in devices if device.platform is platform]
    return Target(platform, next((d for d in same if d.id == memory.device), same[0] if same else None))


def _hinted(memory: Memory, kind: str = "") -> Platform | None:
    hinted = _platform(memory.hint)
    return hinted if hinted is None or not kind or (hinted in PHONES) == (kind == "phone") else None


def asks_in_full(setting: Setting) -> bool:
    """Say whether a request for a ticket also says what it is about, and nothing else does."""
    fresh = not setting.memory.issue or setting.conversation.before in CLOSED
    return setting.understanding.intent is Intent.FILE and fresh and len(setting.message.text.split()) >= ENOUGH_WORDS


def _platform(name: str) -> Platform | None:
    return Platform(name) if name in {platform.value for platform in Platform} else None


def look_up(setting: Setting, knowledge: Knowledge, enough: float) -> Finding:
    """Find what may answer the message; from the confidence ``enough`` up it will be answered."""
    finding = _find(setting, knowledge, enough)
    if setting.understanding.intent not in FILING:
        return finding
    known = setting.memory.issue and not (setting.understanding.intent is Intent.FILE and setting.conversation.before in CLOSED)
    issue = setting.memory.issue if known else setting.message.text or NO_ISSUE
    return replace(finding, issue_vector=_vector_of(issue, setting, knowledge))


def _vector_of(issue: str, setting: Setting, knowledge: Knowledge) -> tuple[float, ...]:
    """Return the vector of an issue; () rather than an error for somebody who wants a person: they get one whatever is broken."""
    with contextlib.suppress(*((Exception,) if setting.understanding.intent is Intent.PERSON else ())):
        return knowledge.embed(subject_of(in_english(issue, setting.memory.language)))
    return ()


def _find(setting: Setting, knowledge: Knowledge, enough: float) -> Finding:
    wanted, memory = setting.understanding, setting.memory
    target = target_of(setting)
    if wanted.intent not in LOOKING and not asks_in_full(setting):
        return Finding(target, memory)
    if wanted.intent is Intent.TOPIC:
        return _chosen_topic(setting, knowledge, target)
    if wanted.intent in (Intent.FOLLOW_UP, Intent.DEVICE, Intent.RETRY, Intent.NOT_SOLVED):
        memory = _with_words(setting, memory)
        exclude = memory.tried if wanted.intent is Intent.NOT_SOLVED else ()
        found = _search(setting, knowledge, memory, target, exclude)
        return _finish(setting, knowledge, Finding(target, memory, found), enough)
    return _question(setting, knowledge, target, enough)


def _with_words(setting: Setting, memory: Memory) -> Memory:
    """Add the words of a follow-up to the issue, when they say more than yes, no or a device."""
    text = setting.message.text.strip()
    return replace(memory, details=(*memory.details, text)) if len(text.split()) > 3 else memory


def _question(setting: Setting, knowledge: Knowledge, target: Target, enough: float) -> Finding:
    text, memory = setting.message.text, setting.memory
    state = setting.conversation.before
    fresh = Memory(issue=text, hint=memory.hint)
    if state not in CLOSED and not setting.fresh:
        fresh = replace(fresh, offered=memory.offered, device=memory.device, platform=memory.platform)
    if state is State.CLARIFYING and memory.issue and not setting.fresh:
        joined = replace(memory, details=(*memory.details, text))
        found = _follow_up(setting, knowledge, target)
        return _finish(setting, knowledge, Finding(target, joined, found), enough)
    found = _search(setting, knowledge, fresh, target, vector=setting.vector)
    if setting.understanding.search:
        reworded = knowledge.passages_for(setting.understanding.search, setting.reader, target.platform)
        found = max(found, reworded, key=lambda one: one.confidence)
    finding = _own(setting, knowledge, Finding(target, fresh, found), enough)
    if not setting.fresh and not finding.chosen and memory.issue and state not in CLOSED and found.confidence < enough:
        joined = replace(memory, details=(*memory.details, text))
        together = _follow_up(setting, knowledge, target)
        if together.confidence > found.confidence:
            finding = Finding(target, joined, together)
    return _finish(setting, knowledge, finding, enough)


def _own(setting: Setting, knowledge: Knowledge, finding: Finding, enough: float) -> Finding:
    """Narrow what was found as an intent says: to an article, or to a category. What has nothing there stays as it is.

    The search was as sure as it says of the first article of all. Where that is of another category, or it was not sure, the person is asked
    which of the category it is: what it is about is known from the words themselves.
    """
    effect, found = setting.understanding.effect, finding.retrieval
    if effect is None or found is None:
        return finding
    if effect.kind is EffectKind.ARTICLE:
        return _of_article(setting, knowledge, finding, effect.value)
    if effect.kind is EffectKind.SEARCH and (mine := tuple(item for item in found.ranked if item.passage.article.category == effect.value)):
        sure = found.confidence if mine[0] is found.ranked[0] and found.confidence >= enough else enough * BELOW
        return replace(finding, retrieval=replace(found, ranked=mine, confidence=sure))
    return finding


def _follow_up(setting: Setting, knowledge: Knowledge, target: Target) -> Retrieval:
    """Search for the message with what was said about the issue before."""
    said = tuple(in_english(words, setting.memory.language) for words in (setting.memory.issue, *setting.memory.details))
    return knowledge.passages_for(setting.reading.english, setting.reader, target.platform, vector=setting.vector, turns=said)


def _chosen_topic(setting: Setting, knowledge: Knowledge, target: Target) -> Finding:
    memory, number = setting.memory, setting.understanding.argument
    if not number.isdigit() or int(number) >= len(memory.topics):
        return Finding(target, memory)
    article = memory.topics[int(number)]
    found = _search(setting, knowledge, memory, target)
    return _finish(setting, knowledge, _of_article(setting, knowledge, Finding(target, memory, found), article), 0.0)


def _of_article(setting: Setting, knowledge: Knowledge, finding: Finding, article: str) -> Finding:
    """Narrow what was found to one article, if the person may read it; it counts as chosen then."""
    found = finding.retrieval
    assert found is not None
    mine = tuple(item for item in found.ranked if item.passage.article.id == article)
    if not mine and (whole := knowledge.passages_of(article, setting.reader)):
        found = knowledge.passages_for(whole[0].article.title, setting.reader, None)
        mine = tuple(item for item in found.ranked if item.passage.article.id == article)
    if not mine and setting.understanding.effect is not None:
        return finding
    return replace(finding, retrieval=replace(found, ranked=mine), chosen=bool(mine))


def _finish(setting: Setting, knowledge: Knowledge, finding: Finding, enough: float) -> Finding:
    """Fetch the whole first article for a possible answer, and for a failure what others could have read."""
    found = finding.retrieval
    assert found is not None
    asked = in_english(finding.memory.question, finding.memory.language)
    found = found if finding.chosen else _doubted(found, setting, asked, enough)
    finding = replace(finding, retrieval=found)
    whole: Sequence[Passage] = knowledge.passages_of(found.ranked[0].passage.article.id, setting.reader) if found.ranked else ()
    hidden = knowledge.exists_for_others(asked, found.vector) if found.confidence < enough else None
    return replace(finding, whole=tuple(whole), hidden=hidden, written_in=_language_of_first(found))


def _doubted(found: Retrieval, setting: Setting, asked: str, enough: float) -> Retrieval:
    """Return what was found, less sure than needed where it is unclear and the question has words that no passage near it has.

    Words of mood, and the names of the person and their devices, ask for nothing.
    """
    own = [setting.person.name, setting.person.id, *(f"{device.id} {device.name} {device.os}" for device in setting.devices)]
    doubted = in_doubt(found, setting.understanding.search or without_mood(asked), own, enough)
    return replace(found, confidence=enough * BELOW) if doubted else found


def in_doubt(found: Retrieval, asked: str, known: Sequence[str], enough: float) -> bool:
    """Say whether what was found is enough by its confidence, and not by its words: unclear, with words asked for that stand nowhere near it.

    Words in ``known`` ask for nothing.
    """
    if not enough <= found.confidence < CLEAR:
        return False
    near = [f"{one.passage.article.title}\n{one.passage.heading}\n{one.passage.text}" for one in found.ranked[:NEAR]]
    return bool(unheard(asked, (*near, *known)))


def _search(
    setting: Setting, knowledge: Knowledge, memory: Memory, target: Target, exclude: Sequence[str] = (), vector: tuple[float, ...] = ()
) -> Retrieval:
    """Search for an issue by its English search words; an article in the person's own language that answers as well goes first.

    Search words that leave out much of what was said make the answer less sure by as much.
    """
    heard = setting.memory.language
    read = in_full((memory.issue, *memory.details[-2:]), heard)
    found = knowledge.passages_for(read.english, setting.reader, target.platform, exclude, vector=vector)
    if heard in ("", DEFAULT):
        return found
    found = replace(found, confidence=found.confidence * min(1.0, read.understood / ENOUGH_UNDERSTOOD))
    own = knowledge.passages_for(memory.question, setting.reader, target.platform, exclude)
    return own if own.ranked and _language_of_first(own) == heard and own.confidence >= found.confidence else found


def _language_of_first(found: Retrieval) -> str:
    if not found.ranked:
        return DEFAULT
    passage = found.ranked[0].passage
    return language_of(f"{passage.article.title}. {passage.text}")
