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
from assistant.adapters.files.checking import IsolatedCheck
from assistant.adapters.files.scanning import ScanCommand
from assistant.adapters.knowledge import KnowledgeFromBase
from assistant.adapters.memory.volatile import Memory, no_core_dumps
from assistant.adapters.store.erasure import SqlErasures, digest_of, without_erased
from assistant.adapters.store.fleet import BuiltinFleet
from assistant.adapters.store.organisation import BuiltinDirectory, read_people_file
from assistant.adapters.store.unit_of_work import SqlStore, kept_here
from assistant.adapters.store.wordless import NOT_KEPT
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
from assistant.authors import Authors, authoring_of, authors_of
from assistant.carriage import Outward, carrying, deciding, telling_of
from assistant.connections import Misconfigured, open_articles, open_clock, open_desk, open_directory, open_fleet, open_notifier
from assistant.desk.attaching import FileLimits
from assistant.desk.authoring import Authoring
from assistant.desk.filing import outgoing
from assistant.desk.fulfilment import ASK, SHOW
from assistant.desk.gaps.failing import Judging
from assistant.desk.gaps.gathering import Gathering
from assistant.desk.gaps.watching import NOTICE as SPIKE
from assistant.desk.mirroring import PassedOn
from assistant.desk.problems.noticing import Noticing
from assistant.desk.relaying import DELIVER, Relay
from assistant.desk.requests import related
from assistant.desk.triage.filing import Triaged
from assistant.domain.configuration import Person
from assistant.domain.ticket import ASSISTANT, TicketBody, TicketDraft, TicketStatus
from assistant.governance.anchoring import adopt
from assistant.governance.in_force import InForce
from assistant.governance.policy import Policy
from assistant.governance.policy_file import PACKAGED, load_policy
from assistant.governance.problem_rules import rules_of
from assistant.governance.redaction import redact
from assistant.governance.replay import KeptPolicies
from assistant.modelling import Modelling, Opens, open_chat
from assistant.ports.channels import Channel
from assistant.ports.clock import Clock
from assistant.ports.identity import Directory
from assistant.ports.notify import Notifier
from assistant.ports.outside import Refused
from assistant.ports.store import Event, Outbox
from assistant.ports.ticketing import OutgoingTicket, TicketDesk, Tickets
from assistant.practising import practices_of
from assistant.practising.joiners import newcomers_of
from assistant.practising.ready import Ready
from assistant.settings import Settings
from assistant.steps_file import StepsError, StepsFile, read_steps
from assistant.weekly import reviewer_of, weekly_errands
from assistant.workflows.carrying import Carrier
from assistant.workflows.consulting import AskApprover, ShowStanding
from assistant.workflows.delivering import DeliverEvent
from assistant.workflows.errands import Errand
from assistant.workflows.practices import Practices
from assistant.workflows.reviewing import Reviewer
from assistant.workflows.spiking import TellOperator
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
    """The policy file's. What applies to a turn is ``in_force``."""
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
    in_force: InForce
    subscribers: list[Callable[[Sequence[Event]], None]]
    files: Files
    authors: Authors
    reviewer: Reviewer
    practices: Practices
    """What the service desk does by itself."""
    channels: dict[str, Channel]
    """Where conversations are shown beside the socket, by name; filled by what serves them."""

    @property
    def authoring(self) -> Authoring:
        """Every way in of what authors do."""
        return self.authors.authoring

    def link_hosts(self) -> tuple[str, ...]:
        """Return the hosts that links may lead to: the organisation's domain and the configured ones."""
        return (self.workplace.company().domain, *self.settings.link_hosts)

    @property
    def gathering(self) -> Gathering:
        """The job that puts unresolved intents into gaps."""
        return gathering_of(self.settings, self.parts)

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
    policy, clock, examples = load_policy(settings.policy_file or PACKAGED), clock or open_clock(settings), examples_of(settings)
    base = open_knowledge(settings, clock.now)
    upgraded = migrate(base.engine, MIGRATIONS, SCHEMA_TABLE)
    workplace, listed = BuiltinDirectory(base.engine, settings.granted_roles), BuiltinFleet(base.engine, clock.now)
    outward = Outward(open_directory(settings, workplace), workplace, listed, open_notifier(settings, clock), open_desk(settings))
    policies, in_force = _policies(settings, policy)
    store, secret, pushes = _open_store(settings, policy, base, outward), read_secret(settings), Pushes()
    outward = replace(outward, newcomers=newcomers_of(store, workplace))
    steps = _steps(settings)
    modelling = Modelling(steps, clock, opens)
    acting = deciding(outward, policy, secret, modelling.acting())
    knowledge = KnowledgeFromBase(base)
    understanding = LocalUnderstanding.of(embedding(base), examples, kept_understanding(settings), base.embedder.identity, vocabulary(settings))
    parts = _with_models(_parts(settings, knowledge, understanding, outward, policy, store, clock, acting, pushes), modelling, in_force)
    channels: dict[str, Channel] = {}
    models, drafting = {str(name): one.model for name, one in steps.steps.items()}, modelling.drafting()
    authors, reviewer, others = _weekly(settings, outward, parts, base, knowledge, in_force, models, channels, drafting)
    ready = Ready(settings, outward, store, clock, knowledge, policy, in_force, acting, open_fleet(settings, listed), secret, pushes)
    practices, of_practices = practices_of(ready)
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
        drafting=drafting,
        carrier=_carrier(settings, parts, outward, acting, channels, {**others, **of_practices}),
        deciding=Deciding(parts, telling_of(outward, parts.timings, parts.link_hosts)),
        secret=secret,
        anchors=_anchors(settings, store, secret, upgraded),
        policies=policies,
        in_force=in_force,
        subscribers=pushes.subscribers,
        files=_files(settings, parts),
        authors=authors,
        reviewer=reviewer,
        practices=practices,
        channels=channels,
    )


def _policies(settings: Settings, policy: Policy) -> tuple[KeptPolicies, InForce]:
    """Return the policies that are kept for replays, with this one among them, and the one in force."""
    kept = KeptPolicies(settings.home / "policies")
    kept.keep(policy)
    return kept, InForce(policy, kept.keep)


def _weekly(
    settings: Settings,
    outward: Outward,
    parts: Parts,
    base: KnowledgeBase,
    knowledge: KnowledgeFromBase,
    in_force: InForce,
    models: dict[str, str],
    channels: dict[str, Channel],
    drafting: DraftingModel | None,
) -> tuple[Authors, Reviewer, dict[str, Errand]]:
    """Return what authors write with, what makes reviews, and the errands of both."""
    target = open_articles(settings, outward.workplace.company().domain)
    store, clock, gather = parts.store, parts.clock, gathering_of(settings, parts).gather
    authoring = authoring_of(outward, store, clock, knowledge, base.store, base.publisher, target)
    authors = authors_of(authoring, base, in_force.of, lambda question: question != NOT_KEPT, drafting, outward.desk)
    reviewer = reviewer_of(settings, outward, store, clock, base, in_force, models, gather)
    return authors, reviewer, {**authors.errands, **weekly_errands(settings, reviewer, outward.directory, outward.notifier, channels)}


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


def _with_models(parts: Parts, modelling: Modelling, in_force: InForce) -> Parts:
    whole = replace(parts, models=modelling.models(), in_force=in_force.of)
    return replace(whole, shadowing=_shadowing(modelling, whole))


def _shadowing(modelling: Modelling, parts: Parts) -> Shadowing | None:
    candidates = modelling.candidates()
    return Shadowing(candidates, parts.store, parts.clock, parts.settler.policy) if candidates else None


def _open_store(settings: Settings, policy: Policy, base: KnowledgeBase, outward: Outward) -> SqlStore:
    same_issue = policy.bands["attach"].auto
    memory = Memory(same_issue, timedelta(days=settings.same_issue_days)) if settings.zero_persistence else None
    if memory is not None:
        no_core_dumps()
    passed_on, wait = PassedOn if outward.desk is not None else kept_here, rules_of(policy).wait_seconds

    def heard_of(tickets: Tickets, outbox: Outbox) -> Tickets:
        """Let triage, the desk elsewhere and the practice of problems hear of what is filed, in this order."""
        return Noticing(passed_on(Triaged(tickets, outbox), outbox), outbox, wait)

    return SqlStore(base.engine, same_issue, heard_of, memory, Relay)


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


def _carrier(
    settings: Settings, parts: Parts, outward: Outward, acting: Acting, channels: Mapping[str, Channel], others: Mapping[str, Errand]
) -> Carrier:
    return carrying(
        outward,
        parts.store,
        acting,
        parts.clock,
        parts.timings,
        parts.link_hosts,
        parts.notify,
        outgoing=lambda ticket_id: _outgoing(parts, ticket_id, _ourselves(settings)),
        related=lambda ticket, others: related(ticket, others, parts.knowledge.embed, parts.settler.policy.bands["attach"].auto),
        settle=lambda unit, conversation_id, at: settle_one(parts, unit, conversation_id, at),
        url=lambda: settings.url,
        others={
            **_on_channels(parts, channels),
            **others,
            SPIKE: TellOperator(parts.store, outward.directory, outward.notifier, lambda: settings.url, lambda: outward.workplace.company().timezone),
        },
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


def _anchors(settings: Settings, store: SqlStore, secret: bytes, upgraded: bool) -> FileAnchors:
    """Return the anchors of the audit. Those of an earlier version are copied; a file that cannot be read is left to ``firstline audit verify``."""
    anchors = FileAnchors(settings.anchor_file or settings.home / "audit-anchors.jsonl")
    if upgraded:
        try:
            adopt(store, anchors, secret)
        except (OSError, ValueError):
            log.exception("the anchors of the audit could not be copied")
    return anchors


def _ourselves(settings: Settings) -> Person:
    """Return who asks in tickets that nobody asked for: the organisation, at the address that its mails come from."""
    return Person(ASSISTANT, settings.mail_name, settings.mail_address or settings.mail_from)


def _outgoing(parts: Parts, ticket_id: str, ourselves: Person) -> OutgoingTicket:
    """Return a ticket as it goes to another system: with what everybody may read of the articles, whoever works there."""
    with parts.store.read() as unit:
        ticket = unit.own_tickets.ticket(ticket_id)
        said = unit.conversations.events(ticket.origin) if ticket is not None else []
        handed = [one for one in unit.handoffs.of_conversation(ticket.origin) if one.ticket == ticket.id] if ticket is not None else []
    asker = ticket.requester if ticket is not None else ""
    requester = ourselves if asker == ASSISTANT else parts.directory.person(asker) if asker else None
    if ticket is None or requester is None:
        raise Refused("the ticket or its requester is gone")
    body = Presenter(parts.knowledge, parts.clock, parts.link_hosts).ticket(ticket.body, said, Reader())
    return outgoing(ticket, redacted(body), requester, handed[-1].reason.label if handed else "", parts.settler.acting.zone)


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


def gathering_of(settings: Settings, parts: Parts) -> Gathering:
    """Return the job that puts unresolved intents into gaps, over ready parts."""
    judging = Judging(parts.store, parts.knowledge, parts.directory, parts.clock, lambda: parts.settler.policy.bands["answer"].auto)
    return Gathering(parts.store, parts.knowledge, parts.directory, parts.clock, judging, lambda: vocabulary(settings))


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
            created = unit.own_tickets.create(draft, ticket.opened)
            if created.status.value != ticket.status and created.status is TicketStatus.OPEN:
                unit.own_tickets.change_status(created.id, TicketStatus(ticket.status), ticket.assignee or "service desk", "taken up", ticket.opened)
    return len(made.people), len(made.devices)
