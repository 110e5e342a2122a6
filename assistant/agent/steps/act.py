"""Which tool a message asks for, without a language model: plain patterns over the person's own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from assistant.ports.models import Chosen, Handle, Situation, ToolCall

MODEL = "local-act/1"
PLAIN, HOW_TO = 0.9, 0.5
"""A plain wish; and a question how something is done, for which the tool is only mentioned."""
ON_ACCOUNTS = frozenset({"reset_password", "unlock_account", "grant_access"})
LONGEST_WISH = 60
"""Words. Longer messages tell a story, in which a wish is not to be guessed."""

_HOW_TO = re.compile(
    r"^(?:hi|hello|hey|please)?[,.! ]*(?:how|where|what|when|why|which|who|does|do i|is there|is it|are there|should|wie|wo|was|warum)\b"
)
_NEGATED = re.compile(
    r"\b(?:do not|don't|dont|never|without|instead of|no need to|nicht)\b.{0,25}\b(?:reset|unlock|close|grant|add|remove|reopen|entsperren)\b"
)
_OTHERS = re.compile(
    r"\b(?:his|her|their|someone(?:'s| else)|somebody(?:'s| else)|colleague|coworker|co-worker|boss|manager'?s|ceo|cfo|director|teammate|wife|"
    r"husband|kollege|kollegin|chef|herrn?|frau|monsieur|madame|shared mailbox|service account|svc-[\w-]+|"
    r"for (?!me\b|my\b|a\b|an\b|the\b|one\b|\d)[a-z]+'s)\b"
    r"|\b(?:account|password|mailbox|access|mfa|user) (?:of|for|belonging to) "
    r"(?!my\b|me\b|mine\b|the\b|this\b|that\b|a\b|an\b|one\b|two\b|three\b|\d)\w+"
    r"|\b(?:account|user|username|login) [a-z]+\.[a-z]+\b"
    r"|\b(?!it's|that's|what's|there's|here's|today's|let's|who's|where's|how's|everyone's)[a-z]{2,}'s "
    r"(?:\w+ )?(?:account|password|mailbox|access|mfa|laptop)\b"
    r"|\b[\w.+-]+@[\w-]+|\busername is\b|\b[a-z]+s' (?:account|password|mailbox|access)\b"
    r"|\b(?:konto|passwort|kennwort|compte|mot de passe|cuenta|contraseña) (?:von|vom|der|des|de|du|del) (?!mir\b|moi\b|m[ií]\b|la\b|l')\w+"
    r"|\b(?:give|grant|add|invite) (?!me\b|my\b|access\b|it\b|him\b|us\b|a\b|an\b|the\b|permissions?\b|licen[cs]es?\b)[a-z.]+ "
    r"(?:\w+ )?(?:access|to|a licen[cs]e)\b"
    r"|\b(?:the|our|my) (?:whole )?(?:team|manager|assistant|intern|trainee|new (?:starter|hire|joiner)) needs?\b"
    r"|\badd (?:the|our|my) (?:whole )?team\b"
    r"|\b(?:reset|unlock) (?!my|the|a|an|of|and|this|our|your|me|old|expired|windows|network|work|company|domain|office|forgotten|local|locked)"
    r"[a-z]+ [a-z]+ (?:password|account)\b"
)
_ASKED = re.compile(
    r"^(?:hi|hello|hey)?[,.! ]*(?:please )?(?:reset|unlock|change|renew) (?:my|me)\b"
    r"|\b(?:please|can you|could you|would you|i want you to|i need you to|i'd like you to) (?:please )?(?:reset|unlock|change|renew)\b"
)
_TROUBLE = re.compile(
    r"\b(?:error|fail(?:s|ed)?|(?:does|did|do|is|are) ?n[o']t (?:work\w*|accept|sync|load|arrive)|not working|broken|slow|crash\w*|blank|link|page|"
    r"prompt|portal|phishing|scam|is (?:that|this|it) (?:real|the same|a)|e-?mail (?:says|said|that)|mails? (?:says|said|that)|keeps?|"
    r"asks? (?:me )?for|asking|already|i (?:just |have )?(?:changed|reset) (?:my|it)|after (?:i|the|my)|since (?:i|the|my)|yesterday|this morning|"
    r"what should i|conditional access|can(?:not|'t) reset|rather than|instead)\b"
)
"""Signs of a problem that wants an answer; what could be done is mentioned beside it."""
_ELSEWHERE = re.compile(
    r"\b(?:wi-?fi|wlan|network settings|pdf|zip|excel|spreadsheet|word document|archive|voicemail|certificate|guest|meeting room|door|bank|customer|"
    r"supplier|bios|bitlocker|filevault|pin|sim|i?phones?|ipad|router|printer|apple id|icloud|gmail|database|file|document|screen|profile service)\b"
)
"""Passwords and locks that are no account's in the directory."""
_TOLD = re.compile(r"^(?:hi|hello|hey)?[,.! ]*(?:can|could|would|will) (?:you|we|i)\b")
"""A question that is a wish. Others about somebody's account ask for an answer: "I got a mail that asks me to reset ..., is that real?"."""
_WORD = r"(?:pass ?word|passwort|kennwort|pw|pwd|mot de passe|contraseña|lösenord)"
_RESET = re.compile(
    rf"\b(?:reset|forgot|forgotten|lost|expired|change|renew|new|zurücksetzen|vergessen|réinitialise\w*|oublié|restablece\w*|olvid\w*|glömt)\b"
    rf".{{0,40}}\b{_WORD}\b"
    rf"|\b{_WORD}\b.{{0,30}}\b(?:reset|forgot|forgotten|lost|expired|zurücksetzen|vergessen|abgelaufen)\b|\bcan'?t remember\b.{{0,20}}\b{_WORD}\b"
)
_UNLOCK = re.compile(
    r"\bunlock\b.{0,25}\b(?:account|user|login|me|it)\b|\b(?:account|user|login|profile)\b.{0,25}\b(?:locked|blocked|unlock)\b"
    r"|\blocked out\b(?! of (?:the|my|our) (?:building|office|house|room|car|flat|lab|meeting))"
    r"|\bkonto\b.{0,25}\b(?:gesperrt|entsperren)\b|\bentsperr|\bcompte\b.{0,15}\bbloqué|\bcuenta\b.{0,15}\bbloquead|\bkonto är låst\b"
)
_RIGHT = r"(?:access|permissions?|licen[cs]e|membership|zugriff|zugang|accès|acceso)"
_WANTS = re.compile(
    rf"\b(?:need|want|would like|i'd like|give|get|have|grant|request|ask for|brauche|möchte|besoin|necesito)\b.{{0,40}}\b{_RIGHT}\b"
    rf"|\b{_RIGHT} (?:to|for|auf|zu)\b|\badd me to\b|\bmake me a member\b"
)
_NEEDS = r"(?:hi|hello|hey)?[,.! ]*(?:please )?(?:i )?(?:need|want|request|would like)(?: to have| to use)? (?:the )?"
_ENDS = r"(?: please| for .{1,30}| too| as well)?[.! ]*"
"""Around the bare name of what is wanted."""
_GIVE_UP = re.compile(
    rf"\b(?:give up|hand back|revoke|remove)\b.{{0,30}}\b{_RIGHT}\b|\b(?:no longer need|do not need|don't need|remove me from|give up|hand back)\b"
)
_NUMBER = re.compile(r"\bt-\d{1,9}\b")
_TICKET = r"(?:ticket|incident|request|case)"
_CLOSE = re.compile(rf"\b(?:close|cancel|withdraw)\b.{{0,20}}(?:\b{_TICKET}\b|\bt-\d+)")
_REOPEN = re.compile(rf"\b(?:reopen|re-open|open again)\b.{{0,20}}(?:\b{_TICKET}\b|\bt-\d+)?")
_ADD = re.compile(rf"\b(?:add|append|note|comment|tell (?!me\b|us\b))\b.{{0,60}}(?:\b{_TICKET}\b|\bt-\d+)")
_MOVE = re.compile(rf"\b(?:move|change|reassign|put)\b.{{0,20}}(?:\b{_TICKET}\b|\bt-\d+).{{0,40}}\b(?:to|under|into|as)\b")
_DEVICES = re.compile(
    r"\b(?:which|what|list|show)\b.{0,12}\b(?:my )?(?:devices?|laptops?)\b.{0,25}\b(?:have|registered|mine|my|do i)\b|^(?:show |list )?my devices\b"
)
_ACCESS = re.compile(r"\b(?:what|which|show|list)\b.{0,12}\b(?:access|permissions|groups)\b.{0,25}\b(?:have|my|can i|do i)\b|^my access\b")
_STATE = re.compile(
    r"^(?:is|are) (?:the )?[\w -]{2,30} (?:down|up|working|slow|broken|offline|running|affected)"
    r"(?: (?:now|today|again|right now|at the moment|currently|for (?:everyone|everybody|all|others)))*[?. ]*$"
    r"|\b(?:status|outage) (?:of|with)\b.{0,25}"
)
_SPAN = re.compile(r"\b(\d{1,3}|a|one|two|three)[ -]?(day|week|month)s?\b")
_COUNTS = {"a": 1, "one": 1, "two": 2, "three": 3}
_SPANS = {"day": 1, "week": 7, "month": 30}
_DAYS = (1, 7, 30, 90)
DEFAULT_DAYS = "30"


class LocalActing:
    """The ``ActingModel`` port over patterns."""

    identity = MODEL

    def choose(self, situation: Situation) -> Chosen:
        """See the port."""
        plain, own = (" ".join(text.split()).casefold().replace("’", "'") for text in (situation.english or situation.words, situation.words))
        if not plain or len(plain.split()) > LONGEST_WISH or _NEGATED.search(plain):
            return Chosen()
        call = next((found for rule in _RULES if (found := rule(plain, situation)) is not None), None)
        if call is None:
            return Chosen(not_theirs=_strange_ticket(plain, situation))
        return about_somebody_else(plain, call, own) or Chosen((call,))


def about_somebody_else(plain: str, call: ToolCall, own: str = "") -> Chosen | None:
    """Return what a wish about accounts comes to when the words name somebody else; None when they do not, whoever made the wish.

    ``plain`` are the words in lower case, in English as far as they were understood, and ``own`` as they were written.
    """
    if call.tool not in ON_ACCOUNTS or not (_OTHERS.search(plain) or _OTHERS.search(own)):
        return None
    return Chosen(about_others=bool(_TOLD.match(plain)) or not (plain.endswith("?") or _HOW_TO.match(plain)))


def _strange_ticket(plain: str, situation: Situation) -> str:
    """Return the ticket that a message wants changed, if it is none of the person's own."""
    number = _NUMBER.search(plain)
    if number is None or not any(pattern.search(plain) for pattern in (_CLOSE, _REOPEN, _ADD, _MOVE)):
        return ""
    own = {handle.label.casefold().split()[0] for handle in situation.handles() if handle.kind == "ticket"}
    return "" if number.group() in own else number.group().upper()


def _sure(plain: str) -> float:
    if _HOW_TO.match(plain):
        return HOW_TO
    return PLAIN if _ASKED.search(plain) or not _TROUBLE.search(plain) else HOW_TO


def _reset(plain: str, _situation: Situation) -> ToolCall | None:
    return ToolCall("reset_password", {}, _sure(plain)) if _RESET.search(plain) and not _ELSEWHERE.search(plain) else None


def _unlock(plain: str, _situation: Situation) -> ToolCall | None:
    return ToolCall("unlock_account", {}, _sure(plain)) if _UNLOCK.search(plain) and not _ELSEWHERE.search(plain) else None


def _grant(plain: str, situation: Situation) -> ToolCall | None:
    wants = _WANTS.search(plain) is not None
    if _GIVE_UP.search(plain) or not (wants or re.match(_NEEDS, plain)):
        return None
    wanted = _named(plain, situation, "entitlement")
    if wanted is None or not (wants or _bare(plain, wanted)):
        return None
    return ToolCall("grant_access", {"group": wanted.handle, "days": _span(plain)}, _sure(plain))


def _bare(plain: str, wanted: Handle) -> bool:
    """Say whether the whole message is that the person needs a thing."""
    return re.fullmatch(f"{_NEEDS}{re.escape(wanted.label.casefold())}{_ENDS}", plain) is not None


def _give_up(plain: str, situation: Situation) -> ToolCall | None:
    held = _named(plain, situation, "held") if _GIVE_UP.search(plain) else None
    if held is None:
        return None
    ends = re.search(rf"{re.escape(held.label.casefold())}(?: {_RIGHT})?(?: any ?more| any longer| now)?[.! ]*$", plain)
    return ToolCall("give_up_access", {"group": held.handle}, _sure(plain) if ends else HOW_TO)


def _on_ticket(tool: str, pattern: re.Pattern[str], noted: bool = False) -> Callable[[str, Situation], ToolCall | None]:
    """Read wishes about a ticket. What is ``noted`` tells of troubles of its own: only the words up to the ticket's number are the wish."""

    def rule(plain: str, situation: Situation) -> ToolCall | None:
        number = _NUMBER.search(plain)
        if not pattern.search(plain) or number is None:
            return None
        ticket = next((h for h in situation.handles() if h.kind == "ticket" and h.label.casefold().split()[0] == number.group()), None)
        wish = plain[: number.end()] if noted else plain
        return ToolCall(tool, {"ticket": ticket.handle}, _sure(wish)) if ticket else None

    return rule


def _move(plain: str, situation: Situation) -> ToolCall | None:
    on = _on_ticket("update_ticket", _MOVE)(plain, situation)
    category = _named(plain.rsplit(" to ", 1)[-1], situation, "category") if on else None
    return ToolCall(on.tool, {**on.arguments, "category": category.handle}, on.confidence) if on and category else None


def _devices(plain: str, _situation: Situation) -> ToolCall | None:
    return ToolCall("my_devices", {}, PLAIN) if _DEVICES.search(plain) else None


def _access(plain: str, _situation: Situation) -> ToolCall | None:
    return ToolCall("my_access", {}, PLAIN) if _ACCESS.search(plain) else None


def _service(plain: str, situation: Situation) -> ToolCall | None:
    service = _named(plain, situation, "service") if _STATE.search(plain) else None
    return ToolCall("service_status", {"service": service.handle}, PLAIN) if service else None


_RULES: Sequence[Callable[[str, Situation], ToolCall | None]] = (
    _on_ticket("close_ticket", _CLOSE),
    _on_ticket("reopen_ticket", _REOPEN),
    _move,
    _on_ticket("comment_ticket", _ADD, noted=True),
    _give_up,
    _unlock,
    _reset,
    _grant,
    _devices,
    _access,
    _service,
)


def _named(plain: str, situation: Situation, kind: str) -> Handle | None:
    """Return the one thing of a kind whose name stands in the text; None when none does, or two different ones do."""
    of_kind = [handle for handle in reversed(situation.handles()) if handle.kind == kind]
    found = {one.label: one for one in of_kind if re.search(rf"(?<!\w){re.escape(one.label.casefold())}(?!\w)", plain)}
    longest = [label for label in found if not any(label != other and label.casefold() in other.casefold() for other in found)]
    return found[longest[0]] if len(longest) == 1 else None


def _span(plain: str) -> str:
    """Return the number of days that a text asks for, as one of those that can be had; the next longer one, the longest at most."""
    found = _SPAN.search(plain)
    if found is None:
        return DEFAULT_DAYS
    count = _COUNTS.get(found.group(1)) or int(found.group(1))
    wanted = count * _SPANS[found.group(2)]
    return str(next((days for days in _DAYS if days >= wanted), _DAYS[-1]))
