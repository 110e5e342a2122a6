"""Composes what decides about actions and what carries them out, over ready parts. Knows nothing of the knowledge base."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from assistant.agent.acting import Acting
from assistant.agent.state import Timings
from assistant.agent.steps.act import LocalActing
from assistant.agent.telling import Telling
from assistant.agent.tools.acts import ToolActs
from assistant.agent.tools.tool import Handles, Hands
from assistant.desk.fulfilment import ASK, SHOW, Fulfilment
from assistant.governance.policy import Policy
from assistant.ports.clock import Clock
from assistant.ports.devices import PeoplesDevices
from assistant.ports.identity import Directory, NewAccount, Workplace
from assistant.ports.models import ActingModel
from assistant.ports.notify import Notifier
from assistant.ports.store import Event, Store, UnitOfWork
from assistant.ports.ticketing import OutgoingTicket, TicketDesk
from assistant.workflows.carrying import Carrier
from assistant.workflows.consulting import AskApprover, ShowStanding
from assistant.workflows.errands import Errand, Errands, Related


@dataclass(frozen=True, slots=True)
class Outward:
    """What stands around: people, accounts, mail, the desk elsewhere."""

    directory: Directory
    workplace: Workplace
    fleet: PeoplesDevices
    notifier: Notifier
    desk: TicketDesk | None
    newcomers: Callable[[str], tuple[NewAccount, str] | None] = lambda _case: None
    """See ``Hands``."""

    @property
    def hands(self) -> Hands:
        """What tools may act with."""
        return Hands(self.directory, self.notifier, self.workplace, self.newcomers)


def deciding(outward: Outward, policy: Policy, key: bytes, model: ActingModel | None = None) -> Acting:
    """Return the part of a turn that acts; without a model, plain patterns choose the tools."""
    fulfilment = Fulfilment(policy, outward.directory, outward.workplace, key)
    return Acting(model or LocalActing(), fulfilment, Handles(key), outward.hands, outward.workplace, policy)


def telling_of(outward: Outward, timings: Timings, link_hosts: Callable[[], Sequence[str]]) -> Telling:
    """Return what tells people how actions ended."""
    return Telling(outward.directory, outward.workplace, outward.fleet, timings, link_hosts)


def carrying(
    outward: Outward,
    store: Store,
    acting: Acting,
    clock: Clock,
    timings: Timings,
    link_hosts: Callable[[], Sequence[str]],
    notify: Callable[[Sequence[Event]], None],
    outgoing: Callable[[str], OutgoingTicket],
    related: Related,
    settle: Callable[[UnitOfWork, str, datetime], list[Event]],
    url: Callable[[], str],
    others: Mapping[str, Errand] = MappingProxyType({}),
) -> Carrier:
    """Return what carries out the outbox; ``others`` are kinds of errands that are not the tools' or the desk's.

    Where they have none that ask approvers, those hear by mail alone.
    """
    acts = ToolActs(outward.hands, telling_of(outward, timings, link_hosts).tell)
    nobody: dict[str, Errand] = {ASK: AskApprover(), SHOW: ShowStanding()}
    errands = Errands.over(store, acting.fulfilment, acts, outward.notifier, outward.desk, outgoing, related, settle, url, {**nobody, **others})
    return Carrier(store, errands, clock, notify)
