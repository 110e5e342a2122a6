"""Debian's dovecot for tests: an IMAP server of its own on loopback with one mailbox, which can be stopped, started and renumbered."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from imapclient import IMAPClient

from tests.support.service import free_port
from tests.support.slapd_server import certificate

DOVECOT = "/usr/sbin/dovecot"
USER, PASSWORD = "itdesk", "imap-test-only"
RUNS_AS = "realtest"
"""The ordinary user that ``tests/real/run.sh`` makes; dovecot refuses to serve mail as root."""
START_SECONDS = 10.0
CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = {ssl}
{certificates}
disable_plaintext_auth = no
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
mail_location = maildir:{folder}/mail/%u
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 100
first_valid_gid = 100
imap_capability = {capability}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
"""


@dataclass
class Dovecot:
    """One server over one folder."""

    folder: Path
    port: int = field(default_factory=free_port)
    tls_port: int = 0
    capability: str = ""
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it greets."""
        self.process = subprocess.Popen(
            [DOVECOT, "-F", "-c", str(self.folder / "dovecot.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            try:
                with self.client():
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"dovecot did not start: {(self.folder / 'log').read_text()[-1000:]}")

    def stop(self) -> None:
        """Stop, which ends every connection."""
        if self.process is not None:
            serving = psutil.Process(self.process.pid).children(recursive=True)
            self.process.terminate()
            self.process.wait(10)
            self.process = None
            for child in serving:  # one that serves a client may outlive the master
                with suppress(psutil.NoSuchProcess):
                    child.terminate()

    def client(self) -> IMAPClient:
        """Return a client that is signed in, as a mail program is."""
        client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=10)
        client.login(USER, PASSWORD)
        return client

    def put(self, raw: bytes, folder: str = "INBOX") -> None:
        """Let a mail arrive."""
        with self.client() as client:
            client.append(folder, raw)

    def subjects(self, folder: str = "INBOX") -> list[str]:
        """Return the subjects of the mails in a folder, in order; [] when it is not there."""
        with self.client() as client:
            if not client.folder_exists(folder):
                return []
            client.select_folder(folder, readonly=True)
            found = client.fetch(client.search("ALL"), ["ENVELOPE", "FLAGS"])
            return [(one[b"ENVELOPE"].subject or b"").decode() for _, one in sorted(found.items())]

    def renumber(self) -> None:
        """Give the mailbox another UIDVALIDITY, as a restored backup has; the server has to be stopped."""
        assert self.process is None
        for name in ("dovecot-uidlist", "dovecot.index", "dovecot.index.log", "dovecot.index.cache", "dovecot-uidvalidity"):
            (self.folder / "mail" / USER / name).unlink(missing_ok=True)
        for path in (self.folder / "mail" / USER).glob("dovecot-uidvalidity.*"):
            path.unlink()


@contextmanager
def running_dovecot(folder: Path, tls: bool = False, capability: str = "") -> Iterator[Dovecot]:
    """A server inside the block. ``capability`` replaces what it says it can; with ``tls`` its certificate is ``server.pem`` in the folder."""
    home = Path("/var/tmp") / f"firstline-dovecot-{os.getpid()}-{free_port()}"
    home.mkdir(mode=0o755)
    person = pwd.getpwnam(RUNS_AS) if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    group = subprocess.run(["id", "-gn", person.pw_name], capture_output=True, text=True, check=True).stdout.strip()
    certificates = ""
    if tls:
        shown = certificate(folder)
        certificates = f"ssl_cert = <{shown}\nssl_key = <{folder / 'server.key'}"
    for name in ("run", "state", "mail"):
        (home / name).mkdir()
        os.chown(home / name, person.pw_uid, person.pw_gid)
    server = Dovecot(home, tls_port=free_port() if tls else 0, capability=capability)
    words = {"folder": home, "user": person.pw_name, "group": group, "port": server.port, "tls_port": server.tls_port, "password": PASSWORD}
    text = CONFIGURATION.format(**words, ssl="yes" if tls else "no", certificates=certificates, capability=capability)
    (home / "dovecot.conf").write_text(text if capability else text.replace("imap_capability = \n", ""))
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
