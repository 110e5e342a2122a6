"""Which of a mail's words are its writer's own: without the mails that it quotes and without the signature.

Mail programs mark quotations in a few ways: lines that begin with ``>``, a line "On ... wrote:" before them, or a block of header fields
("From: ... Sent: ... Subject: ...") after which everything is an older mail. The words for these differ by language, so they are listed.
"""

from __future__ import annotations

import re

from assistant.entrypoints.mail.marks import FLAGS, mark

_ATTRIBUTION = re.compile(rf"(?:{mark('wrote')})\s*:", FLAGS | re.DOTALL)
_OLDER_MAIL = re.compile(rf"-{{2,}}\s*(?:{mark('older_mail')})\s*-{{2,}}", FLAGS)
_FIELD = re.compile(rf"[*\s]*(?:{mark('field')})[*\s]*:[*\s]*\S.*", FLAGS)
_SENDER_FIELD = re.compile(rf"[*\s]*(?:{mark('sender')})[*\s]*:", FLAGS)
_FIELDS_OF_A_HEAD = 3
_RULE = re.compile(r"[_\-=]{8,}")
_DELIMITER = re.compile(r"--[ \u00a0]?")
_DEVICE = re.compile(mark("device"), FLAGS)
_ATTRIBUTION_LINES = 3
_LAST_LINES = 4


def own_words(text: str) -> str:
    """Return the writer's own words.

    Answers between quoted lines are kept. Where a mail is nothing but an older one, as when it is forwarded without a word, that is
    returned without its marks: it is all that the person sent.
    """
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    kept = _without_device_line(_without_signature(_without_quotes(_before_older_mail(lines))))
    words = _joined(kept)
    return words or _joined([re.sub(r"^(?:>\s?)+", "", line) for line in lines if not _OLDER_MAIL.fullmatch(line.strip())])


def _before_older_mail(lines: list[str]) -> list[str]:
    for number, line in enumerate(lines):
        if _OLDER_MAIL.fullmatch(line.strip()) or _is_head(lines, number):
            end = number
            while end and (not lines[end - 1].strip() or _RULE.fullmatch(lines[end - 1].strip())):
                end -= 1
            return lines[:end]
    return lines


def _is_head(lines: list[str], number: int) -> bool:
    """Say whether a block of header fields of an older mail begins here: a sender and at least two others, line by line."""
    if not _SENDER_FIELD.match(lines[number]):
        return False
    following = [line for line in lines[number : number + 2 * _FIELDS_OF_A_HEAD] if line.strip()][:_FIELDS_OF_A_HEAD]
    return len(following) == _FIELDS_OF_A_HEAD and all(_FIELD.fullmatch(line) for line in following)


def _without_quotes(lines: list[str]) -> list[str]:
    """Drop quoted lines, and the attribution that stands directly before a quotation or at the very end."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        if not line.startswith(">"):
            kept.append(line)
        elif number == 0 or not lines[number - 1].startswith(">"):
            _drop_attribution(kept)
    _drop_attribution(kept)
    return kept


def _drop_attribution(kept: list[str]) -> None:
    """Drop the attribution at the end of what was kept so far; mail programs break it over up to three lines."""
    end = len(kept)
    while end and not kept[end - 1].strip():
        end -= 1
    for count in range(1, _ATTRIBUTION_LINES + 1):
        if end < count or not kept[end - count].strip():
            return
        if _ATTRIBUTION.fullmatch(" ".join(kept[end - count : end]).strip()):
            del kept[end - count :]
            return


def _without_signature(lines: list[str]) -> list[str]:
    """Cut from the delimiter of a signature on, unless everything would go."""
    for number, line in enumerate(lines):
        if _DELIMITER.fullmatch(line) and any(before.strip() for before in lines[:number]):
            return lines[:number]
    return lines


def _without_device_line(lines: list[str]) -> list[str]:
    """Drop what a phone puts under a mail."""
    filled = [number for number, line in enumerate(lines) if line.strip()][-_LAST_LINES:]
    drop = {number for number in filled if _DEVICE.fullmatch(lines[number].strip())}
    return [line for number, line in enumerate(lines) if number not in drop]


def _joined(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()
