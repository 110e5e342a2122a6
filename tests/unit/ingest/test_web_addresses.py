"""Which addresses may be fetched."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from ingest.addresses import FetchRefused, Reach, parse

HOSTS = Reach.of(["help.example.org", "Wiki.example.org:8443"])


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://help.example.org", "https://help.example.org/"),
        ("HTTPS://Help.Example.ORG:443/A?b=c#d", "https://help.example.org/A?b=c"),
        ("http://help.example.org?q=1", "http://help.example.org/?q=1"),
        ("https://wiki.example.org:8443/x", "https://wiki.example.org:8443/x"),
    ],
)
def test_a_plain_address_has_one_normal_form(written: str, url: str) -> None:
    assert HOSTS.target(written).url == url


@pytest.mark.parametrize(
    "written",
    [
        "ftp://help.example.org/",
        "file:///etc/passwd",
        "//help.example.org/",
        "https:help.example.org",
        "https://user@help.example.org/",
        "https://help.example.org@evil.example/",
        "https://help.example.org\\@evil.example/",
        "https://help.example.org /",
        "https://help.example.org/\r\nHost: evil",
        "https://help.example.org/a\tb",
        "https://help\u3002example.org/",
        "https://\u2460\u2461\u2466.0.0.1/",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.0.0.0x1/",
        "http://a.0x7f000001/",
        "http://[::1]/",
        "http://localhost/",
        "http://help.example.org./",
        "http://-help.example.org/",
        "http://help..example.org/",
        "http://help.example.org:/",
        "http://help.example.org:999999/",
        "https://help.example.org:22/",
        "https://wiki.example.org/",
        "https://evil.example/",
        "https://help.example.org.evil.example/",
        "https://help.example.org/" + "a" * 2_000,
    ],
)
def test_what_is_not_plainly_an_address_on_the_list_is_refused(written: str) -> None:
    with pytest.raises(FetchRefused):
        HOSTS.target(written)


@pytest.mark.parametrize("written", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"])
def test_public_addresses_are_admitted(written: str) -> None:
    assert HOSTS.admits(written)


NOT_PUBLIC = """
0.0.0.0 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192
192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::7f00:1 ::ffff:10.0.0.1 ::ffff:93.184.216.34 ::ffff:0:10.0.0.1 64:ff9b::a00:1 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:a00:1::1 3fff::1
5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 2606:4700::5efe:10.0.0.1 2606:4700::200:5efe:10.0.0.1
not-an-address help.example.org
"""


@pytest.mark.parametrize("written", NOT_PUBLIC.split())
def test_every_other_address_is_refused(written: str) -> None:
    assert not HOSTS.admits(written)


def test_an_allowed_private_network_opens_nothing_that_is_never_a_web_site() -> None:
    everything = Reach.of(["help.example.org"], [ip_network("0.0.0.0/0"), ip_network("::/0")])
    assert everything.admits("10.1.2.3")
    assert everything.admits("fd12::1")
    for written in ("127.0.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "::1", "::ffff:10.0.0.1", "fe80::1", "fd00:ec2::254", "168.63.129.16"):
        assert not everything.admits(written), written
    narrow = Reach.of(["help.example.org"], [ip_network("10.1.0.0/16")])
    assert (narrow.admits("10.1.2.3"), narrow.admits("10.2.0.1")) == (True, False)


def test_one_bad_address_among_good_ones_refuses_the_host() -> None:
    assert HOSTS.checked("help.example.org", ["1.1.1.1", "2606:4700:4700::1111"]) == ("1.1.1.1", "2606:4700:4700::1111")
    for found in ([], ["1.1.1.1", "10.0.0.1"], ["::ffff:1.1.1.1"]):
        with pytest.raises(FetchRefused):
            HOSTS.checked("help.example.org", found)


def test_a_refusal_says_which_rule_it_was() -> None:
    with pytest.raises(FetchRefused, match="FIRSTLINE_INGEST_HOSTS"):
        HOSTS.target("https://other.example.org/")
    with pytest.raises(FetchRefused, match="not a plain http or https"):
        parse("gopher://help.example.org/")
