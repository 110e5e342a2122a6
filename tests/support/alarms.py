"""Alerts for tests: reports of a made-up monitoring."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from assistant.domain.alert import Report, Severity, State, fingerprint_of
from assistant.domain.configuration import Company, Entitlement, Queue, Service

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def report(device: str = "got-lt-014", check: str = "antivirus update", minutes: float = 0, **said: Any) -> Report:
    """Return a report that began so many minutes after ``NOW``."""
    at = NOW + timedelta(minutes=minutes)
    facts: dict[str, Any] = {"site": "Gothenburg", "service": "antivirus", "text": f"{check} failed on {device}"} | said
    source = facts.pop("source", "monitor")
    print_ = facts.pop("fingerprint", fingerprint_of(source, check, device, facts["site"]))
    state = facts.pop("state", State.FIRING)
    severity = facts.pop("severity", Severity.WARNING)
    received = facts.pop("received_at", at)
    return Report(source, print_, state, at, received, severity, check, device, **facts)


def burst(count: int, version: str = "KB5031234", **said: Any) -> list[Report]:
    """Return one failed update on so many devices, a minute apart."""
    return [report(f"got-lt-{n:03d}", minutes=n, version=version, reason="0x80070643", **said) for n in range(count)]


class SmallWorkplace:
    """A company with three queues and one service."""

    def company(self) -> Company:
        """See the port."""
        return Company("Small", "small.example", "Europe/Stockholm", "always")

    def services(self) -> list[Service]:
        """See the port."""
        return [Service("antivirus", "Antivirus", "operational", category="security")]

    def queues(self) -> tuple[Queue, ...]:
        """See the port."""
        return (Queue("endpoint", "Endpoint", ("laptop",)), Queue("security", "Security", ("security",)), Queue("service-desk", "Service desk"))

    def entitlements(self) -> tuple[Entitlement, ...]:
        """See the port."""
        return ()
