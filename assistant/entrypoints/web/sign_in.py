"""Signing in to the console and out: with the organisation's identity provider, with a token, and in the demo as one of its people."""

from __future__ import annotations

import logging
from collections import Counter
from http import HTTPStatus
from ipaddress import ip_address
from typing import Annotated, Any

from fastapi import APIRouter, Cookie, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from assistant.domain.configuration import Person
from assistant.entrypoints.tokens import TokenRefused
from assistant.entrypoints.web.errors import own_page
from assistant.entrypoints.web.frame import SEE_OTHER, OurSite, same_origin, signed_in, title_of
from assistant.entrypoints.web.sessions import AWAY, DEPARTURE, SESSION
from assistant.entrypoints.web.site import TEMPLATES, Site
from assistant.ports.outside import Unavailable
from assistant.ports.sign_in import Arrival, Departure, Identified, IdentityProvider, SignInRefused

PLACE = "/console/sign-in"
BACK = f"{PLACE}/callback"
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
PARAMETER = 2_000
"""Longest value that a provider may send the browser back with."""
log = logging.getLogger("firstline.web")
router = APIRouter(prefix=PLACE, include_in_schema=False)
leaving = APIRouter(prefix="/console", include_in_schema=False)
Given = Annotated[str, Query(max_length=PARAMETER)]


@router.get("")
def sign_in_page(request: Request, site: OurSite, next: str = "") -> Response:
    """Show the ways to sign in; ``next`` is the page of ours that it leads to."""
    return _page(request, site, next)


def _page(request: Request, site: Site, back: str, error: str = "", status: int = 200) -> Response:
    local = site.demo and is_local(request)
    waiting = _approvers(site) if local else {}
    people = site.directory.people() if local else []
    context = {
        "provider": site.provider.name if site.provider is not None else "",
        "staff": [{"id": one.id, "name": one.name, "role": title_of(one)} for one in people if one.roles],
        "approvers": [
            {"id": one.id, "name": one.name, "title": one.title, "waiting": waiting[one.id]}
            for one in sorted(people, key=lambda one: (-waiting.get(one.id, 0), one.name))
            if one.id in waiting and not one.roles
        ],
        "elsewhere": site.demo and not local,
        "next": back if own_page(back) else "",
        "error": error,
    }
    return TEMPLATES.TemplateResponse(request, "sign_in.html", context, status_code=status)


def is_local(request: Request) -> bool:
    """Say whether a request was made on this host for this host: from a loopback address, to a loopback name, and passed on by nobody."""
    client = request.client.host if request.client is not None else ""
    return _loopback(client) and _loopback(request.url.hostname or "") and not any(name in request.headers for name in FORWARDED)


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _approvers(site: Site) -> dict[str, int]:
    """Return who may have to approve something, each with how many requests wait for them now: managers, owners, delegates, and whoever is asked."""
    people = site.directory.people()
    named = {name for one in people for name in (one.manager, one.delegate)} | {one.owner for one in site.workplace.entitlements()}
    asked = Counter(name for open_request in site.deciding.undecided() for name in open_request)
    return {one.id: asked[one.id] for one in people if one.id in named or asked[one.id]}


@router.post("", dependencies=[Depends(same_origin)])
def sign_in(
    request: Request, site: OurSite, person: Annotated[str, Form()] = "", token: Annotated[str, Form()] = "", next: Annotated[str, Form()] = ""
) -> Response:
    """Begin a session with a token, or on this host in the demo as one of its staff or approvers; go on to a page of the console."""
    if person and site.demo:
        if not is_local(request):
            return _page(request, site, next, "The people of the demo can be chosen only on the host that Firstline runs on.", 403)
        chosen = site.directory.person(person)
        if chosen is None or not (chosen.roles or chosen.id in _approvers(site)):
            return _page(request, site, next, "This person is not on the desk and approves nothing.", 403)
        token, _ = site.tokens.issue(chosen.id)
    try:
        site.tokens.person_of(token)
        signed_in(site, token)
    except TokenRefused as refused:
        return _page(request, site, next, f"That did not work: {refused}.", 401)
    response = RedirectResponse(next if own_page(next) else "/console", SEE_OTHER)
    response.set_cookie(SESSION, token, httponly=True, samesite="strict", secure=_secure(request, site), path="/")
    return response


def _secure(request: Request, site: Site) -> bool:
    return request.url.scheme == "https" or site.url.startswith("https://")


# -- the identity provider ----------------------------------------------------------------------------------------------


def _provider(site: Site) -> IdentityProvider:
    if site.provider is None:
        raise HTTPException(404, "This installation has no identity provider. FIRSTLINE_OIDC_ISSUER names one.")
    return site.provider


@router.get("/begin")
def begin(request: Request, site: OurSite, next: str = "") -> Response:
    """Send the browser to the identity provider. What has to come back with it goes along in a cookie that no other site sees."""
    try:
        departure = _provider(site).begin(site.url + BACK)
    except Unavailable as error:
        return _away(request, error)
    facts = {"state": departure.state, "nonce": departure.nonce, "verifier": departure.verifier, "next": next if own_page(next) else ""}
    response = RedirectResponse(departure.address, SEE_OTHER)
    # Lax: the browser comes back from another site, with a plain link. Nothing but that one answer can be made of it.
    response.set_cookie(
        DEPARTURE,
        site.sessions.depart(facts, site.clock.now()),
        max_age=int(AWAY.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=_secure(request, site),
        path=PLACE,
    )
    return response


@router.get("/callback")
def arrive(
    request: Request,
    site: OurSite,
    state: Given = "",
    code: Given = "",
    iss: Given = "",
    error: Given = "",
    firstline_departure: Annotated[str, Cookie()] = "",
) -> Response:
    """Take what the identity provider sent the browser back with. It counts once, in the browser that left, for ten minutes."""
    provider, left = _provider(site), site.sessions.arrived(firstline_departure)
    departure = Departure("", left.get("state", ""), left.get("nonce", ""), left.get("verifier", ""))
    try:
        if not departure.state:
            raise SignInRefused("This sign-in was not begun in this browser, was used already, or took longer than ten minutes.")
        identified = provider.finish(departure, Arrival(state, code, iss, error), site.url + BACK)
        person = known(site, identified)
    except SignInRefused as refused:
        log.warning("a sign-in was refused: %s", refused)
        return _gone(_stopped(request, "You are not signed in", str(refused), left.get("next", ""), HTTPStatus.FORBIDDEN))
    except Unavailable as unavailable:
        return _gone(_away(request, unavailable))
    if identified.groups is not None and site.remember_groups is not None:
        site.remember_groups(person, identified.groups, identified.until)
    return _gone(_arrived(request, site, person, identified, left.get("next", "")))


def known(site: Site, identified: Identified) -> Person:
    """Return the person of the directory whom the provider vouches for: by their id, or by a verified e-mail address that is one person's alone.

    Raises:
        SignInRefused: the directory knows nobody, or several people, by it.
    """
    if identified.claim == "email":
        found = [one for one in site.directory.people() if one.email.casefold() == identified.value.casefold()]
    else:
        found = [one for one in (site.directory.person(identified.value),) if one is not None]
    if len(found) != 1 or found[0].is_guest:
        raise SignInRefused("The identity provider knows you, but Firstline's directory does not. Ask the service desk to add you.")
    return found[0]


def _arrived(request: Request, site: Site, person: Person, identified: Identified, back: str) -> Response:
    """Return the page that leads on: a page of our own, because a browser that comes from elsewhere does not show the session yet."""
    cookie, end = site.sessions.begin(person.id, identified.until, site.clock.now())
    response = TEMPLATES.TemplateResponse(request, "arriving.html", {"address": back if own_page(back) else "/console"})
    response.set_cookie(SESSION, cookie, expires=end, httponly=True, samesite="strict", secure=_secure(request, site), path="/")
    return response


def _gone(response: Response) -> Response:
    response.delete_cookie(DEPARTURE, path=PLACE, httponly=True, samesite="lax")
    return response


def _away(request: Request, error: Unavailable) -> Response:
    log.error("signing in: %s", error)
    detail = "The identity provider cannot be asked now, so nobody can sign in with it. Sessions that have begun go on. Try again in a moment."
    return _stopped(request, "The identity provider does not answer", detail, "", HTTPStatus.SERVICE_UNAVAILABLE)


def _stopped(request: Request, title: str, detail: str, back: str, status: HTTPStatus) -> Response:
    context: dict[str, Any] = {"title": title, "detail": detail, "next": back if own_page(back) else ""}
    return TEMPLATES.TemplateResponse(request, "sign_in_stopped.html", context, status_code=status)


# -- out ----------------------------------------------------------------------------------------------------------------


@leaving.post("/sign-out", dependencies=[Depends(same_origin)])
def sign_out() -> Response:
    """End the session."""
    response = RedirectResponse("/console/signed-out", SEE_OTHER)
    response.delete_cookie(SESSION, path="/", httponly=True, samesite="strict")
    return response


@leaving.get("/signed-out")
def signed_out(request: Request, site: OurSite) -> Response:
    """Say that the session has ended; where the provider offers it, lead to signing out there too."""
    try:
        address = site.provider.sign_out(f"{site.url}{PLACE}") if site.provider is not None else ""
    except Unavailable:
        address = ""
    context = {"provider": site.provider.name if site.provider is not None else "", "address": address}
    return TEMPLATES.TemplateResponse(request, "signed_out.html", context)
