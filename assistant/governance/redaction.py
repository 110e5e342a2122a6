"""Takes secrets and personal numbers out of text: before it is stored, logged, indexed or read by a model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from assistant.governance.credentials import PRIVATE_KEY, Found, credentials_in
from assistant.governance.numbers import payments_in, personal_numbers_in
from assistant.governance.passwords import passwords_in

WINDOW, OVERLAP = 8_000, 400
_SPACE = re.compile(r"\s")
_ROLES = (
    r"(?:it|info|help|helpdesk|help-desk|service-?desk|support|its?-?support|it-?help|contact|admin|administrator|root|postmaster|"
    r"webmaster|hostmaster|abuse|security|noreply|no-reply|do-?not-?reply|"
    r"donotreply|mailer-daemon|sales|hr|office|accounts|billing|feedback|privacy|legal|press|jobs|git|user|users|username|user\.?name|"
    r"name|your\.?name|youremail|your-?email|you|someone|somebody|"
    r"netid|your\.?netid|yournetid|your_?netid|uniqname|example|email|mail|test|first\.?name\.?last\.?name|first\.last|"
    r"firstname\.surname|xxx+|abc|me|team|all|everyone|list|listname|desk|query|servicecentre|service)"
)
_EMAIL = re.compile(
    rf"(?<![\w.+/:-])(?!{_ROLES}@)(?:mailto:)?([\w+-][\w.+'-]{{0,63}}@[A-Za-z0-9][\w-]{{0,62}}(?:\.[\w-]{{1,63}}){{0,6}}\.[A-Za-z]{{2,24}})(?![\w@])",
    re.IGNORECASE,
)
_INTERNATIONAL = re.compile(
    r"(?<![\w.+])(?:\+|(?<!\d )00(?=[1-9]\d?[ -]))[1-9](?:[ ./-]?(?:\(\d{1,4}\)[ ./-]?)?\d){7,13}(?![\w]|[.-]\d)|(?<![\w.+])\+\d{1,3} "
    r"?\(\d{1,4}\)[ ./-]?\d(?:[ ./-]?\d){4,10}(?!\w)"
)
_AMERICAN = re.compile(
    r"(?<![\w.+/-])(?:1[ .-])?(?:\((?!8(?:00|88|77|66|55|44|33|22))[2-9]\d{2}\) ?|(?!8(?:00|88|77|66|55|44|33|"
    r"22))[2-9]\d{2}[-.])[2-9]\d{2}[-.]\d{4}(?![\w-])"
)
_NAMED_PHONE = re.compile(
    r"(?<!\w)(?:call(?: me)?|ring(?: me)?|phone|mobile|cell(?:phone)?|tel(?:\.|ephone)?|text me|whatsapp|signal|reach me|my number|"
    r"number is|fax|handy(?:nummer)?|mobil(?:nummer|telefon)?|telefon(?:nummer)?|"
    r"rufnummer|erreichbar|erreichen|rückruf|r[üu]ckrufnummer|t[ée]l[ée]phone|portable|appelez-moi|rappelez|num[ée]ro|tel[ée]fono|"
    r"m[óo]vil|ll[áa]m[ae]me|celular|telem[óo]vel|telefone|ligue|cellulare|chiama\w{0,3}|"
    r"telefonnummer|n[åa]s p[åa]|ring mig|kom[óo]rk\w{1,3}|numer|zadzwo[nń]|telefoonnummer|mobiel|bel me|bereikbaar)\b"
    r"(?:[^\d\n+]{0,24}?)(?!(?:1[ .-])?0?8(?:00|88|77|66|55|44|33|22)\D)((?:\(0\d{1,4}\)|0\d{1,4}|[1-9]\d{2})[ ./-]?\d(?:[ "
    r"./-]?\d){4,9})(?![\w]|[.-]\d)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?<!\w)(?:my|our|home|public|private|meine?|mon|ma|mi|min|moja|meu|mio|mijn)\s(?:(?:current|home|public|private|own|external|"
    r"internal)\s){0,2}(?:ip(?:v[46])?(?:[ -]?address\w{0,2})?|address|adresse ip|ip-?adresse?)"
    r"(?:\s(?:is|was|ist|est|es|är|to|é|è))?[ :=]{1,3}((?:\d{1,3}\.){3}\d{1,3}|(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4})(?![\w.]\d)",
    re.IGNORECASE,
)
_HOME = re.compile(
    r"(?<!\w)(?:(?:my|home|private|postal|delivery|shipping|billing) address(?: is|:)|i live (?:at|in)|ich wohne (?:in|am|an)|meine "
    r"(?:adresse|anschrift)(?: ist|:)|mon adresse(?: est|:)|j['’]habite (?:au|à)|"
    r"mi (?:direcci[óo]n|domicilio)(?: es|:)|vivo en)\s{1,2}((?=[^\n.;]{0,60}\d)[^\n.;:@]{6,90})",
    re.IGNORECASE,
)
_KEPT = re.compile(r"\[(?:secret|token|private key|code|card number|account number|personal number|date of birth|phone number|e-mail|address)\]")
"""What stands for something that was taken out; taking out once more changes nothing."""
_HINT = re.compile(r"\[(?:secret|token|private key|code|card number)\]")


def redact(text: str) -> str:
    """Return the text with every secret and every personal number or address replaced by its kind in brackets."""
    return _replaced(text, [*_secrets(text), *_by_windows(text, _personal)])


def without_secrets(text: str) -> str:
    """Return the text without passwords, keys, codes and card numbers; how to reach the person stays, for those who help them."""
    return _replaced(text, _secrets(text))


def mentions_taken_secret(text: str) -> bool:
    """Say whether ``without_secrets`` took something out of the text that has to be changed wherever it is in use."""
    return bool(_HINT.search(text))


def _secrets(text: str) -> Iterator[Found]:
    for found in PRIVATE_KEY.finditer(text):
        yield found.start(), found.end(), "private key"
    for rules in (credentials_in, passwords_in, payments_in):
        yield from _by_windows(text, rules)


def _by_windows(text: str, rules: Callable[[str], Iterator[Found]]) -> Iterator[Found]:
    """Look at a long text piece by piece, so that no single search keeps other threads waiting; pieces overlap and begin between words."""
    start = 0
    while start < len(text):
        end = len(text) if len(text) - start <= WINDOW + OVERLAP else start + WINDOW
        for begin, stop, kind in rules(text[start : end + OVERLAP]):
            yield start + begin, start + stop, kind
        between = _SPACE.search(text, end) if end < len(text) else None
        start = between.end() if between and between.end() < end + OVERLAP else end


def _personal(text: str) -> Iterator[Found]:
    yield from personal_numbers_in(text)
    for pattern, kind in ((_EMAIL, "e-mail"), (_NAMED_PHONE, "phone number"), (_ADDRESS, "address"), (_HOME, "address")):
        for found in pattern.finditer(text):
            yield found.start(1), found.end(1), kind
    for pattern in (_INTERNATIONAL, _AMERICAN):
        for found in pattern.finditer(text):
            yield found.start(), found.end(), "phone number"


def _replaced(text: str, found: Iterable[Found]) -> str:
    """Replace what was found; of two that overlap the one that was found first counts, and takes in what the other has beyond it."""
    kept = [match.span() for match in _KEPT.finditer(text)]
    spans: list[Found] = []
    for start, end, kind in sorted(found, key=lambda one: (one[0], -one[1])):
        if any(start < stop and end > begin for begin, stop in kept):
            continue
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]), spans[-1][2])
        else:
            spans.append((start, end, kind))
    parts, place = [], 0
    for start, end, kind in spans:
        parts += [text[place:start], f"[{kind}]"]
        place = end
    return "".join([*parts, text[place:]])
