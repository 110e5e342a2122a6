"""Tools that show one's devices and the state of services."""

from __future__ import annotations

from collections.abc import Mapping

from assistant.agent import wording
from assistant.agent.tools.tool import Hands, Slot, Surroundings, Tool
from assistant.domain.action import Effect


def _show_devices(surroundings: Surroundings, _arguments: Mapping[str, str]) -> str:
    return wording.devices(surroundings.devices)


def _show_service(surroundings: Surroundings, arguments: Mapping[str, str]) -> str:
    service = next(one for one in surroundings.services if one.id == arguments["service"])
    return wording.service(service)


def _no_services(hands: Hands) -> str:
    return "" if hands.workplace.services() else "the people file names no services"


MY_DEVICES = Tool("my_devices", Effect.READ, "Show the caller's own devices.", show=_show_devices)
SERVICE = Tool(
    "service_status",
    Effect.READ,
    "Say whether a service works now.",
    (Slot("service", "Which service.", "service"),),
    show=_show_service,
    missing=_no_services,
)
TOOLS = (MY_DEVICES, SERVICE)
