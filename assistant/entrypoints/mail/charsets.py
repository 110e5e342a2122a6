"""Bytes of a mail as text."""

from __future__ import annotations

import codecs
import re

_TEXTUAL = re.compile(
    r"utf-8|utf-8-sig|utf-16(-[lb]e)?|utf-32(-[lb]e)?|ascii|iso8859-\d+|iso2022_\w+|cp\d+|koi8-\w|gb2312|gbk|gb18030|big5(hkscs)?|euc_\w+|shift_jis\w*|tis-620|mac-\w+|hz"
)
"""What mails are written in. Other codecs of the library (idna, unicode_escape, ...) are for other things."""


def decoded(content: bytes, charset: str) -> str:
    """Return bytes as text in the charset that they claim; in UTF-8 or Windows-1252 where that is unknown or does not fit. Never fails."""
    for name in (charset, "utf-8"):
        try:
            codec = codecs.lookup(name.strip().strip("\"'")[:40])
            if _TEXTUAL.fullmatch(codec.name):
                return content.decode(codec.name)
        except (LookupError, ValueError):
            continue
    return content.decode("cp1252", "replace")
