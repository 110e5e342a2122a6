"""The page that the links of a mail open. Opening it changes nothing, because programs press links too; only its buttons do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Cookie, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from assistant.agent import wording
from assistant.agent.languages.known import LANGUAGES, known
from assistant.agent.state import Inbound
from assistant.agent.wording.letters import in_letter
from assistant.domain.configuration import Person
from assistant.domain.reply import DO, UNDO, Choice, Reply
from assistant.entrypoints.links import PAGE, Link, LinkRefused
from assistant.entrypoints.tokens import TokenRefused
from assistant.entrypoints.web.actions import CODE_LIMIT
from assistant.entrypoints.web.frame import SEE_OTHER, same_origin, signed_in
from assistant.entrypoints.web.site import TEMPLATES, Site, site_of
from assistant.ports.store import Event

CARRIED_OUT = (DO, UNDO)
"""What begins the ids of choices for which a link is not enough: the person has to be signed in."""
CHOICE_LIMIT = 80
GONE = 410
router = APIRouter(prefix=PAGE, include_in_schema=False)
OurSite = Annotated[Site, Depends(site_of)]
Session = Annotated[str, Cookie()]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a link is about, as it stands now. ``answered`` is the label that was pressed behind it, "" while nothing was."""

    token: str
    link: Link
    person: str
    reply: Reply
    answered: str
    gone_on: bool

    @property
    def is_open(self) -> bool:
        """Say whether its buttons count."""
        return not (self.answered or self.gone_on)


@router.get("/{token}")
def page(request: Request, site: OurSite, token: str, press: str = "", firstline_session: Session = "") -> Response:
    """Show what was asked and the buttons, the one that was linked first."""
    asked = _asked(site, token)
    return _page(request, site, asked, press, firstline_session) if asked is not None else _refused(request)


@router.get("/{token}/signed-in")
def page_signed_in(token: str, person: Annotated[Person, Depends(signed_in)]) -> Response:
    """Lead to the page once the person is signed in; the sign-in page leads here."""
    del person
    return RedirectResponse(f"{PAGE}/{token}", SEE_OTHER)


@router.post("/{token}", dependencies=[Depends(same_origin)])
def answer(
    request: Request, site: OurSite, token: str, choice: Annotated[str, Form(max_length=CHOICE_LIMIT)], firstline_session: Session = ""
) -> Response:
    """Take one of the choices that were offered. A link counts once: pressed again, it shows what was pressed first."""
    asked = _asked(site, token)
    if asked is None:
        return _refused(request)
    offered = any(one.id == choice for one in asked.reply.choices)
    if not (asked.is_open and offered):
        return _page(request, site, asked, "", firstline_session, status=409)
    if choice.startswith(CARRIED_OUT) and not _is_signed_in(site, asked, firstline_session):
        return _page(request, site, asked, "", firstline_session, status=403)
    site.turns.take(asked.person, asked.link.conversation, Inbound(asked.link.press, choice=choice), "mail")
    return RedirectResponse(f"{PAGE}/{token}", SEE_OTHER)


@router.post("/{token}/code", dependencies=[Depends(same_origin)])
def code(
    request: Request,
    site: OurSite,
    token: str,
    code: Annotated[str, Form(min_length=1, max_length=CODE_LIMIT)],
    person: Annotated[Person, Depends(signed_in)],
    firstline_session: Session = "",
) -> Response:
    """Judge the one-time code that the action of the mail waits for; it is stored nowhere."""
    asked = _asked(site, token)
    if asked is None or asked.reply.action is None or person.id != asked.person:
        return _refused(request)
    said = site.deciding.enter_code(person, asked.reply.action.id, code.replace(" ", ""))
    return _page(request, site, asked, "", firstline_session, said=said)


def _asked(site: Site, token: str) -> Asked | None:
    """Return what a token is about; None when it does not count."""
    name = site.links.conversation_in(token)
    with site.store.read() as unit:
        conversation = unit.conversations.load(name) if name else None
        events = unit.conversations.events(name) if conversation is not None else []
    if conversation is None:
        return None
    try:
        link = site.links.checked(token, conversation.person, site.clock.now())
    except LinkRefused:
        return None
    stored = [event for event in events if event.number == link.number and event.body["type"] == "reply"]
    shown = site.presenter.events(stored, site.reader(conversation.person))
    if not shown:
        return None
    reply = Reply.model_validate(shown[0].body["reply"])
    return Asked(token, link, conversation.person, reply, *_since(events, link))


def _since(events: list[Event], link: Link) -> tuple[str, bool]:
    """Return the label that was pressed behind a link, and whether the conversation went on in another way since."""
    later = [event.body for event in events if event.number > link.number and event.body["type"] in ("message", "reply")]
    pressed = next((str(body["text"] or body["choice"]) for body in later if body.get("message") == link.press), "")
    return pressed, bool(later)


def _is_signed_in(site: Site, asked: Asked, session: str) -> bool:
    try:
        return signed_in(site, session).id == asked.person
    except TokenRefused:
        return False


def _page(request: Request, site: Site, asked: Asked, press: str, session: str, status: int = 200, said: Reply | None = None) -> Response:
    here, action = _is_signed_in(site, asked, session), asked.reply.action
    choices = sorted(asked.reply.choices, key=lambda one: one.id != press) if asked.is_open else []
    acts = [one for one in choices if one.id.startswith(CARRIED_OUT)]
    asks_code = asked.is_open and action is not None and action.needs == "code" and (said is None or _still_asks(said))
    with wording.speaking(asked.reply.language):
        context: dict[str, Any] = {
            **_frame(asked.reply.language),
            "token": asked.token,
            "html": asked.reply.html,
            "choices": [one for one in choices if here or one not in acts],
            "first": _first(choices, press),
            "asks_code": asks_code and here,
            "sign_in": in_letter("sign_in") if not here and (acts or asks_code) else "",
            "said": said.html or said.text if said is not None else "",
            "state": _state(asked),
        }
        return TEMPLATES.TemplateResponse(request, "answering.html", context, status_code=status)


def _still_asks(said: Reply) -> bool:
    return said.action is not None and said.action.status == "challenged"


def _first(choices: list[Choice], press: str) -> str:
    return press if any(one.id == press for one in choices) else ""


def _state(asked: Asked) -> str:
    if asked.answered:
        return in_letter("answered_here", label=asked.answered)
    return in_letter("answered_elsewhere") if asked.gone_on else ""


def _frame(language: str) -> dict[str, Any]:
    spoken = LANGUAGES[language] if language in LANGUAGES else LANGUAGES["en"]
    return {"language": spoken.code, "direction": "rtl" if spoken.right_to_left else "ltr", "say": in_letter, "refused": False}


def _refused(request: Request) -> Response:
    """Say that the link does not count, in the reader's language as the browser names it, and nothing of what it was about."""
    language = known(request.headers.get("accept-language", "").split(",")[0])
    with wording.speaking(language):
        return TEMPLATES.TemplateResponse(request, "answering.html", {**_frame(language), "refused": True}, status_code=GONE)
