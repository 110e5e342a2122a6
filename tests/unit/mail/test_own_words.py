"""What a person wrote is told from what their mail program put around it, in ten languages."""

from __future__ import annotations

import pytest

from assistant.entrypoints.mail.markup import text_of
from assistant.entrypoints.mail.quoting import own_words

MINE = "It still says error 17.\n\nWhat now?"
ATTRIBUTIONS = [
    "On Mon, 23 Nov 2026 at 09:15, IT help <it-help@example.org> wrote:",
    "On Mon, Nov 23, 2026 at 9:15 AM IT help <it-help@example.org>\nwrote:",
    "Am 23.11.2026 um 09:15 schrieb IT help:",
    "Am Mo., 23. Nov. 2026 um 09:15 Uhr schrieb IT help <it-help@example.org>:",
    "Le lun. 23 nov. 2026 à 09:15, IT help <it-help@example.org> a écrit :",
    "El lun, 23 nov 2026 a las 9:15, IT help (<it-help@example.org>) escribió:",
    "Il giorno lun 23 nov 2026 alle ore 09:15 IT help <it-help@example.org> ha scritto:",
    "Em seg., 23 de nov. de 2026 às 09:15, IT help <it-help@example.org> escreveu:",
    "Op ma 23 nov 2026 om 09:15 schreef IT help <it-help@example.org>:",
    "pon., 23 lis 2026 o 09:15 IT help <it-help@example.org> napisał(a):",
    "W dniu 23.11.2026 o 09:15, IT help pisze:",
    "Den mån 23 nov. 2026 kl 09:15 skrev IT help <it-help@example.org>:",
    "في الاثنين، 23 نوفمبر 2026 في 9:15 ص تمت كتابة ما يلي بواسطة IT help كتب:",
    "2026-11-23 9:15 GMT+01:00 IT help <it-help@example.org>:",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_a_quotation_goes_with_the_line_before_it(attribution: str) -> None:
    assert own_words(f"{MINE}\n\n{attribution}\n\n> Select Start.\n>\n> > Older words\n") == MINE


@pytest.mark.parametrize("attribution", ATTRIBUTIONS[:6])
def test_the_line_goes_also_where_the_mail_program_left_out_the_quotation(attribution: str) -> None:
    assert own_words(f"{MINE}\n\n{attribution}\n") == MINE


def test_words_under_and_between_quotations_are_kept() -> None:
    said = "On Monday, 23 Nov, IT help wrote:\n> Which device?\n\nThe laptop.\n\n> Which system?\nWindows 11.\n"
    assert own_words(said) == "The laptop.\n\nWindows 11."


@pytest.mark.parametrize(
    "head",
    [
        "-----Original Message-----\nFrom: IT help\nSent: Monday\nTo: Maria\nSubject: RE: VPN",
        "________________________________\nFrom: IT help <it-help@example.org>\nSent: Monday, November 23, 2026 9:15 AM\nTo: Maria\nSubject: Re: VPN",
        "Von: IT help <it-help@example.org>\nGesendet: Montag, 23. November 2026 09:15\nAn: Maria\nBetreff: Re: VPN",
        "De : IT help <it-help@example.org>\nEnvoyé : lundi 23 novembre 2026 09:15\nÀ : Maria\nObjet : Re: VPN",
        "De: IT help\nEnviado el: lunes, 23 de noviembre\nPara: Maria\nAsunto: Re: VPN",
        "Da: IT help\nInviato: lunedì 23 novembre\nA: Maria\nOggetto: Re: VPN",
        "Van: IT help\nVerzonden: maandag 23 november\nAan: Maria\nOnderwerp: Re: VPN",
        "Od: IT help\nWysłano: poniedziałek\nDo: Maria\nTemat: Re: VPN",
        "Från: IT help\nSkickat: den 23 november\nTill: Maria\nÄmne: Re: VPN",
        "*From:* IT help\n*Sent:* Monday\n*To:* Maria\n*Subject:* Re: VPN",
        "---------- Forwarded message ---------\nFrom: IT help\nDate: Mon\nSubject: x",
        "-------- Ursprüngliche Nachricht --------\nVon: IT help",
        "-------- Message d'origine --------\nDe : IT help",
    ],
)
def test_everything_from_the_head_of_an_older_mail_on_goes(head: str) -> None:
    assert own_words(f"{MINE}\n\n{head}\n\nSelect Start.\nThen Settings.\n") == MINE


def test_a_person_who_lists_fields_of_a_mail_keeps_them() -> None:
    said = "The mail that I got says\nFrom: billing\nand I do not know the sender.\nTo: should I answer?"
    assert own_words(said) == said


def test_a_sentence_that_ends_in_wrote_is_the_persons_own() -> None:
    assert own_words("This is what he wrote:\nrestart it\nand it failed") == "This is what he wrote:\nrestart it\nand it failed"


def test_a_signature_under_the_words_is_cut_off() -> None:
    assert own_words(f"{MINE}\n\n-- \nMaria Santos\nFinance · +46 8 123\n") == MINE
    assert own_words(f"{MINE}\n--\nMaria") == MINE


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my iPhone",
        "Get Outlook for iOS",
        "Von meinem iPhone gesendet",
        "Gesendet mit der GMX Mail App",
        "Envoyé de mon iPhone",
        "Enviado desde mi iPhone",
    ]
    + [
        "Inviato da iPhone",
        "Enviado do meu iPhone",
        "Verzonden vanaf mijn iPhone",
        "Wysłane z iPhone'a",
        "Skickat från min iPhone",
        "Outlook für Android beziehen",
    ],
)
def test_what_a_phone_puts_under_a_mail_goes(line: str) -> None:
    assert own_words(f"{MINE}\n\n{line}\n") == MINE


def test_a_mail_that_is_forwarded_without_a_word_is_all_that_was_sent() -> None:
    forwarded = "---------- Forwarded message ---------\nFrom: printer\nSubject: Toner is empty\n\nReplace the toner."
    assert "Replace the toner." in own_words(forwarded)
    assert own_words("> only this\n") == "only this"


def test_a_mail_without_words_has_none() -> None:
    assert own_words("\n \r\n") == ""


def test_hostile_lengths_take_no_time() -> None:
    import time

    for text in ("On " * 60_000, "> " * 60_000, "On 1 " + "a" * 190_000, "\n".join(["From: a"] * 20_000), "-" * 190_000, "am " * 50_000 + ":"):
        began = time.perf_counter()
        own_words(text)
        assert time.perf_counter() - began < 2, text[:20]


class TestMarkup:
    def test_blocks_become_lines_and_spaces_one(self) -> None:
        assert text_of("<p>One&nbsp;&amp; <b>two</b></p><div>three<br>four</div><ul><li>five</li></ul>") == "One & two\nthree\nfour\nfive"

    def test_what_is_hidden_or_no_text_is_not_read(self) -> None:
        page = "<head><title>no</title><style>p{}</style></head><p>yes</p><script>no()</script><p style='display:none'>no</p><div hidden>no</div>"
        assert text_of(page + '<span style="font-size:0">no</span><img src=x alt=no><p>also</p>') == "yes\nalso"

    @pytest.mark.parametrize(
        "quoted",
        [
            '<div class="gmail_quote"><div class="gmail_attr">On Monday IT wrote:</div><blockquote>old</blockquote></div>',
            '<div class="moz-cite-prefix">On 23.11.26 IT wrote:</div><blockquote type="cite">old</blockquote>',
            '<div id="divRplyFwdMsg"><b>From:</b> IT</div><div>old words</div><p>older</p>',
            '<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>From:</b> IT</p></div><p>old words</p>',
            '<div id="appendonsend"></div><hr><div>old</div>',
            '<div class="yahoo_quoted">old</div>',
            "<blockquote>old</blockquote>",
        ],
    )
    def test_quotations_of_many_programs_are_told_from_own_words(self, quoted: str) -> None:
        assert own_words(text_of(f"<div>It still <b>fails</b>.</div><div><br></div>{quoted}")) == "It still fails."

    def test_broken_and_endless_markup_ends(self) -> None:
        import time

        for markup in (
            "<div>" * 80_000,
            "<" * 300_000,
            "<!--" * 80_000,
            "<![CDATA[" * 40_000,
            "</p>" * 90_000,
            "&" * 300_000,
            "<p a=" * 60_000,
            "<p style='" * 60_000,
        ):
            began = time.perf_counter()
            text_of(markup)
            assert time.perf_counter() - began < 10, markup[:12]
