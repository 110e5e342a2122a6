"""Takes secrets and personal numbers out of text before it is kept for readers other than the conversation's own."""

from __future__ import annotations

import re
from collections.abc import Callable

_NAMES = r"(?:pass(?:word|wort|code|phrase)?|pwd|kennwort|mot de passe|contrase\w+|\b(?:pin|secret|otp)|{ordinary_codes}\bcode)".format(
    ordinary_codes="".join(f"(?<!{kind} )" for kind in ("error", "exit", "status", "stop", "bug check", "qr", "bar", "area", "postal", "country"))
)
_ORDINARY = (
    "a|an|the|my|not|no|never|now|about|going|too|very|still|also|always|already|only|just|being|in|on|at|to|for|from|by|with|what|where|when|how|why|"
    "which|expired|expiring|wrong|incorrect|invalid|right|correct|locked|blocked|disabled|needed|required|missing|lost|gone|forgotten|rejected|"
    "refused|denied|accepted|changed|reset|sent|unknown|empty|used|asked|weak|old|new|different|same|longer|shorter|working|set|saved|stored|shown|"
    "synced|due|ok|okay|fine|abgelaufen|falsch|gesperrt|vergessen|nicht|expiré|oublié"
)
"""What people say of a password, which is none."""


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def _card(found: re.Match[str]) -> str:
    return "[card number]" if _luhn(re.sub(r"\D", "", found.group())) else found.group()


_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S), "[private key]"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), "[token]"),
    (re.compile(r"\b(?:sk|pk|ghp|gho|xox[abp]|glpat|AKIA)[-_A-Za-z0-9]{12,}"), "[token]"),
    (re.compile(r"(?<![\w/+])(?=[^\s]*[a-z])(?=[^\s]*[A-Z])(?=[^\s]*\d)[A-Za-z0-9/+]{40}(?![\w/+])"), "[token]"),
    (re.compile(r"\b\d{6}(?:-\d{6}){7}\b"), "[code]"),
    (re.compile(r"\b(?=[\d-]*[A-Z])[A-Z0-9]{4,5}(?:-[A-Z0-9]{4,5}){2,}+\b"), "[code]"),
    (re.compile(rf"(?i)({_NAMES}\s*[:=]\s*)(\S+)"), r"\1[secret]"),
    (re.compile(rf"(?i)({_NAMES}\s+(?:is|was|ist|war|est|es)\b\s*(?:[:=]\s*)?)(?!(?:{_ORDINARY})\b)(\S+)"), r"\1[secret]"),
    (re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+\b"), "[e-mail]"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"), "[account number]"),
    (re.compile(r"\b\d(?:[ -]?\d){12,18}\b"), _card),
    (re.compile(r"\b\d{3}-\d{2}-\d{4}\b|\b\d{6,8}[-+]\d{4}\b"), "[personal number]"),
    (re.compile(r"(?<![\w.])\+\d[\d ()/.-]{7,}\d"), "[phone number]"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"), "[address]"),
)


def redact(text: str) -> str:
    """Return the text with what looks like a secret, an address or a personal number replaced by its kind in brackets."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
