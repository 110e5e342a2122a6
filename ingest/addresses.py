"""Which web addresses may be fetched: how they are written, whose hosts they name, and where those may lie."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
PORTS = {"http": 80, "https": 443}
LENGTH = 2_000
_URL = re.compile(r"(https?)://([a-z0-9.-]{1,253})(?::([0-9]{1,5}))?((?:[/?][!-\[\]-~]*)?)", re.IGNORECASE)
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

GLOBAL_V6 = IPv6Network("2000::/3")
NEVER: tuple[Network, ...] = tuple(
    ip_network(written)
    for written in (
        "168.63.129.16/32",  # a cloud's own services, at an address that is public everywhere else
        "192.88.99.0/24",  # relays of 6to4
        "2001::/23",  # Teredo and other protocols that carry an IPv4 address
        "2002::/16",  # 6to4
        "2001:db8::/32",
        "2620:4f:8000::/48",
        "3fff::/20",
        "::/8",  # IPv4 addresses inside IPv6 ones, NAT64 among them
        "fd00:ec2::/32",  # a cloud's metadata
        "100.100.100.200/32",
        "192.0.0.0/24",
    )
)
_ISATAP = (0x00005EFE, 0x02005EFE)


class FetchRefused(Exception):
    """The rules forbid to fetch this; no connection was made to what they forbid. The message says which rule."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be asked for: a plain host name, a port, and a path with its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The host, with its port unless it is the usual one."""
        return self.host if self.port == PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address in its one normal form."""
        return f"{self.scheme}://{self.authority}{self.path}"


def parse(url: str) -> Target:
    """Read an address, strictly: what is not plainly one is none. A fragment is dropped.

    Raises:
        FetchRefused: another scheme than http and https, a user or password, a number or a bare word for a host, white
            space, a backslash, letters outside ASCII, or more than 2,000 characters.
    """
    plain = url.partition("#")[0]
    found = _URL.fullmatch(plain) if len(plain) <= LENGTH else None
    if found is None:
        raise FetchRefused("is not a plain http or https address of a named host")
    scheme, host = found[1].lower(), found[2].lower()
    labels = host.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or _NUMBER.fullmatch(labels[-1]):
        raise FetchRefused("does not name its host by a full name")
    port = int(found[3]) if found[3] else PORTS[scheme]
    path = found[4] if found[4].startswith("/") else f"/{found[4]}"
    return Target(scheme, host, port, path)


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be fetched: ``hosts`` as ``name`` (usual ports) or ``name:port``; ``networks`` that are private and yet allowed."""

    hosts: frozenset[str]
    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, hosts: Collection[str], networks: Sequence[Network] = ()) -> Reach:
        """Return the reach over hosts in any case."""
        return cls(frozenset(host.lower() for host in hosts), tuple(networks))

    def target(self, url: str) -> Target:
        """Return where an address leads.

        Raises:
            FetchRefused: it is not plainly written, or its host and port are not on the list.
        """
        target = parse(url)
        if target.authority not in self.hosts:
            raise FetchRefused(f"{target.authority} is not among the hosts in FIRSTLINE_INGEST_HOSTS")
        return target

    def checked(self, host: str, addresses: Sequence[str]) -> tuple[str, ...]:
        """Return the addresses that a host has, if every one of them may be connected to.

        Raises:
            FetchRefused: there is none, or one of them is not public and in no allowed network.
        """
        for written in addresses:
            if not self.admits(written):
                raise FetchRefused(f"{host} leads to {written}, which is not a public address")
        if not addresses:
            raise FetchRefused(f"{host} has no address")
        return tuple(addresses)

    def admits(self, written: str) -> bool:
        """Say whether an address may be connected to. Loopback, link-local, metadata and carriers of other addresses never may."""
        try:
            address = ip_address(written)
        except ValueError:
            return False
        if _never(address):
            return False
        return _public(address) or (address.is_private and any(address in network for network in self.networks))


def _never(address: Address) -> bool:
    carries = isinstance(address, IPv6Address) and (address.scope_id or (int(address) >> 32) & 0xFFFFFFFF in _ISATAP)
    special = address.is_multicast or address.is_loopback or address.is_link_local or address.is_unspecified
    return bool(carries or special or any(address in network for network in NEVER))


def _public(address: Address) -> bool:
    return address.is_global and not address.is_reserved and (address.version == 4 or address in GLOBAL_V6)
