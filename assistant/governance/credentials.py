"""Credentials that show by their form alone: keys and tokens of known makes, and values that stand behind the name of a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator

Found = tuple[int, int, str]
"""Start, end and kind of what was found."""

PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----|\Z)"
    r"|(?<=Private-Lines: )\d{1,3}\s.*?(?=\nPrivate-MAC|\Z)|(?<=Private-MAC: )[0-9a-f]{40,64}|AGE-SECRET-KEY-1[A-Z0-9]{40,}",
    re.DOTALL,
)
_MAKES = (
    r"eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*){1,3}",  # JSON web tokens
    r"(?:AKIA|ASIA|AGPA|AROA|AIDA)[A-Z0-9]{12,20}(?![A-Z0-9])",
    r"gh[oprsu]_[A-Za-z0-9]{12,}",
    r"github_pat_\w{16,}",
    r"gl(?:pat|dt|rt|soat|cbt|ptt|ft|imt|agent)-[\w-]{12,}",
    r"xox[a-z](?:\.[a-z]+)?-[\w-]{10,}",
    r"xapp-[\w-]{10,}",
    r"(?:sk|pk|rk)[-_](?:live|test|proj|ant|or|svcacct|admin)?[-_]?(?=[\w-]{0,60}\d)[\w-]{12,}",
    r"whsec_[A-Za-z0-9+/=]{12,}",
    r"AIza[\w-]{30,40}",
    r"ya29\.[\w.-]{16,}",
    r"GOCSPX-[\w-]{16,}",
    r"1//0[\w-]{24,}",
    r"SG\.[\w-]{12,}\.[\w-]{12,}",
    r"key-[0-9a-f]{32}",
    r"SK[0-9a-f]{32}",
    r"npm_[A-Za-z0-9]{24,}",
    r"pypi-[\w-]{20,}",
    r"dckr_pat_[\w-]{16,}",
    r"hf_[A-Za-z0-9]{24,}",
    r"do[op]_v1_[0-9a-f]{32,}",
    r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{24,}",
    r"hv[sbr]\.[\w-]{20,}",
    r"AT(?:ATT|CTT|BB)[A-Za-z0-9][\w=+/-]{16,}",
    r"sq0(?:atp|csp|idp)-[\w-]{20,}",
    r"lin_api_\w{20,}",
    r"gls?a_\w{20,}",
    r"glc_\w{20,}",
    r"NRAK-[A-Z0-9]{20,}",
    r"dapi[0-9a-f]{32}",
    r"pscale_(?:tkn|pw|oauth)_[\w.-]{20,}",
    r"dp\.(?:pt|st|sa|ct)\.[\w.-]{20,}",
    r"secret_[A-Za-z0-9]{32,}",
    r"ntn_[A-Za-z0-9]{32,}",
    r"figd_[\w-]{20,}",
    r"EAA[A-Za-z0-9]{40,}",
    r"\d{8,10}:AA[\w-]{30,}",
    r"[MNO][\w-]{22,27}\.[\w-]{6}\.[\w-]{27,40}",
    r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{40,}",
    r"[\w~.-]{3}[78]Q~[\w~.-]{30,}",
)
MADE = re.compile(rf"(?<![\w.-])(?:{'|'.join(_MAKES)})|(?<=hooks\.slack\.com/services/)[\w/]{{20,}}|(?<=[=\s\"'])(?:{_MAKES[0]})")
MIXED_40 = re.compile(r"(?<![\w/+=.-])(?=[A-Za-z0-9/+]{0,39}[a-z])(?=[A-Za-z0-9/+]{0,39}[A-Z])(?=[A-Za-z0-9/+]{0,39}\d)[A-Za-z0-9/+]{40}(?![\w/+=])")
BASE64_KEY = re.compile(r"(?<![\w/+=])(?=[A-Za-z0-9/+]{0,80}[+/0-9])(?:[A-Za-z0-9+/]{86}==|[A-Za-z0-9+/]{43}=)(?![\w=])")

_PLACEHOLDER = (
    r"(?![\"'`“]{0,2}[<\[{(*…$]|\$\{?\w|%\w+%|(?:null|none|true|false|undefined|required|optional|example|redacted|hidden|secret)\b|"
    r"x{3,}|\.{2,}|_{2,})"
)
_URL_PASSWORD = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,80}:(" + _PLACEHOLDER + r"[^\s/@]{1,128}(?:@[^\s/@.]{1,40})?)@(?=[\w\[])", re.IGNORECASE
)
_AUTH_HEADER = re.compile(
    r"\bauthorization\s{0,3}[:=]\s{0,3}[\"']?(?:(?:bearer|basic|token|digest|apikey|negotiate)\s{1,3})?(" + _PLACEHOLDER + r"[\w.~+/=:-]{6,4096})"
    r"|\b(?:bearer|basic)\s{1,3}(" + _PLACEHOLDER + r"(?=[A-Za-z._~+/=-]{0,60}\d)[\w.~+/=-]{16,4096})",
    re.IGNORECASE,
)
_COOKIE = re.compile(
    r"\b(?:php|j|asp\.net_)?sess(?:ion)?(?:_?id)?=([\w%.~+/-]{12,})|\bconnect\.sid=([\w%.~+/-]{12,})|\bsid=([\w%.~+/-]{16,})"
    r"|\b(?:set-)?cookie:\s?[\w.-]{1,60}=([\w%.~+/=-]{12,})",
    re.IGNORECASE,
)
_QUERY = re.compile(
    r"[?&;](?:access_token|refresh_token|id_token|auth_?token|api_?key|client_secret|password|passwd|pwd|pass|secret|sig|signature|token|key|"
    r"x-amz-signature|x-amz-security-token|code|otp|sas|sv?sig)=(" + _PLACEHOLDER + r"[^\s&#\"'<>]{6,4096})",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?:pass(?:word|wd|phrase)|\bpwd|secret(?:[_ .-]?(?:access)?[_ .-]?key)?|token|api[_ .-]?key|(?:access|account|private|encryption|"
    r"signing|master|storage|"
    r"primary|function|host|subscription|service|ssh|shared ?access|pre-?shared)[_ .-]?key|\bpsk|client[_ .-]?secret|credentials?)"
    r"[\"'`]?\s{0,3}(?:=>|:=|[:=]|\bis\b)\s{0,3}[\"'`]?(" + _PLACEHOLDER + r"[^\s\"'`;,<>]{6,4096})",
    re.IGNORECASE,
)
_CONNECTION = re.compile(
    r"\b(?:password|pwd|accountkey|sharedaccesskey|sharedsecretvalue|uid_pwd)\s?=\s?(" + _PLACEHOLDER + r"[^;\s\"']{1,512})", re.IGNORECASE
)
_OPTION = re.compile(
    r"(?<!\w)--?(?:password|passwd|pass|passphrase|token|api-?key|secret|client-secret|access-key)(?:[= ]|\s')[\"']?("
    + _PLACEHOLDER
    + r"[^\s\"'|;&-][^\s\"'|;&]{2,})"
    r"|\bcurl\b[^\n|;]{0,200}?\s(?:-u|--user)\s?[\"']?[^\s:\"']{1,80}:([^\s\"']{1,128})"
    r"|\bsshpass\s{1,3}-p\s{0,2}[\"']?([^\s\"']{2,128})"
    r"|\bmysql(?:dump|admin)?\b[^\n|;]{0,120}?\s-p([^\s\"']{3,128})"
    r"|\bnet\s+use\b[^\n]{0,120}?\s/user:\S{1,80}\s+([^\s/*][^\s]{2,128})"
    r"|\bnet\s+user\s+[\w.-]{1,40}\s+([^\s/*][^\s]{3,128})"
    r"|\s/p(?:assword)?:([^\s\"']{3,128})"
    r"|\bConvertTo-SecureString\s+(?:-String\s+)?[\"']([^\"'\n]{1,128})[\"']",
    re.IGNORECASE,
)
_TOTP = re.compile(
    r"\botpauth://[^\s]{0,200}?[?&]secret=([A-Z2-7=]{8,})|\b(?:totp|authenticator|2fa|mfa)\b[^\n.]{0,30}?\b([A-Z2-7]{16,64})\b", re.IGNORECASE
)
BITLOCKER = re.compile(r"(?<![\d-])\d{6}(?:[- ]\d{6}){7}(?![\d-])")
_BARE_NAME = re.compile(
    r"[A-Za-z]{1,40}[.)]?|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|(?:[\w-]+\.)+[\w-]+\(?\)?[^\w]*|[\w.]+\(.*|\d{1,3}|[A-Za-z_]+\[.*|[“”„«`$*].*|.*://.*",
    re.DOTALL,
)
"""Words, constants, names of members, calls, small numbers, addresses: what stands behind the name of a secret in code and in prose."""


def credentials_in(text: str) -> Iterator[Found]:
    """Yield, beside private keys (``PRIVATE_KEY``), what is a credential by its form or by the name in front of it."""
    for pattern, kind in ((MADE, "token"), (MIXED_40, "token"), (BASE64_KEY, "token"), (BITLOCKER, "code")):
        for found in pattern.finditer(text):
            yield found.start(), found.end(), kind
    for pattern in (_URL_PASSWORD, _AUTH_HEADER, _COOKIE, _QUERY, _CONNECTION, _OPTION, _TOTP):
        yield from _groups(pattern, text)
    for start, end, kind in _groups(_NAMED, text):
        if not _BARE_NAME.fullmatch(text, start, end):
            yield start, end, kind


def _groups(pattern: re.Pattern[str], text: str) -> Iterator[Found]:
    for found in pattern.finditer(text):
        for number, value in enumerate(found.groups(), 1):
            if value and (end := found.start(number) + len(value.rstrip(".,;:!?)]}\"'»”"))) > found.start(number):
                yield found.start(number), end, "secret"
