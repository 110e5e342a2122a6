"""Numbers that belong to a person or a payment, known by their check digits or by the words in front of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

from assistant.governance.credentials import Found

_RUN = re.compile(r"(?<![\w.,/:+-])\d(?:[ -]?\d){11,22}(?![\w/]|[.,:-]\d)")
_GROUPS = re.compile(r"\d+")
_CARD_FORMS: tuple[tuple[str, tuple[int, ...]], ...] = (
    (r"4", (16, 19, 13)),
    (r"5[1-5]|2(?:2[2-9]|[3-6]|7[01]|720)", (16,)),
    (r"3[47]", (15,)),
    (r"6(?:011|5|4[4-9])|62", (16, 19)),
    (r"35(?:2[89]|[3-8])", (16,)),
    (r"3(?:0[0-5]|[68])", (14,)),
    (r"50|5[6-8]|6[037]", (16, 18, 19)),
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}")
_IBAN_COUNTRIES = {
    15: "NO",
    16: "BE",
    18: "DK FI FO GL NL",
    19: "MK SI",
    20: "AT BA EE KZ LT LU XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "PT ST",
    26: "IS TR",
    27: "FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU",
    31: "MT SC",
    32: "LC",
}
_IBAN_LENGTHS = {country: length for length, countries in _IBAN_COUNTRIES.items() for country in countries.split()}


def luhn(digits: str) -> bool:
    """Say whether the last digit is the check digit of the others (ISO/IEC 7812)."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def _cards(text: str) -> Iterator[Found]:
    for run in _RUN.finditer(text):
        groups = list(_GROUPS.finditer(text, run.start(), run.end()))
        for first in range(len(groups)):
            last = _card_from(groups[first:])
            if last is not None:
                yield groups[first].start(), last, "card number"
                break


def _card_from(groups: list[re.Match[str]]) -> int | None:
    """Return where a card number that begins with the first group ends; it ends where a group ends."""
    digits = ""
    for group in groups:
        digits += group.group()
        for prefix, lengths in _CARD_FORMS:
            if len(digits) in lengths and re.match(prefix, digits) and luhn(digits) and len(set(digits)) > 1:
                return group.end()
    return None


def _accounts(text: str) -> Iterator[Found]:
    for found in _IBAN.finditer(text):
        wanted = _IBAN_LENGTHS.get(found.group()[:2].upper())
        places = [place for place in range(found.start(), found.end()) if text[place].isalnum()]
        if wanted is None or len(places) < wanted:
            continue
        end = places[wanted - 1] + 1
        body = "".join(text[place] for place in places[:wanted]).upper()
        if not text[end : end + 1].isalnum() and _remainder(body[4:] + body[:4]) == 1:
            yield found.start(), end, "account number"


def _remainder(body: str) -> int:
    return int("".join(str(int(sign, 36)) for sign in body)) % 97


def _weighted(digits: str, weights: tuple[int, ...], modulus: int) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % modulus


def _day(year: int, month: int, day: int) -> bool:
    try:
        return date(year, month, day).year <= date.today().year - 12
    except ValueError:
        return False


def _swedish(found: str) -> bool:
    digits = re.sub(r"\D", "", found)
    century = "19" if len(digits) == 10 else ""
    whole = century + digits
    return luhn(digits[-10:]) and _day(int(whole[:4]), int(whole[4:6]), int(whole[6:8]) % 60)


def _polish(found: str) -> bool:
    month = int(found[2:4])
    year = {0: 1900, 1: 2000}.get(month // 20, 0) + int(found[:2])
    return year >= 1900 and _day(year, month % 20, int(found[4:6])) and _weighted(found, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1), 10) == 0


def _brazilian(found: str) -> bool:
    digits = re.sub(r"\D", "", found)
    if len(set(digits)) == 1:
        return False
    checks = [str(sum(int(d) * w for d, w in zip(digits, range(size + 1, 1, -1), strict=False)) * 10 % 11 % 10) for size in (9, 10)]
    return digits[9:] == "".join(checks)


def _spanish(found: str) -> bool:
    body = re.sub(r"[ -]", "", found.upper())
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(body[:-1].translate(str.maketrans("XYZ", "012"))) % 23] == body[-1]


def _french(found: str) -> bool:
    body = re.sub(r"\s", "", found.upper()).replace("2A", "19").replace("2B", "18")
    return 97 - int(body[:13]) % 97 == int(body[13:])


def _belgian(found: str) -> bool:
    digits = re.sub(r"\D", "", found)
    return int(digits[9:]) in (97 - int(digits[:9]) % 97, 97 - int("2" + digits[:9]) % 97)


def _swiss(found: str) -> bool:
    digits = re.sub(r"\D", "", found)
    return _weighted(digits, (1, 3) * 6 + (1,), 10) == 0


def _norwegian(found: str) -> bool:
    digits = re.sub(r"\D", "", found)
    dated = any(_day(century + int(digits[4:6]), int(digits[2:4]), int(digits[:2])) for century in (1900, 2000))
    first = _weighted(digits, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1), 11)
    return dated and first == 0 and _weighted(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1), 11) == 0


def _finnish(found: str) -> bool:
    return "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(found[:6] + found[7:10]) % 31] == found[10].upper()


def _always(_found: str) -> bool:
    return True


_EDGE, _END = r"(?<![\w.-])", r"(?![\w-]|\.\d)"
_NATIONAL: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = tuple(
    (re.compile(f"{_EDGE}(?:{form}){_END}"), check)
    for form, check in (
        (r"(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}", _always),
        (r"(?:19|20)?\d{6}[-+]\d{4}", _swedish),
        (r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] \d{2} \d{2} \d{2} [A-D]", _always),
        (r"\d{8}[ -]?[A-HJ-NP-TV-Z]|[XYZ][ -]?\d{7}[ -]?[A-HJ-NP-TV-Z]", _spanish),
        (r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]", _always),
        (r"[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}", _french),
        (r"\d{11}", _polish),
        (r"\d{11}|\d{6} \d{5}", _norwegian),
        (r"\d{3}\.\d{3}\.\d{3}-\d{2}", _brazilian),
        (r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}", _belgian),
        (r"756\.\d{4}\.\d{4}\.\d{2}", _swiss),
        (r"[0-3]\d[01]\d{3}[-+A]\d{3}[0-9A-Y]", _finnish),
    )
)
_NAMED_NUMBER = re.compile(
    r"(?<!\w)(?:ssn|social security(?: number| no\.?| #)?|national insurance(?: number| no\.?)?|ni number|nino|tax(?:payer)? (?:id|number)|"
    r"passport(?: number| no\.?| #)?|driver'?s? licen[cs]e(?: number| no\.?)?|national id(?: number)?|id card(?: number)?|"
    r"personnummer|samordningsnummer|passnummer|k[öo]rkortsnummer|steuer-?(?:id|identifikationsnummer|nummer)|sozialversicherungsnummer|"
    r"reisepass(?:nummer)?|"
    r"personalausweis(?:nummer)?|ausweisnummer|num[ée]ro de s[ée]curit[ée] sociale|num[ée]ro de passeport|num[ée]ro de (?:la )?s[ée]cu|nir|"
    r"n[úu]mero de la seguridad social|dni|nie|nif|pasaporte|codice fiscale|passaporto|carta d'identit[àa]|pesel|nip|dow[óo]d osobisty|"
    r"numer paszportu|"
    r"bsn|burgerservicenummer|paspoortnummer|rijksregisternummer|cpf|contribuinte|cart[ãa]o de cidad[ãa]o|henkil[öo]tunnus|hetu|cpr(?:-?nummer)?|"
    r"f[øo]dselsnummer|aadhaar(?: number)?|pps(?: number)?|ahv(?:-?nummer)?|medicare(?: number)?|health insurance number|krankenversicherungsnummer|"
    r"(?:bank )?account (?:number|no\.?)|routing (?:number|no\.?)|sort code|kontonummer|num[ée]ro de compte|n[úu]mero de cuenta|numero di conto|"
    r"rekeningnummer|numer konta)"
    r"(?:\s{1,2}(?:is|was|ist|lautet|est|es|är|to|jest|é|è))?\s{0,2}[:=#]?\s{0,2}"
    r"([A-Za-z]{0,4}[ .-]?\d[A-Za-z0-9]{0,14}(?:[ ./-]?(?:[A-Za-z]{0,3}\d[A-Za-z0-9]{0,11}|(?-i:[A-Z])(?![A-Za-z]))){0,8})(?!\w)",
    re.IGNORECASE,
)
_BIRTH = re.compile(
    r"(?<!\w)(?:date of birth|birth ?date|dob|born(?: on)?|geburtsdatum|geboren am|date de naissance|n[ée]e? le|fecha de nacimiento|f[öo]delsedatum|"
    r"data di nascita|geboortedatum|data urodzenia|data de nascimento)(?:\s(?:is|ist|est|es|är|to|é|è))?\s{0,2}[:=]?\s{0,2}"
    r"(\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}\.? [^\W\d_]{3,12}\.?,? \d{4}|[^\W\d_]{3,12} \d{1,2},? \d{4})",
    re.IGNORECASE,
)
_CARD_CODE = re.compile(
    r"(?<!\w)(?:cvv2?|cvc2?|cvn|card security code|pr[üu]fziffer|kartenpr[üu]fnummer)(?:\s(?:is|ist|est|es|code))?\s{0,2}[:=]?\s{0,2}(\d{3,4})(?!\d)",
    re.IGNORECASE,
)


def payments_in(text: str) -> Iterator[Found]:
    """Yield card numbers (issuer, length and Luhn), IBANs (length and checksum) and the codes that go with cards."""
    yield from _cards(text)
    yield from _accounts(text)
    for found in _CARD_CODE.finditer(text):
        yield found.start(1), found.end(1), "card number"


def personal_numbers_in(text: str) -> Iterator[Found]:
    """Yield national numbers that pass their check, those that their name announces, and dates of birth."""
    for pattern, check in _NATIONAL:
        for found in pattern.finditer(text):
            if check(found.group()):
                yield found.start(), found.end(), "personal number"
    for named, kind in ((_NAMED_NUMBER, "personal number"), (_BIRTH, "date of birth")):
        for found in named.finditer(text):
            if kind != "personal number" or sum(sign.isdigit() for sign in found.group(1)) >= 5:
                yield found.start(1), found.end(1), kind
