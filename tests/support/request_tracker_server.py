"""Request Tracker 5 as Debian packages it, with a database of its own, for tests: made, seeded, started and ended by the test."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.service import free_port

ROOT = Path(__file__).parent.parent.parent
GUIDE = ROOT / "docs" / "guide" / "request-tracker.md"
SERVER = Path("/usr/share/request-tracker5/libexec/rt-server")
SETUP = "rt-setup-database-5"
START_SECONDS = 60.0
ORDINARY = "realtest"
ACCOUNT, ACCOUNT_EMAIL = "svc-firstline", "svc-firstline@desk.test"
PERSON, PERSON_PASSWORD = "root", "Test-only-person-1"
HOOK_SECRET = "test-only-hook-secret-0123456789"
KEY_FIELD = "Firstline Key"
QUEUES = ("IT", "Network")

SITE = """
Set($rtname, 'desk.test');
Set($Organization, 'desk.test');
Set($CorrespondAddress, 'rt@desk.test');
Set($CommentAddress, 'rt-comment@desk.test');
Set($OwnerEmail, 'root@desk.test');
Set($WebDomain, '127.0.0.1');
Set($WebPort, {port});
Set($WebPath, '');
Set($WebBaseURL, 'http://127.0.0.1:{port}');
Set($Timezone, 'America/New_York');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{home}/db/rt.sqlite');
Set($MailCommand, 'testfile');
Set($LogToSyslog, undef);
Set($LogToSTDERR, 'warning');
Set($WebSecureCookies, 0);
Set($RestrictReferrer, 1);
Set($BcryptCost, 4);
Set($FirstlineHook, '{hook}');
Set($FirstlineSecret, '{secret}');
$RT::MasonDataDir = '{home}/mason';
$RT::MasonSessionDir = '{home}/session';
$RT::VarPath = '{home}';
1;
"""


def missing() -> str:
    """Return why Request Tracker cannot be started here, "" when it can."""
    if shutil.which(SETUP) is None or not SERVER.exists():
        return "Debian's request-tracker5 with rt5-standalone, rt5-db-sqlite and starlet is not installed"
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(ORDINARY)
        except KeyError:
            return f"there is no ordinary user {ORDINARY} to run it as"
    return ""


@dataclass(frozen=True)
class RequestTracker:
    """A running Request Tracker: its address, the token of our account, and a client of a person who works there."""

    url: str
    token: str
    home: Path

    def person(self) -> httpx.Client:
        """Return a client that acts as the person who works tickets."""
        return httpx.Client(base_url=f"{self.url}/REST/2.0/", auth=(PERSON, PERSON_PASSWORD), timeout=30, trust_env=False)


def _as_ordinary(command: list[str], home: Path) -> tuple[list[str], dict[str, str]]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "RT_SITE_CONFIG": str(home / "RT_SiteConfig.pm"),
        "RT_SITE_CONFIG_DIR": str(home / "site.d"),
    }
    prefix = ["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--init-groups"] if os.geteuid() == 0 else []
    return [*prefix, *command], environment


def _ran(command: list[str], home: Path) -> str:
    whole, environment = _as_ordinary(command, home)
    done = subprocess.run(whole, env=environment, cwd=home, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-1500:]} {done.stderr[-1500:]}"
    return done.stdout


def guide_block(name: str) -> str:
    """Return a Perl script of the guide page, by the name in its first line."""
    blocks = re.findall(r"```perl\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    return next(block for block in blocks if block.startswith(f"# {name}"))


@contextlib.contextmanager
def request_tracker(hook: str = "") -> Iterator[RequestTracker]:
    """Run a fresh Request Tracker inside the block; it reports changes to ``hook`` with the scrip of the guide page, "" for nowhere."""
    home, port = Path(tempfile.mkdtemp(prefix="firstline-rt-")), free_port()
    process: subprocess.Popen[bytes] | None = None
    try:
        for folder in ("db", "site.d", "mason", "session", "log"):
            (home / folder).mkdir()
        (home / "RT_SiteConfig.pm").write_text(SITE.format(port=port, home=home, hook=hook, secret=HOOK_SECRET))
        (home / "setup.pl").write_text(guide_block("firstline-setup.pl"))
        (home / "scrip.pl").write_text(guide_block("firstline-scrip.pl"))
        (home / "person.pl").write_text(PERSON_SCRIPT)
        if os.geteuid() == 0:
            _hand_over(home)
        _ran([SETUP, "--action", "init", "--skip-create", "--dba", "", "--dba-password", ""], home)
        _ran(["perl", "person.pl"], home)
        token = _ran(["perl", "setup.pl", *QUEUES], home).strip().splitlines()[-1]
        if hook:
            _ran(["perl", "scrip.pl"], home)
        process = _started(home, port)
        yield RequestTracker(f"http://127.0.0.1:{port}", token, home)
    finally:
        if process is not None:
            _ended(process)
        shutil.rmtree(home, ignore_errors=True)


PERSON_SCRIPT = f"""
use strict; use warnings; use lib '/usr/share/request-tracker5/lib';
use RT -init;
my $person = RT::User->new(RT->SystemUser);
$person->Load('{PERSON}');
my ($ok, $message) = $person->SetPassword('{PERSON_PASSWORD}');
die $message unless $ok;
for my $name (qw({" ".join(QUEUES)})) {{
    my $queue = RT::Queue->new(RT->SystemUser);
    ($ok, $message) = $queue->Create(Name => $name);
    die $message unless $ok;
}}
my $field = RT::CustomField->new(RT->SystemUser);
($ok, $message) = $field->Create(Name => 'Category', Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket');
die $message unless $ok;
($ok, $message) = $field->AddToObject(RT::Queue->new(RT->SystemUser));
die $message unless $ok;
"""


def _hand_over(home: Path) -> None:
    owner = pwd.getpwnam(ORDINARY)
    for path in (home, *home.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid)


def _started(home: Path, port: int) -> subprocess.Popen[bytes]:
    command = [str(SERVER), "--host", "127.0.0.1", "--port", str(port), "--max-workers", "2", "--env", "deployment"]
    whole, environment = _as_ordinary(command, home)
    with (home / "log" / "server.log").open("ab") as log:
        process = subprocess.Popen(whole, env=environment, cwd=home, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"http://127.0.0.1:{port}/", timeout=5, trust_env=False).status_code < 500:
                return process
        assert process.poll() is None, (home / "log" / "server.log").read_text()[-1500:]
        time.sleep(0.1)
    _ended(process)
    raise AssertionError("Request Tracker did not start: " + (home / "log" / "server.log").read_text()[-1500:])


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
