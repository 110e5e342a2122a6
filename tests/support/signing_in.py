"""A browser that signs in to a service with an identity provider on this host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.oidc_provider import CLIENT, SECRET, Provider
from tests.support.service import LocalService, served_here

SAM = {"sub": "s-1", "email": "Sam.Oduya@lindqvist.example", "email_verified": True}
BEGIN, CALLBACK = "/console/sign-in/begin", "/console/sign-in/callback"


@contextmanager
def console(home: Path, provider: Provider, **settings: Any) -> Iterator[LocalService]:
    given = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET, "demo": False, **settings}
    with served_here(home, **given) as service:
        yield service


def browser(service: LocalService) -> httpx.Client:
    return service.client(Accept="text/html")


def came_back(client: httpx.Client, provider: Provider, back: str = "") -> str:
    """Return where the provider sends a browser after it signed in there."""
    left = client.get(BEGIN, params={"next": back} if back else {})
    assert left.status_code == 303, left.text
    return provider.authorise(left.headers["location"])
