"""Passwords, codes and PINs that people write into sentences, in the languages that people write to a service desk in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from assistant.governance.credentials import Found

_NAMES = (
    r"pass ?(?:word|code|phrase)s?|passwd|passwort\w{0,2}|kennw[oö]rt\w{0,2}|losungswort|mots? de passe|\bmdp\b|phrase (?:de passe|"
    r"secr[eè]te)|contrase[nñ]as?|\bmi clave\b|l[öo]senord(?:et)?|"
    r"l[öo]senfras(?:en)?|has[lł](?:o|em|a)\b|\bsenhas?\b|palavra[- ]passe|parola d['’]ordine|wachtwoord(?:en)?|wachtzin|"
    r"adgangskode\w{0,2}|kodeord(?:et)?|"
    r"passord(?:et)?|salasana\w{0,3}|\bheslo\b|jelsz[óo]\w{0,2}|şifre\w{0,3}|парол[ьяюе]м?|"
    r"κωδικ[όο]ς(?: πρόσβασης)?|パスワード|密码|密碼|口令|비밀번호|암호|"
    r"كلمة (?:المرور|السر)|पासवर्ड|סיסמ[אה]|mật khẩu|kata sandi|\bpwd\b"
)
"""What surely names a password."""
_VAGUE = (
    r"\bpass\b|\bpw\b|\bpsw\b|\bclaves?\b|\bparola\b|\bl[öo]sen\b|\bpsk\b|\bsecret\b|\bcreds?\b|\bcredentials?\b|\blog-?in\b|"
    r"\bzugangsdaten\b|\bidentifiants?\b|"
    r"\bcredenciales\b|\bcredenziali\b|\binloggegevens\b|(?:wi-?fi|wlan|wpa[23]?|wireless|network|hotspot|router|security|encryption|"
    r"netzwerk|sicherheits)[ -]?"
    r"(?:key|schl[üu]ssel|nyckel)\b|cl[ée] (?:wi-?fi|de s[ée]curit[ée])|clave (?:del )?wi-?fi|security answer|answer to (?:the|my) "
    r"security question|maiden name"
)
"""What names a password only when something follows that looks like one."""
_IS = (
    r"\s{0,3}(?:[:=：＝]|->|=>|→|–>)\s{0,3}|\s{1,3}(?:is|was|be|ist|war|lautet(?:e)?|hei(?:ß|ss)t|est|était|c['’]est|es|era|fue|är|var|"
    r"jest|brzmi|było|é|foi|è|luidt|este|"
    r"on nyt|die ist|that is|would be|should be|used to be)(?:\s{0,2}[:=]\s{0,3}|\s{1,3})"
    r"|\s{0,2}(?:は|是|为|為|은|는|이)\s{0,2}"
)
_WHILE = (
    r"(?:(?:still|now|currently|always|just|actually|simply|again|jetzt|noch|immer|aktuell|maintenant|toujours|ahora|siempre|teraz|agora|"
    r"adesso|nog|nu|set to)\s{1,2}){0,2}"
)
_KIND_OF = (
    r"(?:\s(?:actuel|provisoire|temporaire|nueva|nuevo|actual|temporal|nova|atual|tempor[áa]ria|nuova|attuale|temporanea|nowe|stare|"
    r"tymczasowe|v[aä]liaikainen|wifi|wi-fi|"
    r"administrateur|admin))?"
)
_OF = (
    r"(?:\s(?:for|to|of|on|at|in|from|i|we|that|you|he|she|they|für|fürs|f[üu]r|zum|zur|von|vom|am|im|pour|de|du|des|d['’]\w+|para|del|"
    r"la|el|för|till|på|do|dla|na|w|"
    r"voor|van|op|per|di|della|al|da|no|от|к|для|на|here|hier|ici|aqu[íi]|här|tutaj|qui|mon|ma|mein\w{0,2})\b[^.,;:!?=\n]{0,50}?)?"
)
_QUOTED = r"[\"“”„«‹`][^\n\"“”„«»‹›`]{1,80}[\"”“»›`]|(?<!\w)['‘’][^\n'‘’]{3,60}['’](?!\w)"
_PLAIN = r"[^\s\"“”„«»`，。、]{1,128}"
_VALUE = rf"({_QUOTED}|{_PLAIN})"
_SAID = re.compile(rf"(?P<name>{_NAMES}){_KIND_OF}{_OF}(?:{_IS}){_WHILE}{_VALUE}", re.IGNORECASE)
_SAID_BY_LANGUAGE = re.compile(
    rf"(?:has[lł]o{_OF}\s(?:to|brzmi)|salasana\w{{0,3}}{_OF}\son|\bheslo{_OF}\sje|(?:adgangskode|kodeord|"
    rf"passord)\w{{0,2}}{_OF}\ser)\s{{1,2}}{_VALUE}",
    re.IGNORECASE,
)
_USED = re.compile(
    rf"(?:\bus(?:e|es|ed|ing)|\btr(?:y|ied|ying)|\btyp(?:e|ed|ing)|\benter(?:ed|ing)?|\bwith|\buso|\busé|\butilis\w{{1,4}}|"
    rf"\bbenutz\w{{1,4}}|\bverwend\w{{1,4}}|\bmit|\bgebruik\w{{0,3}}|\bmet|"
    rf"\banvänd\w{{0,3}}|\bmed|\bużywam|\bz|\bavec|\bcon|\bcom|\bloguję się|\bwpisuję)\s{{1,2}}(?:(?:the|my|das|dem|mein\w{{0,2}}|le|mon|"
    rf"la|mi|het|mijn|ett|mitt|a|minha|moje|moim|old|new)\s{{1,2}}){{0,2}}"
    rf"(?:{_NAMES})\s{{1,2}}{_VALUE}",
    re.IGNORECASE,
)
_SAID_VAGUELY = re.compile(rf"(?:{_VAGUE}){_OF}(?:{_IS}){_WHILE}{_VALUE}", re.IGNORECASE)
_BESIDE = re.compile(rf"(?:{_NAMES}|\bpass\b|\bpw\b|\bclave)\s{{1,2}}(?:[(\[]\s?)?{_VALUE}", re.IGNORECASE)
_BEFORE = re.compile(
    rf"(?<!\S)(?<![^\s\"“”„«‹`'(]){_VALUE}\s{{1,2}}(?:is|was|as|ist|war|als|est|comme|es|como|är|som|jest|jako|é|è|"
    rf"come)\s{{1,2}}(?:\w{{1,8}}\s{{1,2}}){{0,3}}?(?:{_NAMES})",
    re.IGNORECASE,
)
_MINE = re.compile(
    rf"(?:^|(?<=[.!?\n]\s)){_VALUE}\s(?:is|ist|est|es|är|to|é|è)\s(?:my|mein|mon|mi|mitt|moje|a minha|minha|la mia|"
    rf"mijn)\s(?:\w{{1,12}}\s)?(?:{_NAMES})(?!\s(?:manager|reset|policy))",
    re.IGNORECASE,
)
_CHANGING = (
    r"(?:ge|ver)?(?:chang|\bset\b|\breset|updat|switch|pick|chose|choos|made|ge[äa]nder|[äa]nder|gesetzt|setz|d[ée]fini|modifi|cambi|"
    r"restablec|[äa]ndra|ställ|bytt?e|[æa]ndre|skift|vaihdo|zmieni|ustawi|"
    r"změn|alter|mud|redefin|impost|wijzig|verander|ingesteld|изменил|поменял|сменил)\w{0,8}"
)
_CHANGED = re.compile(
    rf"{_CHANGING}[^.;:!?\n]{{0,40}}?(?:{_NAMES}){_OF}\s(?:to|auf|till|til|naar)\s{{1,2}}(?:be\s)?{_VALUE}"
    rf"|(?:{_NAMES})\s{_CHANGING}\s(?:to|auf|in|till|til|naar|a|na|para)\s{{1,2}}{_VALUE}",
    re.IGNORECASE,
)
_TURNED = re.compile(rf"(?:{_NAMES}){_OF}\s(?:to|auf|zu|in|en|par|por|a|till|til|na|para|su|naar|as|на)\s{{1,2}}(?:be\s)?{_VALUE}", re.IGNORECASE)
_USER = re.compile(
    rf"(?:user(?:name| ?id)?|log-?in|account|benutzer(?:name)?|anmeldename|utilisateur|usuario|utente|gebruiker(?:snaam)?|anv[äa]ndare|"
    rf"anv[äa]ndarnamn|usu[áa]rio|u[żz]ytkownik|bruger)"
    rf"(?:\s(?:is|ist|est|es|är|to|é|è))?\s{{0,2}}[:=]?\s{{0,2}}[\w.@\\-]{{2,64}}\s{{0,2}}[,;/|]?\s{{0,2}}(?:(?:and|und|et|y|och|i|e|"
    rf"en)\s)?(?:(?:the|das|le|la|het)\s)?(?:{_NAMES}|\bpass\b|\bpw\b)\s{{0,2}}[:=]?\s{{0,2}}{_VALUE}",
    re.IGNORECASE,
)
_WITH = re.compile(
    rf"(?:log(?:ged|ging)? ?(?:in|on)|sign(?:ed|ing)? ?in|connect\w{{0,3}}|anmeld\w{{0,4}}|einlogg\w{{0,3}}|melde mich|connecter|"
    rf"connecté|iniciar sesi[óo]n|logga\w{{0,3}} in|"
    rf"zalogowa\w{{0,3}}|inloggen)\b[^.;:!?\n]{{0,40}}?\s(?:with|mit|using|avec|con|med|com|z|met)\s{{1,2}}(?:[\w.@\\-]{{1,64}}\s?[/|"
    rf":+]\s?)?{_VALUE}",
    re.IGNORECASE,
)
_PAIR = re.compile(
    rf"(?:\bcreds?|credentials?|log-?in(?: details)?|zugangsdaten|identifiants?|credenciales|credenziali|inloggegevens|"
    rf"inloggningsuppgifter|dane logowania|user(?:name)?|benutzer(?:name)?)(?!\w)"
    rf"(?:\s(?:is|are|sind|sont|son|sono|zijn|är|to))?\s{{0,2}}[:=]?\s{{0,2}}[\w.@\\-]{{2,64}}\s?(?:/|\||:|,)\s?(?:(?:{_NAMES}|pass\b|"
    rf"pw\b)\s?[:=]?\s?)?{_VALUE}",
    re.IGNORECASE,
)
_PHRASE = re.compile(
    r"(?:pass ?phrase|recovery phrase|seed phrase|passphrase|phrase (?:de passe|secr[eè]te)|l[öo]senfras|wachtzin|frase (?:de (?:paso|"
    r"contrase[nñ]a)|secreta))\s{0,2}"
    r"(?:[:=]|is|ist|lautet|est|es|är|to|é|è|luidt)\s{1,2}((?:[^\W\d_]{3,12}[ -]){2,23}[^\W\d_]{3,12})(?=\s*(?:[.,;:!?\n]|$)|\s(?:and|"
    r"but|und|et|y|och|en|e)\b)",
    re.IGNORECASE,
)
_SURE_CODE = (
    r"(?:verification|security|recovery|backup|back-up|reset|access|log-?in|sign-?in|one[- ]time|single[- ]use|auth(?:entication|"
    r"enticator|orization|orisation)?|2fa|mfa|sms|otp|"
    r"confirmation|unlock|voicemail|door|alarm|entry|authenticator app|scratch|emergency|duo|okta)[ -](?:pass ?)?(?:codes?|keys?|pins?)|"
    r"\botp\b|\bpuk\b|\btan\b|\bpin(?:[ -]?(?:codes?|kod(?:en)?|number|nummer))?\b|passcode|"
    r"(?:best[äa]tigungs|sicherheits|zugangs|einmal|wiederherstellungs|freischalt|verifizierungs|anmelde|t[üu]r)-?(?:codes?|kennwort|"
    r"passwort|schl[üu]ssel)|"
    r"(?:codes?|c[óo]digos?|codic[ei]) (?:de |d['’]|di |da )(?:v[ée]rification|verificaci[óo]n|verifica|verifica[çc][ãa]o|s[ée]curit[ée]|"
    r"seguridad|seguran[çc]a|sicurezza|acc[èe]s|acceso|acesso|accesso|secours|"
    r"r[ée]cup[ée]ration|recuperaci[óo]n|recupera[çc][ãa]o|recupero|confirmation|confirmaci[óo]n|conferma|usage unique)|c[óo]digo pin|"
    r"c[óo]digo (?:de|del) sms|codice (?:di )?(?:pin|otp)|"
    r"(?:verifierings|s[äa]kerhets|[åa]terst[äa]llnings|eng[åa]ngs|inloggnings)-?(?:kod|koden|koder)|kod(?:y|em)? (?:weryfikacyjn\w|"
    r"bezpiecze[nń]stwa|dost[eę]pu|odzyskiwania|zapasow\w|sms|pin)|"
    r"(?:verificatie|beveiligings|toegangs|herstel|inlog|back-?up|bevestigings)-?codes?|bitlocker(?: recovery)?(?: key| password)?|"
    r"recovery key|wiederherstellungsschl[üu]ssel|"
    r"(?:product|licen[cs]e|activation|serial) key"
)
_PLAIN_CODE = (
    r"(?<!error )(?<!exit )(?<!status )(?<!stop )(?<!return )(?<!result )(?<!check )(?<!event )(?<!http )(?<!postal )(?<!country "
    r")(?<!area )(?<!zip )(?<!bar )(?<!qr )\b(?:code|c[óo]digo|kod(?:en)?|codice)\b"
)
_ONE_CODE = (
    r"(?=[A-Za-z-]{0,30}\d)[A-Za-z0-9]{2,8}(?:-[A-Za-z0-9]{3,8}){1,9}|[A-Z0-9]{5}-[A-Z0-9]{5}|\d{3}[ -]\d{3}(?!\d)|\d{4,10}(?![\d.])|"
    r"(?=[A-Z]{0,15}\d)(?=\d{0,15}[A-Z])[A-Z0-9]{5,16}"
)
_CODE_LIST = (
    rf"((?:{_ONE_CODE})(?![\w.])(?:(?:\s{{0,2}}[,;/|]\s{{0,2}}|\s{{1,2}}(?:and|or|und|et|y|och|i|e|en)\s|"
    rf"\s{{1,4}})(?:{_ONE_CODE})(?![\w.])){{0,20}})"
)
_CODES = re.compile(
    rf"(?:{_SURE_CODE})(?:\s(?:for|from|to|of|i|on|that|we|für|von|pour|de|para|f[öo]r|dla|voor|per|the|my|is|"
    rf"are)\b[^.,;:!?=\d\n]{{0,40}}?)?(?:{_IS}|\s{{1,3}}(?:are|were|sind|sont|son|sono|zijn|[äa]r|to)\s{{1,3}}|\s{{1,3}})"
    rf"[\"'“(]?{_CODE_LIST}",
    re.IGNORECASE,
)
_BARE_CODE = re.compile(
    rf"(?:{_PLAIN_CODE})(?:{_IS}|\s(?:to)\s)[\"'“(]?(\d{{6,8}}(?![\d.])|\d{{3}}[ -]\d{{3}}(?!\d)|"
    rf"[A-Z0-9]{{3,6}}(?:-[A-Z0-9]{{3,6}}){{1,7}}|(?-i:(?=[A-Z]*\d)(?=\d*[A-Z])[A-Z0-9]{{6,12}})\b)",
    re.IGNORECASE,
)
_CODE_BEFORE = re.compile(
    r"(?<![\w.-])(\d{3}[ -]\d{3}|\d{6,8})\s(?:is|ist|est|es|är|to|é|è)\s(?:my|your|the|dein|ihr|mein|votre|tu|su|din|il|o seu|je|uw|"
    r"twój)\s{1,2}[^.\n]{0,40}?(?:code|kod|c[óo]digo|codice|pin|otp|passcode)",
    re.IGNORECASE,
)
GROUPED = re.compile(
    r"(?<![\w-])(?:(?=[A-Z0-9]{4,5}-)(?:(?=[A-Z]*\d)(?=\d*[A-Z])[A-Z0-9]{4,5}-){2}(?=[A-Z]*\d)(?=\d*[A-Z])[A-Z0-9]{4,5}|"
    r"(?=[\d-]*[A-Z])(?=[A-Z-]*\d)[A-Z0-9]{5}(?:-[A-Z0-9]{5}){3,5})(?![\w-])"
)
"""Recovery codes and product keys that stand alone: three groups that each mix letters and digits, or four to six groups of five."""

_ORDINARY = frozenset(
    word
    for line in Path(__file__).with_name("ordinary_words.txt").read_text(encoding="utf-8").splitlines()
    if line[0] != "#"
    for word in line.split()
)
"""What people say of a password, which is none."""
_ENDINGS = re.compile(
    r".{3,}(?:ed|ing|able|ible|ly|ment|tion|lich|isch|bar|ado|ada|idos?|idas?|ato|ata|uto|uta|iste|ée?s?|té|né|rad|rat|tad|tat|ane|one|"
    r"ony|ana|ny|ety|ende|erende)|(?:ge|be|ver|zer|ent)\w{3,}(?:t|en)"
)
_NOT_A_VALUE = re.compile(
    r"[<\[{(*•…$%#]|0x[0-9a-f]+$|https?:|www\.|kb\d{5,}|[\w.-]+\.(?:com|org|net|edu|gov|io|html?|php|aspx?|exe|dll|msi|pdf|docx?|xlsx?|"
    r"txt|cfg|conf|ini|log|ps1|sh|py)\b|.*@.*\.\w|x+$|\.+$|-+$|_+$|/|\\|"
    r"\d+(?:[.,:/-]\d+)*(?:st|nd|rd|th|s|m|h|d|gb|mb|kb|px|bit|bits|x|k|%)?$|n/?a$|(?:ctrl|alt|shift|cmd|win|fn)\b|f\d{1,2}$|(?:windows|"
    r"office|win|microsoft|m|o|outlook|exchange|server|ios|macos|android|version|v)[-_ ]?\d[\d.]*$",
    re.IGNORECASE,
)
NEVER, SAID, ALONE = range(3)
"""When a plain word counts: never; where the sentence ends or turns after it; wherever it is no word that people say of passwords."""
_SPOKEN = (
    (_SAID, SAID),
    (_SAID_BY_LANGUAGE, SAID),
    (_USED, ALONE),
    (_SAID_VAGUELY, NEVER),
    (_BESIDE, NEVER),
    (_BEFORE, NEVER),
    (_MINE, ALONE),
    (_CHANGED, SAID),
    (_TURNED, NEVER),
    (_USER, SAID),
    (_WITH, NEVER),
    (_PAIR, NEVER),
)
"""Each way of saying it, and when a word that could be of any sentence counts there as a password."""
_AFTER = re.compile(
    r"\s{0,3}(?:$|[.,;:!?)\n]|[-–—]\s|\"|(?:and|but|or|und|oder|aber|doch|et|mais|ou|y|e|o|pero|och|men|eller|i|ale|lub|mas|ma|però|en|"
    r"of|maar|og|ja|mutta|which|so|then|please|thanks|thx|bitte|danke|merci|"
    r"gracias|tack|yesterday|since|if|now|for|on|at|when|because|für|seit|wenn|weil|pour|depuis|para|desde|för|sedan|dla|od|voor|sinds|"
    r"per|da|geändert|gesetzt)\b)",
    re.IGNORECASE,
)
_LAST_WORD = re.compile(r"\s{1,3}\w{1,40}\s{0,3}(?:$|[.,;!?\n])")
_TRAIL = ".,;:!?)]}\"'»”’…*_`"


def passwords_in(text: str) -> Iterator[Found]:
    """Yield what somebody calls a password, a PIN or a code; words that are only said about one are left alone."""
    for pattern, plain in _SPOKEN:
        yield from _valued(pattern, text, plain)
    for pattern in (_PHRASE, _CODES, _BARE_CODE, _CODE_BEFORE):
        for found in pattern.finditer(text):
            if pattern is not _PHRASE or found.group(1).split()[0].lower() not in _ORDINARY:
                yield found.start(1), found.end(1), "secret"
    for found in GROUPED.finditer(text):
        yield found.start(), found.end(), "code"


def _valued(pattern: re.Pattern[str], text: str, plain: int) -> Iterator[Found]:
    place = 0
    while found := pattern.search(text, place):
        number = next(number for number in range(found.re.groups, 0, -1) if found.group(number) and number != found.re.groupindex.get("name"))
        start, end, quoted = _value_of(text, *found.span(number))
        if start < end and _is_secret(text, start, end, quoted, plain):
            yield start, end, "secret"
            place = max(end, found.start() + 1)
        else:
            place = found.start() + max(1, found.start(number) - found.start()) if pattern is not _BEFORE else found.start(number) + 1


def _value_of(text: str, start: int, end: int) -> tuple[int, int, bool]:
    """Return where the value itself begins and ends, without its quotes and the punctuation of the sentence, and whether it was quoted."""
    quoted = text[start] in "\"“”„«‹`'‘’" and end - start > 2 and text[end - 1] in "\"“”»›`'’"
    if quoted:
        return start + 1, end - 1, True
    value = text[start:end].lstrip("'‘’(\"“”„«`*_")
    start = end - len(value)
    return start, start + len(value.rstrip(_TRAIL)), False


def _is_secret(text: str, start: int, end: int, quoted: bool, plain: int) -> bool:
    value = text[start:end]
    if _NOT_A_VALUE.match(value) and not (plain and re.fullmatch(r"\d{4,12}", value)):
        return False
    if value.lower() in _ORDINARY or len(value) < 3:
        return False
    if looks_secret(value):
        return True
    if quoted:
        return bool(plain) and value.lower().split()[0] not in _ORDINARY
    if not plain or (value.islower() and _ENDINGS.fullmatch(value)) or not re.fullmatch(r"[\w'’-]{3,40}", value):
        return False
    return plain == ALONE or bool(_AFTER.match(text, end) or _LAST_WORD.match(text, end))


def looks_secret(value: str) -> bool:
    """Say whether a word is made as passwords are: letters with digits, or with signs inside that words do not have."""
    letters, digits = sum(sign.isalpha() for sign in value), sum(sign.isdigit() for sign in value)
    if len(value) < 4:
        return False
    if letters and digits and not re.fullmatch(r"(?:\d+[-.]?)+[a-z]{1,3}|[A-Z]{1,4}-?\d{1,4}|[a-z]+-\d{1,2}|\d+-[a-z]+", value):
        return True
    return bool(re.search(r"\w[!#$%&*@^?+=~§€£_]\w|[!#$%^~]{2}", value)) and (letters >= 2 or digits >= 4)
