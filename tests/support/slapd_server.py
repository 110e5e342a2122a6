"""Debian's slapd for tests: a server of its own on loopback, with password policy, group overlays, TLS and a service account of limited rights."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ldap3
import pytest

from tests.support.service import free_port

SLAPD, SLAPADD = "/usr/sbin/slapd", "/usr/sbin/slapadd"
SCHEMAS, MODULES = "/etc/ldap/schema", "/usr/lib/ldap"
SUFFIX = "dc=example,dc=test"
PEOPLE, GROUPS, CLOSED_GROUPS = f"ou=people,{SUFFIX}", f"ou=groups,{SUFFIX}", f"ou=privileged,{SUFFIX}"
ADMIN, ADMIN_PASSWORD = f"cn=admin,{SUFFIX}", "admin-test-only"
SERVICE, SERVICE_PASSWORD = f"cn=firstline,ou=services,{SUFFIX}", "service-test-only"
HALF, HALF_PASSWORD = f"cn=half,ou=services,{SUFFIX}", "half-test-only"
"""May set passwords, but not demand that they are changed."""
FIRST_PASSWORD = "Start-of-all-1"
MOST_FAILURES = 3
START_SECONDS = 10.0

CONFIGURATION = """
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/inetorgperson.schema
modulepath {modules}
moduleload back_mdb
moduleload ppolicy
moduleload memberof
moduleload refint
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
{extra}
sizelimit size.soft=100 size.hard=100 size.pr=100 size.prtotal=unlimited
database mdb
maxsize 67108864
suffix "{suffix}"
rootdn "{admin}"
rootpw {admin_password}
directory {folder}/rows
index objectClass eq
index uid,mail,cn,member eq
limits dn.exact="{service}" size.soft=100 size.hard=100 size.pr=100 size.prtotal=unlimited
overlay memberof
overlay refint
refint_attributes member memberof manager
overlay ppolicy
ppolicy_default "cn=default,ou=policies,{suffix}"
ppolicy_use_lockout
ppolicy_hash_cleartext
access to attrs=userPassword by dn.exact="{service}" write by dn.exact="{half}" write by self write by anonymous auth by * none
access to attrs=pwdReset by dn.exact="{service}" manage by users read
access to attrs=pwdAccountLockedTime by dn.exact="{service}" manage by users read
access to dn.exact="cn=read-only,{groups}" by users read by * none
access to dn.subtree="{groups}" attrs=member by dn.exact="{service}" write by users read by * none
access to dn.base="ou=people,{suffix}" attrs=children by dn.exact="{service}" write by users read by * none
access to dn.one="ou=people,{suffix}" attrs=entry by dn.exact="{service}" write by users read by * none
access to * by users read by anonymous auth by * none
"""

SEED = """
dn: {suffix}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ou=people,{suffix}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{suffix}
objectClass: organizationalUnit
ou: groups

dn: ou=privileged,{suffix}
objectClass: organizationalUnit
ou: privileged

dn: ou=services,{suffix}
objectClass: organizationalUnit
ou: services

dn: ou=policies,{suffix}
objectClass: organizationalUnit
ou: policies

dn: cn=default,ou=policies,{suffix}
objectClass: pwdPolicy
objectClass: device
cn: default
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: {failures}
pwdLockoutDuration: 0
pwdMinLength: 8
pwdCheckQuality: 2
pwdInHistory: 3
pwdMustChange: TRUE

dn: {service}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: firstline
userPassword: {service_password}

dn: {half}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: half
userPassword: {half_password}
"""


def installed() -> str:
    """Return why slapd cannot be run here, "" when it can."""
    missing = [path for path in (SLAPD, SLAPADD, f"{MODULES}/ppolicy.so", f"{SCHEMAS}/core.schema") if not Path(path).exists()]
    missing += [] if shutil.which("openssl") else ["openssl"]
    return f"slapd is not installed (Debian: apt-get install slapd openssl); missing: {', '.join(missing)}" if missing else ""


def certificate(folder: Path) -> Path:
    """Make a certificate for 127.0.0.1 and its key in a folder, and return the certificate, which is its own authority."""
    made, key = folder / "server.pem", folder / "server.key"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key), "-out", str(made), *names]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return made


def person_dn(uid: str) -> str:
    """Return the name of a person's entry."""
    return f"uid={uid},{PEOPLE}"


def group_dn(name: str, base: str = GROUPS) -> str:
    """Return the name of a group's entry."""
    return f"cn={name},{base}"


@dataclass
class Slapd:
    """One server; it may be stopped and started again over the same rows."""

    folder: Path
    port: int = field(default_factory=free_port)
    tls_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers without TLS, and with StartTLS."""
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        """Where it answers with TLS from the first byte."""
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def tls_url_of_no_name(self) -> str:
        """The same, under an address that its certificate does not name."""
        return f"ldaps://127.0.0.2:{self.tls_port}"

    @property
    def authority(self) -> Path:
        """The certificate that signs its own."""
        return self.folder / "server.pem"

    def prepare(self, extra: str = "") -> None:
        """Write configuration, certificate and the first entries."""
        names = {"suffix": SUFFIX, "admin": ADMIN, "service": SERVICE, "half": HALF, "groups": GROUPS}
        passwords = {"admin_password": ADMIN_PASSWORD, "service_password": SERVICE_PASSWORD, "half_password": HALF_PASSWORD}
        places = {"schemas": SCHEMAS, "modules": MODULES, "folder": self.folder, "extra": extra, "failures": MOST_FAILURES}
        (self.folder / "rows").mkdir()
        certificate(self.folder)
        (self.folder / "slapd.conf").write_text(CONFIGURATION.format(**names, **passwords, **places))
        (self.folder / "seed.ldif").write_text(SEED.format(**names, **passwords, **places).lstrip())
        command = [SLAPADD, "-f", str(self.folder / "slapd.conf"), "-l", str(self.folder / "seed.ldif")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            places = f"{self.url}/ {self.tls_url}/ {self.tls_url_of_no_name}/"
            command = [SLAPD, "-f", str(self.folder / "slapd.conf"), "-h", places, "-d", "0"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            assert self.process.poll() is None, f"slapd ended: {(self.folder / 'log').read_text()[-2000:]}"
            try:
                self.admin().unbind()
                return
            except ldap3.core.exceptions.LDAPException:
                time.sleep(0.02)
        raise AssertionError("slapd did not start")

    def stop(self) -> None:
        """End it at once."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(START_SECONDS)

    def admin(self) -> Any:
        """Return a connection that may do everything."""
        return ldap3.Connection(ldap3.Server("127.0.0.1", port=self.port), ADMIN, ADMIN_PASSWORD, auto_bind=True, raise_exceptions=True)

    def add(self, dn: str, kind: str, **attributes: Any) -> None:
        """Add an entry."""
        connection = self.admin()
        connection.add(dn, kind, attributes)
        connection.unbind()

    def change(self, dn: str, **attributes: Any) -> None:
        """Replace attributes of an entry; [] removes one."""
        connection = self.admin()
        connection.modify(dn, {name: [(ldap3.MODIFY_REPLACE, value)] for name, value in attributes.items()})
        connection.unbind()

    def add_person(self, uid: str, name: str, **attributes: Any) -> None:
        """Add somebody who can sign in with the first password."""
        self.add(person_dn(uid), "inetOrgPerson", cn=name, sn=name.split()[-1], userPassword=FIRST_PASSWORD, **attributes)

    def add_group(self, name: str, *members: str, base: str = GROUPS) -> None:
        """Add a group; one of no people has the administrator in it, because an empty one is not allowed."""
        self.add(group_dn(name, base), "groupOfNames", member=[ADMIN, *map(person_dn, members)])

    def signs_in(self, uid: str, password: str) -> bool:
        """Say whether somebody can sign in with a password."""
        connection = ldap3.Connection(ldap3.Server("127.0.0.1", port=self.port), person_dn(uid), password)
        found = bool(connection.bind())
        connection.unbind()
        return found

    def lock(self, uid: str) -> None:
        """Give wrong passwords until the account is locked."""
        for _ in range(MOST_FAILURES):
            assert not self.signs_in(uid, "wrong")


@contextmanager
def running_slapd(folder: Path, extra: str = "") -> Iterator[Slapd]:
    """A server inside the block; where slapd is not installed the test is skipped with the reason."""
    why = installed()
    if why:
        pytest.skip(why)
    server = Slapd(folder)
    server.prepare(extra)
    server.start()
    try:
        yield server
    finally:
        server.stop()
