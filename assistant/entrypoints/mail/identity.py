"""Whom a mail is from, as far as the receiving mail server vouches for it.

A From line is written by the sender and proves nothing. What counts is the verdict that our own mail server put on top of the mail
(``Authentication-Results``, RFC 8601): it names the server, and says for which domain DMARC, DKIM or SPF passed. Fields further down may
have come with the mail and never count. Whoever is not vouched for is a stranger.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from assistant.domain.configuration import Person
from assistant.entrypoints.mail.reading import Mail

MOST_ADDRESS = 254
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
_FROM = re.compile(r'\s*(?:"(?:[^"\\]|\\.)*"|[^"<>@,;:()\\\[\]]*)\s*<\s*([^<>\s]+)\s*>\s*')
_RESULT = re.compile(r"\s*([a-z][a-z0-9-]*)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)(.*)", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r"(?<!\S)(smtp|header|policy|body)\s*\.\s*([a-z0-9-]+)\s*=\s*(\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose verdicts count: the name that our mail server gives itself, and how many fields with it that server puts on top of each mail."""

    server: str
    fields: int = 1


def address_of(mail: Mail) -> str:
    """Return the one address in From, in small letters; "" where there are none or several, or it is anything but a plain one."""
    stated = mail.one("from")
    found = _FROM.fullmatch(stated)
    address = found.group(1) if found is not None else stated.strip()
    return address.lower() if len(address) <= MOST_ADDRESS and _ADDRESS.fullmatch(address) else ""


def vouched(mail: Mail, address: str, trust: Trust) -> bool:
    """Say whether our mail server vouches that a mail comes from the domain of an address.

    DMARC passed for exactly that domain; or DMARC did not fail, and DKIM (``header.d``) or SPF (``smtp.mailfrom``) passed for exactly it.
    """
    domain = address.rpartition("@")[2]
    if not (trust.server and domain):
        return False
    results = [result for field in mail.all("authentication-results")[: trust.fields] for result in _results(field, trust.server)]
    dmarc = [(result, domains) for method, result, domains in results if method == "dmarc"]
    if any(result not in ("pass", "none") for result, _ in dmarc):
        return False
    if any(result == "pass" for result, _ in dmarc):
        return all(result == "pass" and domains.get("header.from") == domain for result, domains in dmarc)
    named = {"dkim": "header.d", "spf": "smtp.mailfrom"}
    return any(result == "pass" and facts.get(named.get(method, "")) == domain for method, result, facts in results)


def person_of(mail: Mail, people: Iterable[Person], trust: Trust) -> Person | None:
    """Return the person whose mail this is: vouched for, sent by nobody else, and the address of exactly one person. Else None."""
    address = address_of(mail)
    sender = mail.all("sender")
    if not address or (sender and _one_address(sender) != address) or not vouched(mail, address, trust):
        return None
    found = [person for person in people if person.email.lower() == address]
    return found[0] if len(found) == 1 else None


def _one_address(values: list[str]) -> str:
    found = _FROM.fullmatch(values[0])
    return (found.group(1) if found is not None else values[0].strip()).lower() if len(values) == 1 else ""


def _results(field: str, server: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Return the results of a field of our server, each with its method and the domains that it is about; none when it cannot be read for sure."""
    parts = _split(field)
    if not parts or parts[0].split()[:1] != [server] or parts[0].split()[1:] not in ([], ["1"]):
        return
    for part in parts[1:]:
        found = _RESULT.fullmatch(part)
        if found is None:
            continue
        facts = [(f"{kind}.{name}".lower(), value) for kind, name, value in _PROPERTY.findall(found.group(3))]
        if len({name for name, _ in facts}) < len(facts):
            continue  # the same property twice: nobody can tell which is meant
        yield found.group(1).lower(), found.group(2).lower(), {name: _domain(value) for name, value in facts}


def _domain(value: str) -> str:
    return value.rpartition("@")[2].rstrip(".").lower()


def _split(field: str) -> list[str]:
    """Return a field's parts between semicolons, without comments; a quoted string stands as one word that is no domain. [] when it is malformed."""
    parts, depth, position = [""], 0, 0
    while position < len(field):
        character = field[position]
        if character == "\\" and depth:
            position += 1
        elif character == '"' and not depth:
            end = _end_of_quotation(field, position)
            if end < 0:
                return []
            parts[-1] += "?quoted?"
            position = end
        elif character in "()":
            depth += 1 if character == "(" else -1
            parts[-1] += " "
        elif not depth:
            parts = [*parts, ""] if character == ";" else [*parts[:-1], parts[-1] + character]
        if depth < 0:
            return []
        position += 1
    return [part.strip() for part in parts] if not depth else []


def _end_of_quotation(field: str, start: int) -> int:
    found = re.compile(r'"(?:[^"\\]|\\.)*"').match(field, start)
    return found.end() - 1 if found is not None else -1
