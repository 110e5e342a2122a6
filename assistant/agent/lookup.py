"""What a turn looks up before it decides: the device meant, and the passages that may answer."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from assistant.agent.state import Memory
from assistant.agent.steps.answer import Composed
from assistant.agent.steps.understand import Intent, Understanding
from assistant.desk.requests import subject_of
from assistant.domain.configuration import Device, Person
from assistant.domain.conversation import CLOSED, Conversation, State
from assistant.domain.model_use import Account
from assistant.ports.knowledge import Knowledge
from assistant.ports.store import Message
from kb.model import Passage, Platform, Reader, Retrieval

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
    account: Account = field(default_factory=Account)
    language: str = "English"
    """What the person writes in, by its English name."""

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
        return knowledge.embed(subject_of(issue))
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
        found = knowledge.passages_for(memory.question, setting.reader, target.platform, exclude)
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
    if state not in CLOSED:
        fresh = replace(fresh, offered=memory.offered, device=memory.device, platform=memory.platform)
    if state is State.CLARIFYING and memory.issue:
        joined = replace(memory, details=(*memory.details, text))
        found = _follow_up(setting, knowledge, target)
        return _finish(setting, knowledge, Finding(target, joined, found), enough)
    found = knowledge.passages_for(text, setting.reader, target.platform, vector=setting.vector)
    if setting.understanding.search:
        reworded = knowledge.passages_for(setting.understanding.search, setting.reader, target.platform)
        found = max(found, reworded, key=lambda one: one.confidence)
    finding = Finding(target, fresh, found)
    if memory.issue and state not in CLOSED and found.confidence < enough:
        joined = replace(memory, details=(*memory.details, text))
        together = _follow_up(setting, knowledge, target)
        if together.confidence > found.confidence:
            finding = Finding(target, joined, together)
    return _finish(setting, knowledge, finding, enough)


def _follow_up(setting: Setting, knowledge: Knowledge, target: Target) -> Retrieval:
    """Search for the message with what was said about the issue before."""
    said = (setting.memory.issue, *setting.memory.details)
    return knowledge.passages_for(setting.message.text, setting.reader, target.platform, vector=setting.vector, turns=said)


def _chosen_topic(setting: Setting, knowledge: Knowledge, target: Target) -> Finding:
    memory, number = setting.memory, setting.understanding.argument
    if not number.isdigit() or int(number) >= len(memory.topics):
        return Finding(target, memory)
    article = memory.topics[int(number)]
    found = knowledge.passages_for(memory.question, setting.reader, target.platform)
    mine = tuple(item for item in found.ranked if item.passage.article.id == article)
    if not mine and (whole := knowledge.passages_of(article, setting.reader)):
        found = knowledge.passages_for(whole[0].article.title, setting.reader, None)
        mine = tuple(item for item in found.ranked if item.passage.article.id == article)
    narrowed = replace(found, ranked=mine)
    return _finish(setting, knowledge, Finding(target, memory, narrowed, chosen=bool(mine)), 0.0)


def _finish(setting: Setting, knowledge: Knowledge, finding: Finding, enough: float) -> Finding:
    """Fetch the whole first article for a possible answer, and for a failure what others could have read."""
    found = finding.retrieval
    assert found is not None
    whole: Sequence[Passage] = knowledge.passages_of(found.ranked[0].passage.article.id, setting.reader) if found.ranked else ()
    hidden = knowledge.exists_for_others(finding.memory.question, found.vector) if found.confidence < enough else None
    return replace(finding, whole=tuple(whole), hidden=hidden)
