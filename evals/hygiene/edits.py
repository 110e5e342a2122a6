"""Edits of one sentence that change what it says, or only how it says it. Found with rules of their own, not with those of lint."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

Edit = Callable[[str, random.Random], str | None]
_UNIT = r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)"
_SIZE = r"(?:MB|GB|TB|characters|percent|%)"
_LABELS = ("intern", "portal", "access", "desk2", "connect", "start", "tools", "my")
_ITEMS = ("Advanced", "Preferences", "Tools", "Control Panel", "Accounts", "System", "Extras")
_MODALS = """
must not=must  cannot=can  do not=do  is not=is  are not=are  never=always  must=must not  can=cannot  is=is not  are=are not  will=will not
needs=does not need
"""
_OPPOSITE_WORDS = (("enabled", "disabled"), ("required", "optional"), ("allowed", "forbidden"), ("automatically", "manually"), ("always", "never"))
_SYNONYM_LIST = """
select=choose  choose=pick  click=press  open=go to  use=work with  need=require  needs=requires  get=receive  takes=lasts  usually=as a rule
about=roughly  then=afterwards  start=begin  starts=begins  show=display  shows=displays  if=in case  company=our  help=assistance  every=each
because=since  also=too  immediately=at once  wait=hold on  report=tell us about  send=submit  keep=hold  kept=held  ask=turn to  problem=trouble
new=fresh  people=colleagues  computer=machine  see=look at  enter=type  type=enter  remove=take away  removed=taken away  old=former
same=very same  only=just  without=with no
"""
_WORD = re.compile(r"(?<![\w./@-])[a-z]+(?![\w/@-]|\.\w)")
_OPENINGS = ("", "", "Please note: ", "As a rule, ", "Remember that ", "In short: ")
_CLOSINGS = ("", "", ", as agreed with the desk", ", for everybody", " in the normal case")


def _paired(listed: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in re.split(r"\s{2,}|\n", listed.strip()))


_SYNONYMS, _DENIALS = _paired(_SYNONYM_LIST), _paired(_MODALS)


def _number(sentence: str, draw: random.Random, unit: str) -> str | None:
    found = re.search(rf"(?<![\w.:-])(\d+)(?= {unit}\b)", sentence)
    if not found:
        return None
    value = int(found[1])
    other = draw.choice([value * 2, value * 3, value + 5 if value > 2 else value + 2])
    return sentence[: found.start()] + str(other) + sentence[found.end() :]


def duration(sentence: str, draw: random.Random) -> str | None:
    """Change how long something takes."""
    return _number(sentence, draw, _UNIT)


def amount(sentence: str, draw: random.Random) -> str | None:
    """Change a size or a length."""
    return _number(sentence, draw, _SIZE)


def host(sentence: str, draw: random.Random) -> str | None:
    """Change the name of a host."""
    found = re.search(r"(?<![\w.@-])(?<!\w/)([a-z][\w-]*)((?:\.[\w-]+)*\.(?:example|com|org|net))\b", sentence)
    if not found or found[2].count(".") < 2:
        return None
    return sentence.replace(f"{found[1]}{found[2]}", f"{draw.choice(_LABELS)}{found[2]}")


def phone(sentence: str, draw: random.Random) -> str | None:
    """Change a number to call."""
    found = re.search(r"\b(?:extension|call) (\d{4})\b", sentence)
    return sentence.replace(found[1], str((int(found[1]) + draw.randrange(11, 900)) % 10000).zfill(4)) if found else None


def email(sentence: str, draw: random.Random) -> str | None:
    """Change an e-mail address."""
    found = re.search(r"([\w.+-]+)@[\w.-]+\w", sentence)
    return sentence.replace(found[0], found[0].replace(found[1], f"{draw.choice(_LABELS)}.{found[1]}")) if found else None


def version(sentence: str, draw: random.Random) -> str | None:
    """Change a version."""
    found = re.search(r"(?<=[Vv]ersion )\d+(?:\.\d+)*", sentence)
    return sentence[: found.start()] + f"{draw.randrange(20, 60)}.{draw.randrange(9)}" + sentence[found.end() :] if found else None


def hours(sentence: str, draw: random.Random) -> str | None:
    """Change when somebody answers."""
    found = re.search(r"\b(\d\d):00-(\d\d):00", sentence)
    return sentence.replace(found[0], draw.choice(["08:30-16:30", "09:00-17:00", "06:00-22:00"])) if found else None


def menu(sentence: str, draw: random.Random) -> str | None:
    """Change one of the first items of a path of menus."""
    found = re.search(r"\*\*([^*>]+) > ([^*]+ > [^*]+)\*\*", sentence)
    return sentence.replace(found[0], f"**{draw.choice(_ITEMS)} > {found[2]}**") if found else None


def negation(sentence: str, _draw: random.Random) -> str | None:
    """Turn a statement into its opposite with a not, or by taking one out."""
    for word, other in _DENIALS.items():
        if re.search(rf"\b{word}\b", sentence):
            return re.sub(rf"\b{word}\b", other, sentence, count=1)
    return None


def opposite(sentence: str, _draw: random.Random) -> str | None:
    """Replace a word by its opposite."""
    for one, other in (*_OPPOSITE_WORDS, *((b, a) for a, b in _OPPOSITE_WORDS)):
        if re.search(rf"\b{one}\b", sentence):
            return re.sub(rf"\b{one}\b", other, sentence, count=1)
    return None


def same_time(sentence: str, _draw: random.Random) -> str | None:
    """Say the same time in another unit."""
    found = re.search(r"(?<![\w.:-])(\d+) (hours?|days?|weeks?)\b", sentence)
    if not found:
        return None
    small = {"hour": (60, "minutes"), "day": (24, "hours"), "week": (7, "days")}[found[2].rstrip("s")]
    return sentence[: found.start()] + f"{int(found[1]) * small[0]} {small[1]}" + sentence[found.end() :]


def paraphrase(sentence: str, draw: random.Random) -> str:
    """Say it in other words: synonyms for half of the words that have one, another opening or end, remarks in brackets left out."""
    text = re.sub(r" \([^()\]\d]*\)(?!\w)", "", sentence) if draw.random() < 0.5 and "](" not in sentence else sentence
    parts = re.split(r"(\*\*[^*]+\*\*)", text)
    text = "".join(part if part.startswith("**") else _WORD.sub(lambda found: _said(found[0], draw), part) for part in parts)
    opening, closing = draw.choice(_OPENINGS), draw.choice(_CLOSINGS)
    if opening and text[:1].isupper() and not text[1:2].isupper():
        text = opening + text[0].lower() + text[1:]
    return text[:-1] + closing + text[-1] if closing and text.endswith(".") else text


def _said(word: str, draw: random.Random) -> str:
    return _SYNONYMS.get(word, word) if draw.random() < 0.5 else word


CONTRADICTING: dict[str, Edit] = {
    "duration": duration,
    "amount": amount,
    "host": host,
    "phone": phone,
    "email": email,
    "version": version,
    "hours": hours,
    "menu": menu,
    "negation": negation,
    "opposite": opposite,
}
