"""How one person words the same thing at different times: seeded, and without a language model.

Variation keeps to what people do without changing what they mean: another of the wordings that the case gives, manners around it, no capitals,
no full stop, one slip of the finger in an ordinary word. Codes, names with digits, addresses and everything in quotation marks stay as they are.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

FROM_WORDS = 4
"""Shorter messages are buttons in words ("yes please"): they get no manners and no slips."""
SLIP_LETTERS = 6
_ORDINARY = re.compile(rf"(?<![\w@./-])[^\W\d_]{{{SLIP_LETTERS},}}(?![\w@./-])")
_QUOTED = re.compile(r"[\"“„«][^\"”“»]*[\"”“»]|`[^`]*`")
_MANNERS = {
    "en": (("Hi, ", "Hello, ", "Good morning, ", "Hey, "), (" Thanks", " Thank you in advance.", " Can you help?", " Please help.")),
    "de": (("Hallo, ", "Guten Morgen, "), (" Danke.", " Vielen Dank im Voraus.")),
    "fr": (("Bonjour, ", "Salut, "), (" Merci", " Merci d'avance.")),
    "es": (("Hola, ", "Buenos días, "), (" Gracias", " Muchas gracias.")),
    "it": (("Ciao, ", "Buongiorno, "), (" Grazie", " Grazie mille.")),
    "pt": (("Olá, ", "Bom dia, "), (" Obrigado", " Obrigada pela ajuda.")),
    "nl": (("Hallo, ", "Goedemorgen, "), (" Bedankt", " Alvast bedankt.")),
    "pl": (("Cześć, ", "Dzień dobry, "), (" Dziękuję", " Z góry dziękuję.")),
    "sv": (("Hej, ", "God morgon, "), (" Tack", " Tack på förhand.")),
    "ar": (("مرحبا، ", "السلام عليكم، "), (" شكرا", " شكرا جزيلا")),
}


@dataclass(frozen=True, slots=True)
class Voice:
    """Says things in one of many ways; with ``varied`` false always in the first one, as it is written."""

    draw: random.Random
    language: str
    varied: bool

    def say(self, wordings: Sequence[str]) -> str:
        """Return one way to say it."""
        if not self.varied:
            return wordings[0]
        text = self.draw.choice(list(wordings))
        if len(text.split()) < FROM_WORDS and self.language != "ar":
            return text
        return self._slipped(self._careless(self._polite(text)))

    def _polite(self, text: str) -> str:
        before, after = _MANNERS[self.language]
        if self.draw.random() < 0.35:
            text = self.draw.choice(before) + (text if text[:2].isupper() or text.startswith("I ") else text[0].lower() + text[1:])
        if self.draw.random() < 0.25:
            text = (text if text[-1] in ".?!" else f"{text}.") + self.draw.choice(after)
        return text

    def _careless(self, text: str) -> str:
        if self.draw.random() < 0.15 and not _QUOTED.search(text):
            text = " ".join(word if any(letter.isdigit() for letter in word) else word.lower() for word in text.split(" "))
        return text.rstrip(".") if self.draw.random() < 0.2 else text

    def _slipped(self, text: str) -> str:
        if self.draw.random() >= 0.25:
            return text
        spared = [match.span() for match in _QUOTED.finditer(text)]
        places = [
            found
            for found in _ORDINARY.finditer(text)
            if not any(start < found.end() and found.start() < end for start, end in spared) and found.group()[1:].islower()
        ]
        if not places:
            return text
        word = self.draw.choice(places)
        at = self.draw.randrange(word.start() + 1, word.end() - 2)
        if self.draw.random() < 0.5:
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        return text[:at] + text[at + 1 :]
