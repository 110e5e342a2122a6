"""The composition root: settings in, an assistant of ready parts out. Tests and evals start here too."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import numpy as np

from assistant.adapters.anchors import FileAnchors
from assistant.adapters.clock import SystemClock
from assistant.adapters.files.checking import IsolatedCheck
from assistant.adapters.files.scanning import ScanCommand
from assistant.adapters.knowledge import KnowledgeFromBase
from assistant.adapters.memory.volatile import Memory, no_core_dumps
from assistant.adapters.store.erasure import SqlErasures, digest_of, without_erased
from assistant.adapters.store.organisation import BuiltinDirectory, read_people_file
from assistant.adapters.store.unit_of_work import SqlStore, kept_here
from assistant.agent.acting import Acting
from assistant.agent.deciding import Deciding
from assistant.agent.files import Files
from assistant.agent.present import Presenter
from assistant.agent.publicly import Showing
from assistant.agent.settle import Settler
from assistant.agent.shadowing import Shadowing
from assistant.agent.silence import settle_one
from assistant.agent.state import Timings
from assistant.agent.steps.draft_with_model import DraftingModel
from assistant.agent.steps.understand import LocalUnderstanding
from assistant.agent.steps.understand_file import Examples, read_examples
from assistant.agent.tools.registry import TOOLS
from assistant.agent.turn import Parts, Turns
from assistant.carriage import Outward, carrying, deciding, telling_of
from assistant.connections import Misconfigured, open_desk, open_directory, open_notifier
from assistant.desk.attaching import FileLimits
from assistant.desk.filing import outgoing
from assistant.desk.fulfilment import ASK, SHOW
from assistant.desk.mirroring import PassedOn
from assistant.desk.relaying import DELIVER, Relay
from assistant.domain.ticket import TicketBody, TicketDraft, TicketStatus
from assistant.governance.anchoring import adopt
from assistant.governance.policy import PACKAGED, Policy, load_policy
from assistant.governance.redaction import redact
from assistant.governance.replay import KeptPolicies
from assistant.modelling import Modelling, Opens, open_chat
from assistant.ports.channels import Channel
from assistant.ports.clock import Clock
from assistant.ports.identity import Directory
from assistant.ports.notify import Notifier
from assistant.ports.outside import Refused
from assistant.ports.store import Event
from assistant.ports.ticketing import OutgoingTicket, TicketDesk
from assistant.settings import Settings
from assistant.steps_file import StepsError, StepsFile, read_steps
from assistant.workflows.carrying import Carrier
from assistant.workflows.consulting import AskApprover, ShowStanding
from assistant.workflows.delivering import DeliverEvent
from assistant.workflows.errands import Errand
from kb.adapters.store.engine import reading
from kb.adapters.store.migrate import migrate
from kb.bootstrap import KnowledgeBase, open_knowledge
from kb.model import Reader
from kb.ports import EmbedderUnavailable
from kb.settings import KnowledgeSettings

log = logging.getLogger("firstline")
MIGRATIONS = Path(__file__).parent / "adapters" / "store" / "migrations"
SCHEMA_TABLE = "assistant_schema_version"
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Assistant:
    """A whole assistant, ready for use."""

    settings: Settings
    knowledge_base: KnowledgeBase
    knowledge: KnowledgeFromBase
    directory: Directory
    workplace: BuiltinDirectory
    notifier: Notifier
    desk: TicketDesk | None
    store: SqlStore
    policy: Policy
    timings: Timings
    turns: Turns
    clock: Clock
    parts: Parts
    acting: Acting
    drafting: DraftingModel | None
    carrier: Carrier
    deciding: Deciding
    secret: bytes
    anchors: FileAnchors
    policies: KeptPolicies
    subscribers: list[Callable[[Sequence[Event]], None]]
    files: Files
    channels: dict[str, Channel]
    """Where conversations are shown beside the socket, by name; filled by what serves them."""

    def link_hosts(self) -> tuple[str, ...]:
        """Return the hosts that links may lead to: the organisation's domain and the configured ones."""
        return (self.workplace.company().domain, *self.settings.link_hosts)

    def close(self) -> None:
        """Finish the turns under way and let go of database and index."""
        self.turns.close()
        self.files.close()
        self.knowledge_base.close()


def open_assistant(settings: Settings, clock: Clock | None = None, opens: Opens = open_chat) -> Assistant:
    """Open (and, the first time, create) the assistant that the settings describe. ``opens`` opens the chat models that its steps file names.

    Raises:
        PolicyError: the policy file cannot be used.
        BadExamples: the file of intents cannot be used.
        Misconfigured: the settings name a system that cannot be used as they say.
        OSError: the policy cannot be kept for later replays.
    """
    policy, clock, examples = load_policy(settings.policy_file or PACKAGED), clock or SystemClock(), examples_of(settings)
    base = open_knowledge(settings)
    upgraded = migrate(base.engine, MIGRATIONS, SCHEMA_TABLE)
    workplace = BuiltinDirectory(base.engine)
    outward = Outward(open_directory(settings, workplace), workplace, workplace, open_notifier(settings, clock), open_desk(settings))
    store, secret, pushes = _open_store(settings, policy, base, outward), read_secret(settings), Pushes()
    modelling = Modelling(_steps(settings), clock, opens)
    acting = deciding(outward, policy, secret, modelling.acting())
    knowledge = KnowledgeFromBase(base)
    understanding = LocalUnderstanding.of(embedding(base), examples, kept_understanding(settings), base.embedder.identity, vocabulary(settings))
    parts = replace(_parts(settings, knowledge, understanding, outward, policy, store, clock, acting, pushes), models=modelling.models())
    parts = replace(parts, shadowing=_shadowing(modelling, parts))
    channels: dict[str, Channel] = {}
    anchors, policies = FileAnchors(settings.anchor_file or settings.home / "audit-anchors.jsonl"), KeptPolicies(settings.home / "policies")
    policies.keep(policy)
    if upgraded:
        _adopt(store, anchors, secret)
    return Assistant(
        settings=settings,
        knowledge_base=base,
        knowledge=knowledge,
        directory=outward.directory,
        workplace=workplace,
        notifier=outward.notifier,
        desk=outward.desk,
        store=store,
        policy=policy,
        timings=parts.timings,
        turns=Turns(parts),
        clock=clock,
        parts=parts,
        acting=acting,
        drafting=modelling.drafting(),
        carrier=_carrier(settings, parts, outward, acting, channels),
        deciding=Deciding(parts, telling_of(outward, parts.timings, parts.link_hosts)),
        secret=secret,
        anchors=anchors,
        policies=policies,
        subscribers=pushes.subscribers,
        files=_files(settings, parts),
        channels=channels,
    )


@dataclass(frozen=True, slots=True)
class Pushes:
    """Hands stored events to whoever follows them."""

    subscribers: list[Callable[[Sequence[Event]], None]] = field(default_factory=list)

    def __call__(self, events: Sequence[Event]) -> None:
        """Push events. They are stored: whoever missed them resumes from there."""
        for subscriber in self.subscribers:
            try:
                subscriber(events)
            except Exception:
                log.exception("events could not be pushed")


def _steps(settings: Settings) -> StepsFile:
    try:
        return read_steps(settings.steps_file)
    except StepsError as error:
        raise Misconfigured(str(error)) from None


def _shadowing(modelling: Modelling, parts: Parts) -> Shadowing | None:
    candidates = modelling.candidates()
    return Shadowing(candidates, parts.store, parts.clock, parts.settler.policy) if candidates else None


def _open_store(settings: Settings, policy: Policy, base: KnowledgeBase, outward: Outward) -> SqlStore:
    same_issue = policy.bands["attach"].auto
    memory = Memory(same_issue, timedelta(days=settings.same_issue_days)) if settings.zero_persistence else None
    if memory is not None:
        no_core_dumps()
    return SqlStore(base.engine, same_issue, PassedOn if outward.desk is not None else kept_here, memory, Relay)


def _parts(
    settings: Settings,
    knowledge: KnowledgeFromBase,
    understanding: LocalUnderstanding,
    outward: Outward,
    policy: Policy,
    store: SqlStore,
    clock: Clock,
    acting: Acting,
    pushes: Pushes,
) -> Parts:
    workplace = outward.workplace
    timings = Timings(
        settings.deadline_seconds,
        settings.assume_after_hours,
        settings.abandon_after_hours,
        settings.reopen_within_days,
        settings.same_issue_days,
        settings.hold_minutes,
    )

    def link_hosts() -> tuple[str, ...]:
        return (workplace.company().domain, *settings.link_hosts)

    settler = Settler(knowledge, policy, timings, workplace.queues, lambda: workplace.company().desk_hours, acting, settings.handoff_first)
    return Parts(store, outward.directory, outward.fleet, knowledge, understanding, settler, clock, timings, link_hosts, pushes)


def _carrier(settings: Settings, parts: Parts, outward: Outward, acting: Acting, channels: Mapping[str, Channel]) -> Carrier:
    return carrying(
        outward,
        parts.store,
        acting,
        parts.clock,
        parts.timings,
        parts.link_hosts,
        parts.notify,
        outgoing=lambda ticket_id: _outgoing(parts, ticket_id),
        settle=lambda unit, conversation_id, at: settle_one(parts, unit, conversation_id, at),
        url=lambda: settings.url,
        others=_on_channels(parts, channels),
    )


def _on_channels(parts: Parts, channels: Mapping[str, Channel]) -> dict[str, Errand]:
    showing = Showing(Presenter(parts.knowledge, parts.clock, parts.link_hosts), parts.directory)
    return {
        DELIVER: DeliverEvent(parts.store, showing, channels),
        ASK: AskApprover(channels, parts.directory),
        SHOW: ShowStanding(channels, parts.directory),
    }


def _files(settings: Settings, parts: Parts) -> Files:
    """Return what takes files: none where nothing that somebody sends may reach the disk."""
    size = 0 if settings.zero_persistence else settings.attachment_megabytes * 1_000_000
    limits = FileLimits(size, settings.attachments_per_conversation, settings.attachments_per_day)
    scan = ScanCommand(settings.scan_command, settings.scan_seconds) if settings.scan_command else None
    return Files(parts.store, parts.directory, parts.clock, IsolatedCheck(scan), limits, parts.notify)


def _adopt(store: SqlStore, anchors: FileAnchors, secret: bytes) -> None:
    """Copy the anchors of an earlier version into the database; a file that cannot be read is left to ``firstline audit verify``."""
    try:
        adopt(store, anchors, secret)
    except (OSError, ValueError):
        log.exception("the anchors of the audit could not be copied")


def _outgoing(parts: Parts, ticket_id: str) -> OutgoingTicket:
    """Return a ticket as it goes to another system: with what everybody may read of the articles, whoever works there."""
    with parts.store.read() as unit:
        ticket = unit.own_tickets.ticket(ticket_id)
        said = unit.conversations.events(ticket.origin) if ticket is not None else []
        handed = [one for one in unit.handoffs.of_conversation(ticket.origin) if one.ticket == ticket.id] if ticket is not None else []
    requester = parts.directory.person(ticket.requester) if ticket is not None else None
    if ticket is None or requester is None:
        raise Refused("the ticket or its requester is gone")
    body = Presenter(parts.knowledge, parts.clock, parts.link_hosts).ticket(ticket.body, said, Reader())
    return outgoing(ticket, redacted(body), requester, handed[-1].reason.label if handed else "")


def redacted(body: TicketBody) -> TicketBody:
    """Return a ticket's body without secrets, as it may leave the house."""
    lines = tuple((who, redact(words), at) for who, words, at in body.transcript)
    return replace(body, summary=redact(body.summary), transcript=lines, facts=tuple((name, redact(value)) for name, value in body.facts))


def read_secret(settings: Settings) -> bytes:
    """Return the key that signs tokens and anchors; made once, readable by its owner only."""
    configured = settings.token_secret.get_secret_value()
    if configured:
        return configured.encode()
    path = settings.home / "secret.key"
    if not path.exists():
        settings.home.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"secret.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(SECRET_BYTES))
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text().strip().encode()


def examples_of(settings: Settings, own: Path | None = None) -> Examples:
    """Return the packaged examples with those of the organisation's file over them; ``own`` stands for that file.

    Raises:
        BadExamples: the file cannot be used.
    """
    alone = frozenset(tool.name for tool in TOOLS.values() if tool.offered and not tool.slots)
    return read_examples(own or settings.intents_file, alone)


def kept_understanding(settings: Settings) -> Path:
    """Return where the classifier that was learnt is kept."""
    return settings.home / "index" / "understanding.npz"


def vocabulary(settings: KnowledgeSettings) -> frozenset[str]:
    """Return the whole words that the local embedding model knows, in small letters; none where another model embeds."""
    try:
        held = json.loads((settings.model_folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()
    return frozenset(word for word in held if word.isalpha())


def embedding(base: KnowledgeBase) -> Callable[[Sequence[str]], np.ndarray]:
    """Return the embedding of texts, with no rows when no embedding model is available."""

    def embed(texts: Sequence[str]) -> np.ndarray:
        try:
            return np.asarray(base.embedder.embed(texts))
        except EmbedderUnavailable:
            return np.zeros((0, 1), dtype=np.float32)

    return embed


def load_people(assistant: Assistant, path: Path) -> tuple[int, int]:
    """Load a people file in place of the organisation before; its open tickets are created once. Those who were erased stay away.

    Returns the numbers of people and devices.

    Raises:
        PeopleFileError: the file cannot be used; nothing was changed.
    """
    made, waiting = read_people_file(path)
    with reading(assistant.store.engine) as connection:
        digests = SqlErasures(connection).digests()
    made = without_erased(made, lambda person: digest_of(assistant.secret, person) in digests)
    waiting = [ticket for ticket in waiting if digest_of(assistant.secret, ticket.requester) not in digests]
    assistant.workplace.replace(made)
    drafts = [
        TicketDraft(
            t.key,
            t.requester,
            t.subject,
            t.queue,
            t.category,
            TicketBody(t.description),
            "people-file",
            t.assignee,
            assistant.knowledge.embed(t.subject),
        )
        for t in waiting
    ]
    with assistant.store.write() as unit:
        for draft, ticket in zip(drafts, waiting, strict=True):
            created = unit.tickets.create(draft, ticket.opened)
            if created.status.value != ticket.status and created.status is TicketStatus.OPEN:
                unit.tickets.change_status(created.id, TicketStatus(ticket.status), ticket.assignee or "service desk", "taken up", ticket.opened)
    return len(made.people), len(made.devices)
