"""Texts with a secret in them and the secret itself, made from templates by a seed. Nobody's: every value is drawn."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assistant.governance.numbers import luhn

UPPER_DIGITS = string.ascii_uppercase + string.digits
WORD_DIGITS = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
STRUCTURED, FREE = "structured", "free-text password"


@dataclass(frozen=True, slots=True)
class Sample:
    """A text, what must not be left of it, and which sort of secret that is."""

    text: str
    secrets: tuple[str, ...]
    sort: str
    kind: str


def _of(generator: random.Random, signs: str, length: int) -> str:
    return "".join(generator.choice(signs) for _ in range(length))


def _mixed(generator: random.Random, length: int) -> str:
    return "aQ7" + _of(generator, WORD_DIGITS, length - 3)


def _card(generator: random.Random) -> str:
    prefix, length = generator.choice((("4", 16), ("53", 16), ("37", 15), ("6011", 16), ("2345", 16)))
    body = prefix + _of(generator, string.digits, length - len(prefix) - 1)
    number = next(f"{body}{digit}" for digit in string.digits if luhn(f"{body}{digit}"))
    if length == 15:
        return generator.choice((number, f"{number[:4]} {number[4:10]} {number[10:]}"))
    sign = generator.choice(("", " ", "-"))
    return sign.join(number[start : start + 4] for start in range(0, length, 4))


def _iban(generator: random.Random) -> str:
    country, length = generator.choice((("DE", 22), ("SE", 24), ("FR", 27), ("ES", 24), ("NL", 18), ("GB", 22), ("PL", 28)))
    bank = {"NL": "ABNA", "GB": "NWBK"}.get(country, "")
    body = bank + _of(generator, string.digits, length - 4 - len(bank))
    check = 98 - int("".join(str(int(sign, 36)) for sign in f"{body}{country}00")) % 97
    whole = f"{country}{check:02d}{body}"
    return generator.choice((whole, " ".join(whole[start : start + 4] for start in range(0, length, 4))))


def _personnummer(generator: random.Random) -> str:
    body = f"{generator.randint(50, 99)}{generator.randint(1, 12):02d}{generator.randint(1, 28):02d}{generator.randint(0, 999):03d}"
    whole = next(f"{body}{digit}" for digit in string.digits if luhn(f"{body}{digit}"))
    return generator.choice((f"19{whole[:6]}-{whole[6:]}", f"{whole[:6]}-{whole[6:]}"))


def _dni(generator: random.Random) -> str:
    number = generator.randint(10_000_000, 99_999_999)
    return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def _pesel(generator: random.Random) -> str:
    body = f"{generator.randint(50, 99)}{generator.randint(1, 12):02d}{generator.randint(1, 28):02d}{generator.randint(0, 9999):04d}"
    rest = sum(int(digit) * weight for digit, weight in zip(body, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), strict=True)) % 10
    return f"{body}{(10 - rest) % 10}"


def _cpf(generator: random.Random) -> str:
    digits = _of(generator, string.digits, 8) + generator.choice("123456789")
    for size in (9, 10):
        digits += str(sum(int(d) * w for d, w in zip(digits, range(size + 1, 1, -1), strict=True)) * 10 % 11 % 10)
    return f"{digits[:3]}.{digits[3:6]}.{digits[6:9]}-{digits[9:]}"


def _ssn(generator: random.Random) -> str:
    return f"{generator.randint(100, 665)}-{generator.randint(10, 99)}-{generator.randint(1000, 9999)}"


def _phone(generator: random.Random) -> str:
    sign = generator.choice((" ", "-", ""))
    country, area = generator.choice((44, 46, 49, 33, 34, 48, 351, 39, 31)), generator.randint(10, 799)
    return f"+{country}{sign or ' '}{area}{sign}{generator.randint(100, 999)}{sign}{generator.randint(1000, 9999)}"


def _person(generator: random.Random) -> str:
    return generator.choice(("anna", "jonas", "lucia", "piotr", "ines", "sofie")) + "." + _of(generator, string.ascii_lowercase, 6)


def _key(generator: random.Random) -> str:
    lines = "\n".join(_of(generator, WORD_DIGITS + "+/", 64) for _ in range(3))
    return f"-----BEGIN {generator.choice(('RSA ', 'EC ', 'OPENSSH ', ''))}PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----"


def _groups(generator: random.Random, count: int, length: int) -> str:
    return "-".join(
        f"{generator.choice(string.ascii_uppercase)}{generator.choice(string.digits)}{_of(generator, UPPER_DIGITS, length - 2)}" for _ in range(count)
    )


Made = Callable[[random.Random], str]
STRUCTURES: dict[str, tuple[Made, tuple[str, ...]]] = {
    "jwt": (
        lambda g: f"eyJ{_mixed(g, 20)}.eyJ{_mixed(g, 30)}.{_mixed(g, 43)}",
        ("Authorization: Bearer {}", "the portal shows token={} in the address", "curl -H 'Authorization: Bearer {}' fails with 401"),
    ),
    "aws": (lambda g: f"AKIA{_of(g, UPPER_DIGITS, 16)}", ("aws_access_key_id = {}", "my key {} is refused", "{} does not list the bucket")),
    "aws secret": (lambda g: _mixed(g, 40), ("aws_secret_access_key = {}", "secret {}", "I pasted {} into the wrong window")),
    "github": (
        lambda g: f"{g.choice(('ghp_', 'gho_', 'ghs_'))}{_of(g, WORD_DIGITS, 36)}",
        ("git push asks again although I use {}", "remote: https://{}@git.example/x.git"),
    ),
    "gitlab": (lambda g: f"glpat-{_mixed(g, 20)}", ("the runner says {} is not valid", "PRIVATE-TOKEN: {}")),
    "slack": (lambda g: f"xoxb-{_of(g, string.digits, 12)}-{_mixed(g, 24)}", ("the bot uses {}", "SLACK_TOKEN={}")),
    "stripe": (lambda g: f"sk_live_{_mixed(g, 24)}", ("{} leaked", "STRIPE_KEY: {}")),
    "google": (lambda g: f"AIza{_of(g, WORD_DIGITS, 35)}", ("maps does not load with {}", "https://maps.example/api?key={}")),
    "model provider": (lambda g: f"sk-proj-{_mixed(g, 40)}", ("my API key {} stopped working", 'api_key="{}"')),
    "private key": (_key, ("here is the key\n{}\nplease install it", "{}")),
    "database address": (
        lambda g: f"{_mixed(g, 9)}",
        ("postgresql://erp:{}@db.example:5432/erp", "mongodb+srv://app:{}@cluster.example/x", "DATABASE_URL=mysql://root:{}@10.0.0.5/shop"),
    ),
    "connection string": (
        lambda g: f"{_mixed(g, 11)}",
        ("Server=sql01;Database=hr;User Id=svc;Password={};", "Data Source=db;UID=app;PWD={};Encrypt=true"),
    ),
    "storage key": (lambda g: _of(g, WORD_DIGITS + "+/", 85) + "Q==", ("AccountName=files;AccountKey={};EndpointSuffix=core.example",)),
    "option": (
        lambda g: f"{_mixed(g, 10)}!",
        ("net use Z: \\\\files\\team /user:corp\\ana {}", "backup.sh --password {} --full", "curl -u ana:{} https://repo.example/x"),
    ),
    "card": (_card, ("card {} was charged twice", "Kreditkarte {} gültig bis 12/29", "I paid with {} and got no licence", "carte {} refusée")),
    "iban": (_iban, ("IBAN {} please", "bitte auf {} überweisen", "refund to {}, thanks")),
    "ssn": (_ssn, ("ssn {}", "my social security number is {} and payroll has another", "{} is on the form")),
    "personnummer": (_personnummer, ("mitt personnummer är {}", "personnummer: {}", "BankID för {} går inte")),
    "dni": (_dni, ("mi DNI es {}", "el formulario no acepta {}")),
    "pesel": (_pesel, ("mój PESEL to {}", "PESEL {} nie działa w formularzu")),
    "cpf": (_cpf, ("meu CPF é {}", "o sistema recusa {}")),
    "recovery code": (lambda g: _groups(g, 3, 4), ("recovery code {}", "{} is my last backup code", "the backup code {} was not accepted")),
    "bitlocker": (
        lambda g: "-".join(_of(g, string.digits, 6) for _ in range(8)),
        ("bitlocker {}", "it asks for the recovery key, I typed {}", "{} does not unlock the drive"),
    ),
    "product key": (lambda g: _groups(g, 5, 5), ("product key {}", "Office says {} is already used")),
    "phone": (_phone, ("Call me on {} after 3", "meine Nummer ist {}", "on peut me joindre au {}", "{} is my private mobile")),
    "e-mail": (
        lambda g: f"{_person(g)}@{g.choice(('mail.example', 'lindqvist.example', 'home.example.org'))}",
        ("write to {} instead", "meine private Adresse ist {}", "forward it to {}."),
    ),
    "one-time link": (
        lambda g: _mixed(g, 32),
        ("https://login.example/reset?token={}", "the link https://sso.example/cb?state=1&code={} has expired"),
    ),
    "session": (lambda g: _mixed(g, 26), ("Cookie: JSESSIONID={}", "PHPSESSID={} in the trace")),
    "totp": (
        lambda g: _of(g, string.ascii_uppercase + "234567", 32),
        ("otpauth://totp/Corp:ana?secret={}&issuer=Corp", "the authenticator secret {} does not scan"),
    ),
}
PHRASES: dict[str, tuple[str, ...]] = {
    "en": (
        "my password is {}",
        "My password is {} and it does not work",
        "password: {}",
        "The password for the VPN is {}, is that right?",
        "I changed my password to {} this morning",
        "pw {}",
        "pwd={}",
        "my passcode is {} but the phone wipes itself",
        "username maria password {}",
        "I log in with maria.santos / {}",
        "the wifi password here is {}",
        "{} is my password and Outlook keeps asking",
        "I set {} as my password",
        "can you check my login? user: maria, pass: {}",
        "It was {} before, now my new password is {}",
        "I have used the password {} for years",
        'Passphrase is "{}"',
        "my Windows password ({}) is rejected",
    ),
    "de": (
        "Mein Passwort ist {}",
        "mein Kennwort lautet {}",
        "Passwort: {}",
        "Ich habe mein Passwort auf {} geändert",
        "das WLAN-Passwort ist {}",
        "mit dem Passwort {} komme ich nicht rein",
        "Benutzer maria, Passwort {}",
        "mein neues Passwort heißt {} und geht nicht",
        "Zugangsdaten: maria / {}",
        "{} ist mein Passwort",
    ),
    "fr": (
        "mon mot de passe est {}",
        "Mot de passe : {}",
        "j'ai changé mon mot de passe en {}",
        "mdp {}",
        "mon mot de passe actuel est {} et il est refusé",
        "le mot de passe du wifi est {}",
        "je me connecte avec maria / {}",
        "avec le mot de passe {} ça ne marche pas",
        "identifiants : maria / {}",
    ),
    "es": (
        "mi contraseña es {}",
        "Contraseña: {}",
        "cambié mi contraseña a {}",
        "la contraseña del wifi es {}",
        "mi clave es {}",
        "uso la contraseña {} y no entra",
        "usuario maria contraseña {}",
        "mi nueva contraseña es {} pero falla",
    ),
    "sv": (
        "mitt lösenord är {}",
        "Lösenord: {}",
        "jag bytte lösenord till {}",
        "lösenordet till VPN är {}",
        "användare maria lösenord {}",
        "jag loggar in med {} som lösenord",
        "mitt nya lösenord är {} men det går inte",
    ),
    "pl": (
        "moje hasło to {}",
        "Hasło: {}",
        "zmieniłem hasło na {}",
        "hasło do wifi to {}",
        "loguję się hasłem {}",
        "login maria hasło {}",
        "moje nowe hasło to {} i nie działa",
    ),
    "pt": (
        "minha senha é {}",
        "Senha: {}",
        "mudei minha senha para {}",
        "a senha do wifi é {}",
        "usuário maria senha {}",
        "a minha palavra-passe é {}",
        "minha nova senha é {} mas não entra",
    ),
    "it": (
        "la mia password è {}",
        "Password: {}",
        "ho cambiato la password in {}",
        "la password del wifi è {}",
        "utente maria password {}",
        "la nuova password è {} ma non funziona",
        "credenziali: maria / {}",
    ),
    "nl": (
        "mijn wachtwoord is {}",
        "Wachtwoord: {}",
        "ik heb mijn wachtwoord gewijzigd in {}",
        "het wachtwoord van de wifi is {}",
        "gebruiker maria wachtwoord {}",
        "mijn nieuwe wachtwoord is {} maar dat werkt niet",
    ),
    "da": ("min adgangskode er {}", "Adgangskode: {}", "jeg har ændret min adgangskode til {}"),
    "fi": ("salasanani on {}", "Salasana: {}"),
    "cs": ("moje heslo je {}", "Heslo: {}"),
    "ru": ("мой пароль {}", "Пароль: {}", "пароль от почты: {}"),
    "ja": ("パスワードは{}です", "パスワード：{}"),
    "zh": ("我的密码是{}", "密码：{}"),
}
WORDS = (
    "tangerine",
    "Kartoffel",
    "lapin",
    "gato",
    "sommar",
    "ksiezyc",
    "saudade",
    "montagna",
    "fiets",
    "Hunter",
    "dragon",
    "Winter",
    "qwerty",
    "letmein",
    "Pelikan",
    "Bluebird",
)
PINS = (
    "my PIN is {}",
    "PIN: {}",
    "the door code is {}",
    "verification code {}",
    "the code is {}, it came by text",
    "der Sicherheitscode lautet {}",
    "código de verificación: {}",
    "mon code PIN est {}",
    "pinkoden är {}",
    "kod weryfikacyjny {}",
)


def _password(generator: random.Random) -> str:
    word = generator.choice(WORDS)
    return generator.choice(
        (
            f"{word}{generator.randint(1, 9999)}",
            f"{word.capitalize()}{generator.randint(1990, 2027)}!",
            f"{word}{generator.choice('!#$%&@*?')}{generator.choice(WORDS)}{generator.randint(1, 99)}",
            _mixed(generator, generator.randint(8, 16)),
            f"{_of(generator, WORD_DIGITS, 5)}{generator.choice('!#$%&@*?')}{_of(generator, WORD_DIGITS, 5)}",
            word.replace("a", "4").replace("e", "3").replace("i", "1") + str(generator.randint(0, 9)),
            word,
        )
    )


def structured(count: int, seed: int) -> Iterator[Sample]:
    """Yield texts with a secret of a known form, as many of each kind as of any other."""
    generator, kinds = random.Random(seed), sorted(STRUCTURES)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        make, templates = STRUCTURES[kind]
        secret = make(generator)
        yield Sample(generator.choice(templates).format(secret), (secret,), STRUCTURED, kind)


def spoken(count: int, seed: int) -> Iterator[Sample]:
    """Yield sentences in which somebody gives away a password, a PIN or a code, as many of each language as of any other."""
    generator, languages = random.Random(seed), [*sorted(PHRASES), "codes"]
    for number in range(count):
        language = languages[number % len(languages)]
        template = generator.choice(PINS if language == "codes" else PHRASES[language])
        secrets = [_of(generator, string.digits, 6) if language == "codes" else _password(generator) for _ in range(template.count("{}"))]
        yield Sample(template.format(*secrets), (secrets[-1],), FREE, language)
