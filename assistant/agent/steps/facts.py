"""Facts that stand in what a person wrote: error codes, applications, how they feel about it and how pressing it is. By plain patterns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import cache

MOST = 8
"""More facts of a kind than this are noise."""
_CODES = re.compile(
    r"\b0x[0-9a-f]{4,16}\b"  # Windows
    r"|\b(?:error|err|code|fehler|fel)(?: code| number| nr\.?| no\.?)?[:# ]{1,3}(?P<number>-?\d{2,6}(?:[-.:]\d{1,6})*|[a-z]{1,6}[-_]?\d{1,6}[a-z]?)\b"
    r"|\b(?:[a-z]{2,}_){1,}(?:error|failed|failure|denied|refused|timeout|exception|invalid|expired|missing)(?:_[a-z]+)*\b"
    r"|\b(?:err|error|net|dns|ssl|pr|sec|stop)_[a-z_]{4,40}\b"
    r"|\b(?:aadsts|ora-|sqlstate[ =]|kb|cve-\d{4}-|event id[: ])\d{3,7}\b"
    r"|\bhttp(?: status| error)? ?(?P<status>[45]\d\d)\b"
    r"|\b(?P<plain>[45]\d\d) (?:error|not found|forbidden|unauthori[sz]ed|bad gateway|service unavailable|gateway timeout)\b"
    r"|\b(?:shows?|says?|displays?|reads?|message|code)[: ]+[\"'“”]?(?P<shown>[A-Z]{1,4}-?\d{1,5})\b",
    re.IGNORECASE,
)
_SHOWN_CODE = re.compile(r"[A-Z]{1,4}-?\d{1,5}")
KNOWN = (
    *("Access", "Acrobat", "Adobe Reader", "AutoCAD", "Azure", "BitLocker", "Bluetooth", "Chrome", "Cisco", "Citrix", "Confluence", "Docker"),
    *("Dropbox", "Edge", "Excel", "Exchange", "Figma", "Firefox", "FortiClient", "GitHub", "GitLab", "Google Drive", "Illustrator", "InDesign"),
    *("IntelliJ", "Jira", "Keychain", "LibreOffice", "MATLAB", "Mail", "Microsoft 365", "Microsoft Authenticator", "Notes", "Office", "Okta"),
    *("OneDrive", "OneNote", "Outlook", "Photoshop", "Power Automate", "Power BI", "PowerPoint", "PowerShell", "PuTTY", "Python"),
    *("Remote Desktop", "SAP", "Safari", "Salesforce", "ServiceNow", "SharePoint", "Skype", "Slack", "SolidWorks", "Tableau", "TeamViewer"),
    *("Teams", "Thunderbird", "VMware", "VPN", "Visio", "Visual Studio", "Webex", "Word", "Workday", "Xcode", "Zoom"),
)
_PLAIN_WORDS = frozenset({"access", "edge", "mail", "notes", "office", "word", "teams", "excel", "slack", "zoom", "python", "exchange"})
"""Names that are ordinary words as well: they count only as they are written."""
_UPSET = re.compile(
    r"\b(?:furious|outrage(?:d|ous)|livid|infuriat\w+|enraged|sick (?:and tired )?of|fed up|had enough|unacceptable|a (?:complete|total) joke"
    r"|ridiculous|disgrace\w*|pathetic|(?:totally|completely|utterly|absolutely) useless|waste of (?:my |our )?time"
    r"|wasting my time|worst (?:support|service|help|it)"
    r"|(?:i am|i'm|im) (?:really |so |very |extremely )?(?:angry|mad|upset|annoyed|pissed)|for the (?:third|fourth|fifth|tenth|hundredth) time"
    r"|what the (?:hell|fuck|heck)|wtf|fuck\w*|bullshit|damn (?:thing|it|system)|file a complaint|complain (?:to|about you))\b"
    r"|\b(?:(?:i am|i'm|im) (?:getting |really |so )?desperate|panick?ing|in a panic|in tears|crying|breaking down"
    r"|cannot cope|can't cope|losing my mind|at my wits? end"
    r"|(?:going to|gonna|will|could) (?:lose my job|get fired|be fired)|please,? please|i beg you|suicid\w+|kill myself|end my life|harm myself)\b",
    re.IGNORECASE,
)
_LOUD_WORDS, _LOUD_SHARE = 4, 0.7


def error_codes(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the error codes in what was written, in order, each once, as they were written."""
    found: dict[str, str] = {}
    for text in texts:
        for match in _CODES.finditer(text):
            shown = match["shown"]
            if shown and not _SHOWN_CODE.fullmatch(shown):
                continue
            code = match["number"] or match["status"] or match["plain"] or shown or match.group(0)
            found.setdefault(code.casefold(), code)
    return tuple(found.values())[:MOST]


def applications(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the applications that are named in what was written, each once, in the order of the list of known names."""
    whole = "\n".join(texts)
    found = [name for name in KNOWN if _named(name).search(whole)]
    within = {shorter for shorter in found for longer in found if shorter != longer and shorter in longer.split()}
    return tuple(name for name in found if name not in within)[:MOST]


@cache
def _named(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])", 0 if name.lower() in _PLAIN_WORDS else re.IGNORECASE)


def upset(text: str) -> bool:
    """Say whether a message reads distressed or angry: by its words, or because it is shouted (capitals alone are only a habit)."""
    words = re.findall(r"[^\W\d_]{2,}", text)
    loud = [word for word in words if word.isupper() and len(word) > 2]
    shouted = "!" in text and len(words) >= _LOUD_WORDS and len(loud) >= _LOUD_SHARE * len(words)
    return shouted or _UPSET.search(text) is not None


class Sentiment(StrEnum):
    """How a message reads."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    """Annoyed or disappointed, beyond saying that something does not work."""
    UPSET = "upset"
    """Distressed or angry: see ``upset``."""


class Urgency(StrEnum):
    """How pressing a message says it is."""

    LOW = "low"
    """The person says that it can wait."""
    NORMAL = "normal"
    HIGH = "high"
    """Somebody cannot work, or time presses."""
    CRITICAL = "critical"
    """Many people or customers are hit, or a security incident is under way."""


_POSITIVE = re.compile(
    r"\b(?:great|awesome|excellent|perfect|wonderful|fantastic|brilliant|amazing|lovely|superb|well done|good job|nice work|much appreciated"
    r"|(?:really|very|so|most) (?:helpful|kind|grateful|happy|pleased)|i (?:really |just )?(?:love|like|appreciate)|thank(?:s| you) (?:so"
    r"|very) much|glad|delighted)\b",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(
    r"\b(?:annoy\w*|frustrat\w*|terrible|horrible|awful|dreadful|hate|hopeless|useless|stupid|rubbish|garbage|crap\w*|nonsense|bloody|damn"
    r"|disappoint\w*|irritat\w*"
    r"|nightmare|mess|sucks?|ugly|shame|joke|(?:tired|sick) of|thanks for nothing|nothing ever works|never works|not (?:helpful|good enough"
    r"|acceptable|happy|amused)"
    r"|(?:again and again|over and over)|how (?:hard|difficult) can it be|for (?:god|heaven|christ)'?s sake|why on earth|why can (?:i"
    r"|we) never|ruin\w*|painful\w*|worst)\b",
    re.IGNORECASE,
)
_CRITICAL = re.compile(
    r"\b(?:everyone|everybody|nobody|no one|all of us|the (?:whole|entire) (?:team|office|department|company|floor|site|shop|warehouse|building)"
    r"|all (?:our |the )?(?:users|colleagues|customers|machines|computers|tills)|several (?:people|colleagues|of us)"
    r"|production (?:is )?(?:down|stopped|stands still))\b"
    r"(?=.{0,80}\b(?:can(?:not|'t|not)|down|stop\w*|offline|fail\w*|locked|error|lost|stands? still|able|work\w*)\b)"
    r"|\b(?:ransom\w*|being hacked|was hacked|got hacked|data breach|files? (?:are|were) encrypted by)\b"
    r"|\b(?:nobody|no one) (?:here|(?:in|at|on|of) (?:\w+ ){1,4})can\b"
    r"|\bproduction (?:is )?(?:down|stopped)\b|\bcustomers? (?:cannot|can't|can not)\b",
    re.IGNORECASE | re.DOTALL,
)
_HIGH = re.compile(
    r"\b(?:urgent\w*|asap|as soon as possible|immediately|right (?:now|away)|emergency|critical|top priority|high priority|deadline|time[- ]critical"
    r"|(?:can(?:not|'t)|can not|unable to) (?:do (?:any|my) )?work(?: at all| any ?more)?|(?:completely|totally) (?:stuck|blocked)"
    r"|i am (?:stuck|blocked)|i'm (?:stuck|blocked)"
    r"|(?:in|within) (?:the next )?(?:\d{1,2}|a few|five|ten|fifteen|twenty|thirty|half an?)[ -](?:minutes?|mins?|hour)|in an hour"
    r"|(?:meeting|call|presentation|interview|demo|customer|client|exam|flight) (?:\w+ ){0,4}(?:now|in \d+|in five|in ten|starts|soon|waiting"
    r"|waits)|is waiting|are waiting|before noon|by (?:tonight|noon)"
    r"|lost my (?:laptop|phone|computer)|(?:laptop|phone|computer) (?:was |has been |is )?stolen|clicked (?:on )?(?:a|the|this) (?:\w+ )?link)\b",
    re.IGNORECASE,
)
_LOW = re.compile(
    r"\b(?:no (?:rush|hurry)|not (?:urgent|pressing|in a hurry)|isn'?t urgent|whenever (?:you|it|somebody)|when(?:ever)? you have (?:time"
    r"|a moment|a minute)|low priority|some ?time (?:next|this) (?:week|month)"
    r"|can wait|take your time|at your convenience|just (?:curious|wondering)|out of curiosity|nice to have)\b",
    re.IGNORECASE,
)


def sentiment(text: str) -> Sentiment:
    """Return how a message reads, by the words in it; that something is broken is neutral, as it is in most messages to a desk."""
    if upset(text):
        return Sentiment.UPSET
    good, bad = len(_POSITIVE.findall(text)), len(_NEGATIVE.findall(text))
    if bad and bad >= good:
        return Sentiment.NEGATIVE
    return Sentiment.POSITIVE if good else Sentiment.NEUTRAL


def urgency(text: str) -> Urgency:
    """Return how pressing a message says it is. What it says itself counts; nothing is concluded from its tone."""
    if _CRITICAL.search(text):
        return Urgency.CRITICAL
    if _LOW.search(text):
        return Urgency.LOW
    return Urgency.HIGH if _HIGH.search(text) else Urgency.NORMAL


def mood_of(texts: Iterable[str]) -> Sentiment:
    """Return how somebody reads over several messages: the worst of them."""
    worst = (Sentiment.UPSET, Sentiment.NEGATIVE, Sentiment.POSITIVE, Sentiment.NEUTRAL)
    return min(map(sentiment, texts), key=worst.index, default=Sentiment.NEUTRAL)


def urgency_of(texts: Iterable[str]) -> Urgency:
    """Return how pressing several messages say it is: the most pressing; that it can wait counts only where nothing is pressing."""
    most = (Urgency.CRITICAL, Urgency.HIGH, Urgency.LOW, Urgency.NORMAL)
    return min(map(urgency, texts), key=most.index, default=Urgency.NORMAL)


def without_mood(text: str) -> str:
    """Return a message without the words that only say how its author feels."""
    return _NEGATIVE.sub(" ", _UPSET.sub(" ", text))
