"""How the scripted model reads one message."""

from __future__ import annotations

import re
from typing import Any

SURE, UNSURE = 0.9, 0.6
SHORT = 5
_WRAPPED = re.compile(
    r"^(?:(?:hi|hello|hey|good (?:morning|afternoon|evening)|dear (?:all|team|it|support))\b[ \w]{0,20}[,.!]? +)?"
    r"(?:(?:sorry to bother you|quick question|i have a (?:quick )?question|(?:could|can) you (?:please )?help me|please help)\b[,.:;!]? *)*",
    re.IGNORECASE,
)
_THANKED = re.compile(r"[,.!]? *(?:thank you|thanks|many thanks|cheers|best regards|kind regards)\b[^?]{0,40}$", re.IGNORECASE)
_SYSTEMS = {
    "windows": r"\bwindows\b|\bwin ?1[01]\b",
    "macos": r"\bmac(?:os|book)?\b",
    "linux": r"\blinux\b|\bubuntu\b|\bfedora\b",
    "ios": r"\bi-?phone\b|\bi-?pad\b|\bios\b",
    "android": r"\bandroid\b|\bpixel\b|\bgalaxy\b",
}
_UPSET = re.compile(r"!{2,}|\b(?:ridiculous|unacceptable|furious|fed up|useless|joke|outrageous|third time|wtf|damn)\b", re.IGNORECASE)
_ANNOYED = re.compile(r"!|\b(?:again|still|annoying|frustrat\w*|always|keeps?)\b", re.IGNORECASE)
_URGENT = re.compile(
    r"\b(?:urgent\w*|asap|immediately|right now|deadline|in (?:an|one|ten|five|\d+) (?:minutes?|hours?)|(?:cannot|can't) work|everybody|"
    r"whole (?:team|floor))\b",
    re.IGNORECASE,
)
_NOT_SOLVED = re.compile(
    r"\b(?:still|didn'?t|did not|doesn'?t|does not|no luck|same (?:error|problem)|not (?:solved|fixed|helpful))\b", re.IGNORECASE
)
_SOLVED = re.compile(
    r"\b(?:works now|working now|that (?:worked|helped|did it|fixed it)|it'?s (?:solved|fixed)|problem solved|all good)\b", re.IGNORECASE
)
_PERSON = re.compile(
    r"\b(?:talk|speak|chat) (?:to|with) (?:a|an|some) ?(?:one|body|human|person|agent|real\b.*)|\breal person\b|\bhuman\b", re.IGNORECASE
)
_TICKET = re.compile(r"\b(?:open|file|raise|create|log) (?:a|an|me a) (?:ticket|incident|case)\b", re.IGNORECASE)
_OUTSIDE = re.compile(
    r"\b(?:weather|recipe|joke|poem|football|soccer|restaurant|lottery|horoscope|movie|song|capital of|stock price|homework|translate this)\b",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"^(?:and|but|or|what about|how about|also|it|that|this|there|then|i (?:see|get|have|use|tried)|on|in|with|the|my|yes|no)\b", re.IGNORECASE
)


def reading(message: str, state: str, issue: str) -> dict[str, Any]:
    """Return the object that the prompt of ``understand`` asks for."""
    intent, confidence = _intent(message, state, issue)
    system = next((name for name, pattern in _SYSTEMS.items() if re.search(pattern, message, re.IGNORECASE)), "")
    plain = _THANKED.sub("", _WRAPPED.sub("", " ".join(message.split()))).strip()
    searched = f"{issue} {plain}".strip() if intent == "follow_up" else plain
    mood = "upset" if _UPSET.search(message) else "annoyed" if _ANNOYED.search(message) else "calm"
    return {
        "intent": intent,
        "confidence": confidence,
        "system": system,
        "search": searched[:400] if intent in ("question", "follow_up") and searched.isascii() else "",
        "ask": "",
        "mood": mood,
        "urgent": bool(_URGENT.search(message)),
    }


def _intent(message: str, state: str, issue: str) -> tuple[str, float]:
    if _OUTSIDE.search(message):
        return "out_of_scope", SURE
    if _PERSON.search(message):
        return "person", SURE
    if _TICKET.search(message):
        return "file", SURE
    if issue and state == "awaiting_confirmation":
        for pattern, intent in ((_SOLVED, "solved"), (_NOT_SOLVED, "not_solved")):
            if pattern.search(message) and not message.rstrip().endswith("?"):
                return intent, SURE
    if issue and state in ("awaiting_confirmation", "clarifying") and (_GOES_ON.search(message) or len(message.split()) <= SHORT):
        return "follow_up", SURE if state == "clarifying" else UNSURE
    return "question", SURE
