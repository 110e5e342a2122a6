"""Two issues in one message: where the second begins. By the words between them and by what each is about, and not where in doubt.

A message that is taken apart wrongly loses nothing: the second part is offered back to the person word for word. One that is not taken apart is
answered as a whole, as before. So both parts have to ask for something or name a fault, and they have to be about different things.
"""

from __future__ import annotations

import re

LONGEST_READ = 1_200
"""Characters. A longer message tells a story, in which a second issue is not to be guessed."""
FEWEST_WORDS = 2
_JOINT = re.compile(
    r"(?:[.!?;]\s+|\n+\s*|,\s+|\s+-\s+)(?:and |oh,? |plus,? )?(?:also\b|another (?:thing|problem|question|issue|point)\b[^:,.]{0,20}[:,.]?"
    r"|additionally\b|besides\b|in addition\b"
    r"|second(?:ly)?\b|one more (?:thing|question|problem)\b[:,.]?|by the way\b|btw\b|on top of that\b|apart from that\b|separately\b"
    r"|furthermore\b|moreover\b"
    r"|while (?:i am|i'm|we are) at it\b|2[.)])[,:]?\s*"
    r"|\s+(?:and|but) (?:also|besides|by the way|then also)\b,?\s*"
    r"|[.!?;]\s+|\n+\s*(?:[-*•]\s*|2[.)]\s*)?|,?\s+(?:and|plus)\s+(?=(?:i|my|our|the|how|where|what|who|when|can|could|please|reset|unlock"
    r"|order|install|give|add|open|is|does)\b)",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\b(?:how (?:do|can|to|does)|where (?:do|can|is)|what (?:is|are|do|does|should)|who (?:is|can)|when (?:is|can|will)|can (?:i|you|we"
    r"|someone)|could (?:i|you|we)|would you|please"
    r"|i (?:really |also |still )?(?:need|want|would like|have to get|require)|i'd like|we need|may i|do i (?:need|have)|is there|are there"
    r"|can(?:not|'t| not)|could(?:n't| not)|do(?:es)?(?:n't| not)|did(?:n't| not)|will not|won't|is(?:n't| not)|are(?:n't| not)"
    r"|not (?:working|possible|able)|unable|no longer|never"
    r"|broken|slow|stuck|frozen|freez\w*|crash\w*|fail\w*|down|lost|missing|gone|locked|expired|forgot\w*|full|empty|jam\w*|noisy|blank|black"
    r"|error|problem|issue|trouble|wrong|stopped|hangs?"
    r"|reset|unlock|order|install|set up|grant|add me|give me|open a ticket|close|cancel|reopen|status|stolen|damaged|offline|drops?)\b",
    re.IGNORECASE,
)
_SUBJECTS = {
    "mail": r"mails?|e-?mails?|outlook|mailbox|inbox|calendar|thunderbird",
    "sign-in": r"passwords?|pasword|passwort|pin|account|log ?in|sign[- ]?in|locked out",
    "second factor": r"mfa|2fa|authenticator|two[- ]factor|one[- ]time code|security key",
    "vpn": r"vpn|tunnel|anyconnect|forticlient",
    "network": r"wi-?fi|wlan|wireless|network|internet|lan|ethernet|hotspot",
    "printing": r"print(?:er|ers|ing|out|s)?|scan(?:ner|ning)?|toner|copier",
    "computer": r"laptop|computer|pc|notebook|workstation|macbook|mac|docking station|dock|battery|charger|windows update|blue ?screen",
    "screen": r"monitors?|screens?|display|projector|beamer",
    "input": r"keyboard|mouse|trackpad|touchpad",
    "sound": r"headset|headphones?|microphone|speakers?|sound|audio|camera|webcam",
    "phone": r"phones?|iphone|android|mobile|sim|voicemail|ipad|tablet",
    "meetings": r"teams|zoom|webex|meeting room|skype",
    "files": r"onedrive|sharepoint|shared? (?:drive|folder)|network drive|folder|backup|dropbox",
    "office": r"excel|word|powerpoint|office|visio|onenote",
    "browser": r"chrome|firefox|edge|safari|browser|intranet|certificate",
    "licence": r"licen[cs]es?|photoshop|acrobat|adobe|figma|autocad|tableau",
    "business": r"sap|salesforce|jira|confluence|servicenow|workday|erp|crm|payroll|time tracking|expenses?",
    "access": r"access to (?:the )?[\w-]+|permissions?",
    "ticket": r"t-\d+|tickets?",
    "badge": r"badge|access card|door",
    "security": r"phishing|virus|malware|scam|spam|ransomware",
}
_SUBJECT = {name: re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE) for name, pattern in _SUBJECTS.items()}
_SAME = re.compile(
    r"^(?:it|that|this|these|those|they|he|she|then|the (?:same|error|message|problem|issue|screen says)|so|because|since|when|if|after"
    r"|before|which)\b",
    re.IGNORECASE,
)
"""Begins a part that goes on with what was said before."""
_LINKED = re.compile(r"\b(?:after|since|when|because|while|whenever|until|if|before|it|that|this|them)\b", re.IGNORECASE)
_WISH = re.compile(
    r"^(?:(?:hi|hello|hey|please|so|and|\d[.)])[,.! ]*)*(?:how|where|what|who|when|can|could|would|may|do i|is there|are there|please|reset"
    r"|unlock|order|install|set up|grant|give|add|open"
    r"|i (?:also |really )?(?:need|want|would like)|i'd like|we need)\b",
    re.IGNORECASE,
)
_FAULT_OF_ANOTHER = re.compile(r"^(?:my|our|the)\b", re.IGNORECASE)
_SETTLED = re.compile(
    r"^(?:(?:yes|great|perfect|ok(?:ay)?|good)[,.! ]+)?(?:thanks?[,.! ]+|thank you[,.! ]+)?(?:(?:it|that|this)(?:'s| is"
    r"| has)?(?: all)? (?:works?|worked|working|solved|fixed|helped)(?: it)?"
    r"(?: now| again| fine)*(?:[,.! ]+(?:thanks?|thank you|many thanks)(?: a lot| very much)?)?|thank you(?: very much)?|thanks(?: a lot)?)[.!,]*$",
    re.IGNORECASE,
)
"""A first part that only says that the issue before is settled."""
_PLAIN = re.compile(r"(?:[.!?;,]|\s|\band\b|\bplus\b)*", re.IGNORECASE)
"""A joint that says nothing: the end of a sentence, or a bare "and"."""


def two_issues(text: str) -> tuple[str, str] | None:
    """Return the first issue of a message and all that comes after it; None where it has one, or where that is not plain."""
    if len(text) > LONGEST_READ:
        return None
    for joint in _JOINT.finditer(text):
        first, second = text[: joint.start()].strip(), text[joint.end() :].strip()
        if "but" in joint.group().casefold() and _SETTLED.match(first):
            return None
        if _apart(first, second) and (_PLAIN.fullmatch(joint.group()) is None or _alike(first, second, "and" in joint.group().casefold())):
            return first + (text[joint.start()] if text[joint.start()] in "?!" else ""), second
    return None


def _apart(first: str, second: str) -> bool:
    """Say whether two parts each ask for something or name a fault, about different things."""
    opening = _opening(second)
    if min(len(first.split()), len(second.split())) < FEWEST_WORDS or _SAME.match(second):
        return False
    if not (_ASKS.search(first) or _SETTLED.match(first)) or not _ASKS.search(opening):
        return False
    before, after = subjects(first), subjects(opening)
    if _SETTLED.match(first):
        return bool(after)
    return bool(before and after) and not before & after


def _alike(first: str, second: str, joined: bool) -> bool:
    """Say whether two parts with nothing but a full stop or an "and" between them stand beside each other, rather than one explaining the other."""
    opening = _opening(second)
    if _LINKED.search(first) or _LINKED.search(opening):
        return False
    if _WISH.match(first):
        return _WISH.match(opening) is not None
    return joined and _FAULT_OF_ANOTHER.match(opening) is not None


def _opening(second: str) -> str:
    return re.split(r"[.!?;]\s", second, maxsplit=1)[0]


def subjects(text: str) -> frozenset[str]:
    """Return what a text is about, by the things that it names."""
    return frozenset(name for name, pattern in _SUBJECT.items() if pattern.search(text))
