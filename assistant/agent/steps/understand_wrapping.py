"""Manners and anger around a request: what is left of a message without them. The patterns look at both, the words that came and what is left."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LEADING = re.compile(
    r"^(?:"
    r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|greetings)(?: (?:there|all|team|everyone|everybody|firstline|service desk"
    r"|it|support|sir|madam))*[,.!: -]+"
    r"|(?:i )?hope (?:you(?: are|'re)|this finds you|all is)[^.,!?]{0,40}[.,!]+ *"
    r"|(?:i am |i'm )?(?:so |very )?sorry (?:to (?:bother|disturb|trouble) you|for (?:the )?\w+)(?: again| once more)?[,.!]* *(?:but |and )?"
    r"|(?:excuse me|pardon|listen|look|ok(?:ay)?|so|well|right|honestly|seriously)[,.!:]+ *"
    r"|(?:this is |it is |it's |that is )?(?:so |really |absolutely |totally )?(?:ridiculous|unbelievable|unacceptable|a joke|annoying"
    r"|insane)[,.!]+ *"
    r"|(?:for (?:god|heaven|christ)'?s sake|what the (?:hell|heck)|damn(?: it)?|ffs|wtf|omg|argh+)[,.! ]+"
    r"|(?:please|kindly|pls|plz)[,.! ]+"
    r"|(?:can|could|would|will) you (?:please |kindly |maybe |possibly |perhaps )*(?=(?:open|create|file|raise|log|submit|connect|transfer"
    r"|put|get|give|let)\b)"
    r"|(?:i would|i'd) (?:be (?:very )?(?:grateful|glad|happy) if you (?:could|would)|(?:kindly )?(?:ask|like to ask) you to) "
    r"|(?:would|could) you be so kind (?:as )?to "
    r")"
)
_TRAILING = re.compile(
    r"(?:[,.!;]+ *|\s+)(?:(?:many |kind |best |warm )?(?:thanks?|regards|wishes|thank you|thx|cheers|ty)(?: (?:in advance|a lot|so much"
    r"|very much|again|for (?:your|the) \w+))*"
    r"|please|pls|asap|right now|now|immediately|at once|for (?:god|heaven|christ)'?s sake|damn it|(?:or )?i will complain|have a (?:nice"
    r"|good|great) (?:day|one|weekend))[.,!? ]*$"
)
_MOST = 6
"""Layers. More manners than that are a story."""


def unwrapped(plain: str) -> Iterator[str]:
    """Yield a lower-case text, and then, if there is any, what it says within its manners."""
    yield plain
    core = plain
    for _ in range(_MOST):
        inner = _TRAILING.sub("", _LEADING.sub("", core, count=1), count=1).strip()
        if inner == core or not any(character.isalnum() for character in inner):
            break
        core = inner
    if core != plain:
        yield core
