"""A Salt master through salt-api: minions are devices, grains say what they are like, states are remedies.

A job carries our key in its metadata, and the master's job cache is asked for it before a job is started anew: a remedy that is sent again is
found, not done again, for as long as the master keeps its jobs (a day by default).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from assistant.adapters.devices.calls import FleetCalls
from assistant.adapters.ticketing.calls import checked_key
from assistant.domain.compliance import Posture
from assistant.domain.configuration import Device
from assistant.domain.secret import Secret
from assistant.ports.outside import Refused, Unavailable, Uncertain
from kb.model import Platform

AT_ONCE = 100
"""Minions whose grains are asked for in one call."""
GRAINS = ("id", "kernel", "os", "osrelease", "assigned_user", "model", "antivirus_signatures", "disk_encrypted")
PLATFORMS = {"Linux": Platform.LINUX, "Darwin": Platform.MACOS, "Windows": Platform.WINDOWS}
METADATA = "firstline"
MINION = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


class SaltFleet:
    """The ``DeviceFleet`` protocol. A device's id is the minion's."""

    name = "Salt"
    honours_keys = True

    def __init__(
        self,
        url: str,
        account: str,
        secret: Secret,
        states: Mapping[str, str],
        timeout_seconds: float = 40.0,
        wait_seconds: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Ask the API at a URL as an account of the shared secret; ``states`` stand for remedies; a state may take ``wait_seconds``."""
        self._calls = FleetCalls(self.name, url, {}, timeout_seconds)
        self._account, self._secret, self._states, self._wait, self._sleep = account, secret, dict(states), wait_seconds, sleep
        self._token, self._guard = "", threading.Lock()

    # -- devices ----------------------------------------------------------------------------------------------------

    def devices_of(self, person_id: str) -> list[Device]:
        """See the port: minions whose grain ``assigned_user`` is the person's id."""
        return [one for one in self.all() if one.owner == person_id]

    def device(self, device_id: str) -> Device | None:
        """See the port."""
        return self._found(device_id).device if device_id in {*self._standing()[0], *self._standing()[1]} else None

    def all(self) -> Iterator[Device]:
        """See the port."""
        for one in self.compliance():
            yield one.device

    def compliance(self) -> Iterator[Posture]:
        """See the port. The master knows of minions that do not answer; they come with their trouble."""
        up, down = self._standing()
        for start in range(0, len(up), AT_ONCE):
            asked = up[start : start + AT_ONCE]
            found = self._local("grains.item", asked, list(GRAINS))
            for minion in asked:
                yield _posture(minion, found.get(minion))
        for minion in down:
            yield _posture(minion, None)

    def verify(self, device_id: str) -> Posture:
        """See the port."""
        found = self._found(device_id)
        if found.trouble and device_id not in self._standing()[1]:
            raise Refused(f"the master has no minion {device_id}")
        return found

    def _found(self, device_id: str) -> Posture:
        return _posture(device_id, self._local("grains.item", [_minion(device_id)], list(GRAINS)).get(device_id))

    def _standing(self) -> tuple[list[str], list[str]]:
        body = self._run({"client": "runner", "fun": "manage.status"})
        if not isinstance(body, dict) or not all(isinstance(body.get(name), list) for name in ("up", "down")):
            raise Unavailable("Salt's master does not say which minions it has")
        return sorted(map(str, body["up"])), sorted(map(str, body["down"]))

    # -- remedies ---------------------------------------------------------------------------------------------------

    def remediate(self, device_id: str, remedy: str, key: str) -> None:
        """See the port. Returns when the state ran; a state that failed is refused with its comment."""
        state = self._states.get(remedy)
        if state is None:
            raise Refused(f"no state stands for {remedy}: FIRSTLINE_FLEET_REMEDIES")
        minion, jid = _minion(device_id), self._job_of(checked_key(key))
        if not jid:
            if self._local("test.ping", [minion]).get(minion) is not True:
                up, down = self._standing()
                if minion not in {*up, *down}:
                    raise Refused(f"the master has no minion {minion}")
                raise Unavailable(f"{minion} does not answer")
            jid = self._start(minion, state, key)
        self._await(minion, jid)

    def _job_of(self, key: str) -> str:
        """Return the job that was started under a key, "" when there is none."""
        body = self._run({"client": "runner", "fun": "jobs.list_jobs", "kwarg": {"search_metadata": {METADATA: key}}})
        return min(body, default="") if isinstance(body, dict) else ""

    def _start(self, minion: str, state: str, key: str) -> str:
        request = {"client": "local_async", "tgt": minion, "fun": "state.apply", "arg": [state], "metadata": {METADATA: key}}
        body = self._run(request, changes=True)
        jid = body.get("jid") if isinstance(body, dict) else None
        if not isinstance(jid, str):
            raise Unavailable(f"{minion} does not answer")
        return jid

    def _await(self, minion: str, jid: str) -> None:
        until = time.monotonic() + self._wait
        while True:
            body = self._run({"client": "runner", "fun": "jobs.list_job", "kwarg": {"jid": jid}})
            ended = (body.get("Result") or {}).get(minion) if isinstance(body, dict) else None
            if isinstance(ended, dict):
                return _judge(minion, ended)
            if time.monotonic() >= until:
                raise Uncertain(f"{minion} was told to, and has not said how it went")
            self._sleep(1.0)

    # -- calls ------------------------------------------------------------------------------------------------------

    def _local(self, fun: str, minions: list[str], arguments: list[str] | None = None) -> dict[str, Any]:
        body = self._run({"client": "local", "tgt": minions, "tgt_type": "list", "fun": fun, "arg": arguments or []})
        return body if isinstance(body, dict) else {}

    def _run(self, request: dict[str, Any], changes: bool = False) -> Any:
        """Run a function; a token that has ended is replaced once. What the master does not let us do it answers with 401 too."""
        for fresh in (False, True):
            try:
                answer = self._calls.tell("POST", "", request, {"X-Auth-Token": self._login(fresh)}, repeatable=not changes)
                break
            except Refused as refused:
                if fresh or "credentials" not in str(refused):
                    said = f"Salt's master does not let us run {request['fun']}" if "credentials" in str(refused) else str(refused)
                    raise Refused(said) from None
        body = answer.body
        if not isinstance(body, dict) or not isinstance(body.get("return"), list) or len(body["return"]) != 1:
            raise Uncertain("Salt's answer cannot be read") if changes else Unavailable("Salt's answer cannot be read")
        return body["return"][0]

    def _login(self, fresh: bool) -> str:
        with self._guard:
            if fresh or not self._token:
                form = {"username": self._account, "password": self._secret.reveal(), "eauth": "sharedsecret"}
                body = self._calls.tell("POST", "login", form, repeatable=True).body
                try:
                    self._token = str(body["return"][0]["token"])
                except (KeyError, IndexError, TypeError):
                    raise Unavailable("Salt gave no token") from None
            return self._token


def _minion(device_id: str) -> str:
    """Return an id that may name a minion and nothing else: no glob, no list."""
    if not device_id or not MINION.issuperset(device_id):
        raise Refused(f"{device_id!r} cannot be a minion")
    return device_id


def _judge(minion: str, ended: Mapping[str, Any]) -> None:
    """Raise when a state did not come about."""
    said = ended.get("return")
    if ended.get("success") and isinstance(said, dict) and all(isinstance(one, dict) and one.get("result") is True for one in said.values()):
        return
    rows = said.values() if isinstance(said, dict) else said if isinstance(said, list) else [said]
    comments = [str(one.get("comment", "")) if isinstance(one, dict) else str(one) for one in rows]
    raise Refused(f"{minion}: {' '.join(' '.join(comments).split())[:200]}")


def _posture(minion: str, grains: object) -> Posture:
    if not isinstance(grains, dict) or not grains.get("kernel"):
        return Posture(Device(minion, "", minion, Platform.LINUX, ""), trouble="the minion does not answer")
    platform = PLATFORMS.get(str(grains["kernel"]), Platform.LINUX)
    system = f"{grains.get('os', '')} {grains.get('osrelease', '')}".strip()
    device = Device(minion, str(grains.get("assigned_user") or ""), str(grains.get("model") or minion), platform, system)
    encrypted = grains.get("disk_encrypted")
    return Posture(
        device,
        signatures_at=_time(str(grains.get("antivirus_signatures") or "")),
        encrypted=encrypted if isinstance(encrypted, bool) else None,
        os_version=str(grains.get("osrelease") or ""),
    )


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
