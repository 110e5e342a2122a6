"""Takes secrets and personal numbers out of text before it is kept for readers other than the conversation's own."""

from __future__ import annotations

import re

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S), "[private key]"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), "[token]"),
    (re.compile(r"\b(?:sk|pk|ghp|gho|xox[abp]|glpat|AKIA)[-_A-Za-z0-9]{12,}"), "[token]"),
    (
        re.compile(
            r"(?i)((?:pass(?:word|wort|code|phrase)?|pwd|pin|kennwort|mot de passe|contrase\w+|secret|otp|code)\s*(?:is|was|ist|est|es|:|=)\s*)(\S+)"
        ),
        r"\1[secret]",
    ),
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"), "[e-mail]"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"), "[account number]"),
    (re.compile(r"\b(?:\d[ -]?){13,19}\b"), "[card number]"),
    (re.compile(r"\b\d{3}-\d{2}-\d{4}\b|\b\d{6,8}[-+]\d{4}\b"), "[personal number]"),
    (re.compile(r"(?<![\w.])\+\d[\d ()/.-]{7,}\d"), "[phone number]"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"), "[address]"),
)


def redact(text: str) -> str:
    """Return the text with what looks like a secret, an address or a personal number replaced by its kind in brackets."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
