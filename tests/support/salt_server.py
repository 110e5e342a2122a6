"""A Salt master with one minion and salt-api on loopback, from the folder that FIRSTLINE_TEST_SALT names."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.service import free_port

ACCOUNT, SECRET, MINION = "svc-firstline", "a shared secret of tests only", "LT-001"
START_SECONDS = 90.0
HOME = os.environ.get("FIRSTLINE_TEST_SALT", "")
"""Where Salt is installed; read here, because tests see no settings of their surroundings."""
MASTER = """
interface: 127.0.0.1
publish_port: {publish}
ret_port: {ret}
user: {user}
root_dir: {folder}/master
pki_dir: /pki
cachedir: /cache
sock_dir: /sock
log_file: /log
pidfile: /master.pid
auto_accept: True
worker_threads: 2
timeout: 8
file_roots: {{base: ['{folder}/states']}}
netapi_enable_clients: [local, local_async, runner]
rest_cherrypy: {{host: 127.0.0.1, port: {api}, disable_ssl: True}}
sharedsecret: {secret}
external_auth:
  sharedsecret:
    {account}: ['test.ping', 'grains.item', 'state.apply', '@runner', '@jobs']
"""
CLIENT = """
id: {minion}
master: 127.0.0.1
publish_port: {publish}
master_port: {ret}
user: {user}
root_dir: {folder}/minion
pki_dir: /pki
cachedir: /cache
sock_dir: /sock
log_file: /log
pidfile: /minion.pid
grains: {{assigned_user: ann, model: demo-laptop}}
"""
STATES = {
    "fresh": "antivirus_signatures:\n  grains.present:\n    - value: '{today}'\n\n{folder}/effects:\n  file.append:\n    - text: '{stamp}'\n",
    "stale": "antivirus_signatures:\n  grains.present:\n    - value: '2020-01-01'\n",
    "broken": "nothing:\n  test.fail_without_changes:\n    - name: it cannot be done\n",
    "slow": "wait:\n  test.nop: []\n\nsleeps:\n  cmd.run:\n    - name: sleep 12\n",
}


@dataclass
class Salt:
    """The running servers."""

    url: str
    folder: Path
    processes: dict[str, subprocess.Popen[bytes]]

    def stop(self, name: str) -> None:
        """End one of them, with the children that it started."""
        process = self.processes.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)

    def effects(self) -> int:
        """Return how often the state that leaves a line ran with an effect."""
        path = self.folder / "effects"
        return len(path.read_text().splitlines()) if path.exists() else 0


@contextmanager
def running_salt(folder: Path, today: str) -> Iterator[Salt]:
    """Start master, minion and API in a folder; ready when the minion answers."""
    where = Path(HOME) / "bin"
    ports = {"publish": free_port(), "ret": free_port(), "api": free_port()}
    named = {**ports, "folder": folder, "user": "root" if os.getuid() == 0 else os.environ.get("USER", "root"), "secret": SECRET}
    for kind in ("etc", "states", "master", "minion"):
        (folder / kind).mkdir(parents=True)
    (folder / "etc" / "master").write_text(MASTER.format(account=ACCOUNT, **named))
    (folder / "etc" / "minion").write_text(CLIENT.format(minion=MINION, **named))
    for name, text in STATES.items():
        (folder / "states" / f"{name}.sls").write_text(text.format(today=today, folder=folder, stamp="{{ salt['test.random_hash']() }}"))
    salt = Salt(f"http://127.0.0.1:{ports['api']}", folder, {})
    try:
        for name in ("salt-master", "salt-minion", "salt-api"):
            log = (folder / f"{name}.log").open("wb")
            arguments = [str(where / name), "-c", str(folder / "etc")]
            salt.processes[name] = subprocess.Popen(arguments, stdout=log, stderr=log, start_new_session=True)
        _await(salt)
        yield salt
    finally:
        for name in list(salt.processes):
            salt.stop(name)


def _await(salt: Salt) -> None:
    until = time.monotonic() + START_SECONDS
    login = {"username": ACCOUNT, "password": SECRET, "eauth": "sharedsecret"}
    ping = {"client": "local", "tgt": MINION, "fun": "test.ping"}
    while time.monotonic() < until:
        client = httpx.Client(base_url=salt.url, headers={"Accept": "application/json"}, timeout=30)
        with client, suppress(httpx.HTTPError, KeyError, ValueError, IndexError):
            token = client.post("/login", json=login).json()["return"][0]["token"]
            answer = client.post("/", json=ping, headers={"X-Auth-Token": token}).json()["return"][0]
            if answer.get(MINION) is True:
                return
        time.sleep(1)
    logs = "\n".join(path.read_text(errors="replace")[-800:] for path in salt.folder.glob("*.log"))
    raise TimeoutError(f"Salt did not come up:\n{logs}")
