"""A real Alertmanager from Debian: it groups what is posted to it, delivers to our webhook with its token, and tells when it is over."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from assistant.domain.alert import AlertGroup, Standing
from assistant.domain.ticket import TicketStatus
from tests.support.service import LocalService, copy_demo, free_port, served_here

pytestmark = pytest.mark.real
SERVER = shutil.which("prometheus-alertmanager")
TOKEN = "token-of-the-real-alertmanager"
WAIT_SECONDS = 60.0
T = TypeVar("T")


@pytest.fixture
def service(model_home: Path, tmp_path: Path) -> Iterator[LocalService]:
    """A service that takes what an Alertmanager sends, and resolves at once."""
    policy = tmp_path / "policy.toml"
    packaged = Path(__file__).parent.parent.parent / "assistant" / "governance" / "policy.toml"
    policy.write_text(packaged.read_text().replace("calm_minutes = 10", "calm_minutes = 0.01"))
    sources = {"am": {"kind": "alertmanager", "secret": TOKEN, "token_allowed": True}}
    with served_here(copy_demo(tmp_path / "home", model_home), alert_sources=sources, policy_file=policy) as local:
        yield local


@pytest.fixture
def alertmanager(service: LocalService, tmp_path: Path) -> Iterator[str]:
    """The address of an Alertmanager that delivers to the service."""
    if SERVER is None:
        pytest.skip("prometheus-alertmanager is not installed")
    config, port = tmp_path / "am.yml", free_port()
    config.write_text(
        f"""
route: {{receiver: firstline, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: firstline
    webhook_configs:
      - url: {service.url}/webhooks/alerts/am
        send_resolved: true
        http_config: {{authorization: {{credentials: {TOKEN}}}}}
"""
    )
    command = [SERVER, f"--config.file={config}", f"--storage.path={tmp_path / 'am'}", f"--web.listen-address=127.0.0.1:{port}"]
    with (tmp_path / "am.log").open("w") as log:
        process = subprocess.Popen([*command, "--cluster.listen-address="], stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _until(lambda: _answers(url), "Alertmanager does not answer")
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _until(look: Callable[[], T | None], otherwise: str) -> T:
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(otherwise)


def _post(url: str, *, ended: bool = False) -> None:
    now = datetime.now(UTC)
    times = {"startsAt": (now - timedelta(seconds=30)).isoformat()} | ({"endsAt": now.isoformat()} if ended else {})
    labels: dict[str, Any] = {"alertname": "PatchFailed", "site": "Gothenburg", "patch": "KB5031234", "severity": "warning"}
    alerts = [{"labels": labels | {"instance": f"got-lt-{n:03d}:9100"}, "annotations": {"summary": "patch failed"}, **times} for n in range(8)]
    httpx.post(f"{url}/api/v2/alerts", json=alerts, timeout=10, trust_env=False).raise_for_status()


def test_what_alertmanager_groups_becomes_one_incident_and_ends_with_it(service: LocalService, alertmanager: str) -> None:
    def incident(*standings: Standing) -> Callable[[], AlertGroup | None]:
        def look() -> AlertGroup | None:
            with service.assistant.store.read() as unit:
                return next(iter(unit.alerts.groups(standings, 5)), None)

        return look

    def status(ticket: str) -> TicketStatus | None:
        with service.assistant.store.read() as unit:
            known = unit.tickets.ticket(ticket)
        return known.status if known is not None else None

    _post(alertmanager)
    made = _until(incident(Standing.INCIDENT), "no incident was made")
    assert (made.check, made.version, made.alerts, made.items) == ("PatchFailed", "KB5031234", 8, 8)
    assert status(made.ticket) is TicketStatus.OPEN
    _post(alertmanager, ended=True)
    over = _until(incident(Standing.RESOLVED), "the incident was not resolved")
    assert (over.id, over.firing, status(over.ticket)) == (made.id, 0, TicketStatus.RESOLVED)
