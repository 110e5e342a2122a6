"""The ten languages."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """A language by its ISO 639-1 code, its English name and its own name."""

    code: str
    name: str
    own: str
    right_to_left: bool = False


LANGUAGES = {
    language.code: language
    for language in (
        Language("en", "English", "English"),
        Language("de", "German", "Deutsch"),
        Language("fr", "French", "Français"),
        Language("es", "Spanish", "Español"),
        Language("it", "Italian", "Italiano"),
        Language("pt", "Portuguese", "Português"),
        Language("nl", "Dutch", "Nederlands"),
        Language("pl", "Polish", "Polski"),
        Language("sv", "Swedish", "Svenska"),
        Language("ar", "Arabic", "العربية", right_to_left=True),
    )
}


def known(code: str) -> str:
    """Return the code of the language that a tag such as ``de-AT`` or ``pt_BR`` begins with, "" when it is none of the ten."""
    short = code.strip().lower().replace("_", "-").partition("-")[0]
    return short if short in LANGUAGES else ""
