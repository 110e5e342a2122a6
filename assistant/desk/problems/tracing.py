"""What a ticket, or a question, is about: application, error codes, site, and whether something is broken or somebody wants to know something."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from assistant.domain.configuration import Service
from assistant.domain.problem import FAULT, WISH, Trace
from assistant.domain.ticket import ASSISTANT, Ticket

MOST = 6
"""More codes than this in one ticket are a log, not an error."""
NAME_LENGTH = 120
SPEAKER = "Firstline"
"""Whose lines of a transcript are not the person's."""
_CODES = re.compile(
    r"\b(?P<hex>0x[0-9a-f]{4,16})\b"
    r"|\bhttp(?: status| error)?[ :]{0,2}(?P<http>[45]\d\d)\b"
    r"|\b(?P<plain>[45]\d\d) (?:error|not found|forbidden|unauthori[sz]ed|internal|bad gateway|service unavailable|gateway timeout)\b"
    r"|\b(?:error|err|code|fehler|erreur|errore|erro|fout|fel|b[łl][ąa]d)(?: code| number| nr\.?| no\.?)?[:# ]{1,3}"
    r"(?P<number>-?\d{2,6}(?:[-.:]\d{1,6})*|[a-z]{1,8}[-_]?\d{1,6}[a-z]?)\b"
    r"|\b(?P<snake>(?:[a-z]{2,}_)+(?:error|failed|failure|denied|refused|timeout|exception|invalid|expired|missing)(?:_[a-z]+)*"
    r"|(?:err|net|dns|ssl|sec|stop)_[a-z_]{4,40})\b"
    r"|\b(?P<mixed>(?-i:[A-Z]{2,10})[-_]?\d{3,7}(?-i:[A-Z])?)\b",
    re.IGNORECASE,
)
_NOT_CODES = re.compile(r"(?:WIN(?:DOWS)?|OFFICE|M|MS|USB|MP|IOS|COVID|ISO|RFC|UTF|SHA|AES|DELL|HP|XP|PC)[-_]?\d+[A-Z]?", re.IGNORECASE)
_ACRONYM = re.compile(r"(?<![\w-])[A-Z][A-Z0-9]{1,5}(?![\w-])")
_NO_NAMES = frozenset(
    {
        *("IT", "PC", "HR", "OK", "FYI", "ASAP", "PDF", "USB", "ID", "URL", "CPU", "RAM", "SSD", "LAN", "WLAN", "DNS", "IP", "HTTP", "HTTPS"),
        *("SSL", "TLS", "HTML", "CSV", "XML", "API", "GPU", "TV", "AM", "PM", "CET", "UTC", "EU", "UK", "US", "CEO", "CFO", "PLEASE", "HELP"),
        *("NOT", "AND", "THE", "IS", "IN", "ON", "NO", "YES", "NOW", "CAN", "MY", "URGENT", "DOWN", "ALL", "FAQ", "EOD", "MFA", "OTP", "PIN"),
        *("PUK", "KB", "MB", "GB", "OS", "AD", "VIP", "II", "III", "AGAIN", "STILL"),
    }
)
"""Capitals that name no application."""
_WISH = re.compile(
    r"\bhow (?:do|can|could|should|would|to|does one)\b|\bwhere (?:do|can|could|should|would|is|are)\b"
    r"|\b(?:can|could|may) (?:i|we|you|somebody|someone) (?:please )?"
    r"(?:get|have|request|order|install|add|set up|give|show|explain|create|share)\b"
    r"|\b(?:i|we) (?:need|want|would like|'d like) (?:a|an|access|permission|new|more|another"
    r"|to (?:get|have|order|request|install|learn|know|set up|share)|help (?:with )?(?:setting|installing))\b"
    r"|\b(?:please )?(?:give|grant) (?:my|me|him|her|them|us|the|our|a)\b.{0,40}\b(?:access|rights?|permissions?|licen[cs]e)\b"
    r"|\b(?:request|requesting|order|apply|licen[cs]e) (?:for|a|an|new|access)\b"
    r"|\b(?:training|tutorial|guide|instructions|documentation) (?:for|on|about)\b"
    r"|^(?:what|which|who|when) (?:is|are|does|do|can|should|will)\b(?!.{0,60}\b(?:down|wrong|broken|working|happening)\b)",
    re.IGNORECASE,
)
_FAULT = re.compile(
    r"\b(?:down|error\w*|fail\w*|can(?:not|'t|’t)|can not|could(?:n't| not)|unable|not working|does(?:n't| not)|do(?:n't| not) work"
    r"|is(?:n't| not)|won'?t|wouldn'?t|stop(?:s|ped)|slow\w*|crash\w*|fr[eo]ez\w*|froze\w*|hang\w*|hung|stuck|broken?|timeout\w*"
    r"|times? out|timed out|offline|outage|unavailable|disconnect\w*|drop(?:s|ped|ping)|denied|refus\w*|reject\w*|lost|missing|blank"
    r"|corrupt\w*|wrong|problem\w*|issue\w*|trouble|unreachable|no longer|nothing happens)\b"
    r"|\b[45]\d\d\b",
    re.IGNORECASE,
)


def error_codes(texts: Iterable[str], but: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the error codes in what people wrote, as they are compared: each once, HTTP statuses named as such; names in ``but``, as of the person's
    devices, are none."""
    found: dict[str, None] = {}
    others = {name.casefold() for name in but}
    for text in texts:
        for match in _CODES.finditer(text):
            status = match["http"] or match["plain"]
            code = f"HTTP {status}" if status else match["hex"] or match["number"] or match["snake"] or match["mixed"]
            if not status and (_NOT_CODES.fullmatch(code) or code.casefold() in others):
                continue
            found.setdefault(code.lower() if match["hex"] else code.upper() if not match["snake"] else code, None)
    codes = [code for code in found if not (code.isdigit() and f"HTTP {code}" in found)]
    return tuple(f"HTTP {code}" if code.isdigit() and len(code) == 3 and code[0] in "45" else code for code in codes)[:MOST]


def manner_of(text: str) -> str:
    """Say whether a text reports that something is broken (``FAULT``), or asks how to do or get something (``WISH``); "" when neither shows.

    Read in English. Who asks how to get rid of an error reports the error.
    """
    wish, fault = _WISH.search(text) is not None, _FAULT.search(text) is not None
    return FAULT if fault else WISH if wish else ""


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads what a text is about. ``applications`` finds the names of common ones, ``english`` gives a text as the patterns read it."""

    services: Callable[[], Sequence[Service]]
    applications: Callable[[Iterable[str]], Sequence[str]]
    english: Callable[[str], str]
    embed: Callable[[str], tuple[float, ...]]

    def service_of(self, texts: Sequence[str], category: str = "") -> str:
        """Return the service or application that is named: one of the organisation's before a common one, else an acronym, else the only one
        of the category; "" when none is."""
        whole = "\n".join(texts)
        services = list(self.services())
        named = next((one.name for one in services if any(_names(part, whole) for part in (one.id, *_parts(one.name)))), "")
        if named:
            return named[:NAME_LENGTH]
        known = next(iter(self.applications(texts)), "")
        own = [one.name for one in services if category and one.category == category]
        return (known or _acronym(texts) or (own[0] if len(own) == 1 else ""))[:NAME_LENGTH]

    def trace(self, ticket: Ticket, vector: Sequence[float], site: str, devices: Sequence[str] = ()) -> Trace:
        """Return what a ticket is about, by what its person wrote; ``vector`` is the one it came with, () to make one now, and
        ``devices`` are the names of the person's devices."""
        said = words_of(ticket)
        codes = error_codes(said, devices)
        made = tuple(vector) or self.embed(self.english(ticket.subject))
        service = self.service_of(said, ticket.category)
        manner = manner_of(self.english("\n".join(said)))
        person = "" if ticket.requester == ASSISTANT else ticket.requester
        return Trace(ticket.id, person, ticket.opened_at, service, ticket.category, codes, site, manner, made)


def words_of(ticket: Ticket) -> list[str]:
    """Return what the requester wrote, the subject first."""
    said = [words for who, words, _ in ticket.body.transcript if who != SPEAKER]
    return [ticket.subject, *(said or [ticket.body.summary])]


def _parts(name: str) -> list[str]:
    """Return a service's name and the names in it: "OneDrive and SharePoint" is called by either."""
    parts = [part.strip() for part in re.split(r"\s+(?:and|und|och|et|y|e|en|i)\s+|[/,&+]", name)]
    return [name, *(part for part in parts if len(part) > 3 and part != name)]


def _names(name: str, text: str) -> bool:
    pattern = re.escape(name).replace(r"\-", "[- ]?")
    return bool(name) and re.search(rf"(?<![\w]){pattern}(?![\w])", text, re.IGNORECASE) is not None


def _acronym(texts: Sequence[str]) -> str:
    for text in texts:
        if text.isupper():
            continue
        found = next((one for one in _ACRONYM.findall(text) if one not in _NO_NAMES and not one.isdigit()), "")
        if found:
            return found
    return ""
