"""What the practices of the desk are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.agent.acting import Acting
from assistant.carriage import Outward
from assistant.governance.in_force import InForce
from assistant.governance.policy import Policy
from assistant.ports.clock import Clock
from assistant.ports.devices import DeviceFleet
from assistant.ports.knowledge import Knowledge
from assistant.ports.store import Event, Store
from assistant.settings import Settings


@dataclass(frozen=True, slots=True)
class Ready:
    """Parts that stand before the practices do."""

    settings: Settings
    outward: Outward
    """People, accounts, devices, mail, and the desk elsewhere."""
    store: Store
    clock: Clock
    knowledge: Knowledge
    policy: Policy
    """The policy file's."""
    in_force: InForce
    acting: Acting
    """Its ``fulfilment`` carries what somebody has to approve."""
    fleet: DeviceFleet
    """The system that manages the devices."""
    secret: bytes
    notify: Callable[[Sequence[Event]], None]
    """Pushes stored events to whoever follows a conversation."""
