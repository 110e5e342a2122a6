"""The system that a client says it runs on: a hint for people whose devices are not known, never a right."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kb.model import Platform

# In this order: an Android phone also says Linux, an iPhone also says Mac OS X.
_SIGNS = (
    (Platform.ANDROID, re.compile(r"\bandroid\b", re.IGNORECASE)),
    (Platform.IOS, re.compile(r"\b(?:iphone|ipad|ipod|ios|ipados)\b", re.IGNORECASE)),
    (Platform.WINDOWS, re.compile(r"\b(?:windows|win32|win64)\b", re.IGNORECASE)),
    (Platform.MACOS, re.compile(r"\b(?:macos|macintosh|mac os x|macintel)\b", re.IGNORECASE)),
    (Platform.LINUX, re.compile(r"\b(?:linux|ubuntu)\b", re.IGNORECASE)),
)


def platform_hint(told: str, headers: Mapping[str, str]) -> str:
    """Return the platform that the widget told, else that of ``Sec-CH-UA-Platform``, else of ``User-Agent``; "" when none says it."""
    for words in (told, headers.get("sec-ch-ua-platform", ""), headers.get("user-agent", "")):
        for platform, sign in _SIGNS:
            if sign.search(words):
                return platform.value
    return ""
