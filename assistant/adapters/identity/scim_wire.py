"""How a call to a SCIM provider ends: every status and every broken connection as one of the ends of ``ports.outside``."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2
from scim2_client import SCIMClientException
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import EnterpriseUser, Group, ResourceType, SCIMException, ScimProvider, User

from assistant.adapters.identity.loopback import is_loopback
from assistant.adapters.identity.scim_rows import Unreadable
from assistant.domain.secret import Secret
from assistant.ports.identity import NoSuchAccount
from assistant.ports.outside import Refused, Unavailable, Uncertain

NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol, httpx2.ProxyError)
COME_BACK = frozenset({412, 429, 503})
"""Nothing was changed: somebody else was first, or the provider is busy."""
READING = frozenset({"GET", "HEAD"})
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
Read = TypeVar("Read")


class ScimConfigurationError(ValueError):
    """The settings for SCIM cannot be used; the message says which and why."""


class Wire(SyncSCIMClient):
    """A SCIM client whose calls end as the port says. What a provider says in words is not repeated: it may hold what was sent."""

    def read(self, kind: Any, resource: str | None = None, query: dict[str, Any] | None = None) -> Any:
        """Return a resource, or a list of them, as the provider wrote it."""
        try:
            return self.query(kind, resource, query, check_request_payload=False, check_response_payload=False)
        except (SCIMClientException, SCIMException, ValueError) as error:
            raise Unavailable(f"the directory's answer cannot be read: {type(error).__name__}") from None

    def read_as(self, form: Callable[[Any], Read], kind: Any, resource: str | None = None, query: dict[str, Any] | None = None) -> Read:
        """Return what ``form`` makes of an answer."""
        return self.as_(form, self.read(kind, resource, query))

    def as_(self, form: Callable[[Any], Read], row: Any) -> Read:
        """Return what ``form`` makes of a part of an answer; one without the form of the standard counts as no answer."""
        try:
            return form(row)
        except Unreadable as error:
            raise Unavailable(f"the directory's answer cannot be read: {error}") from None

    def change(self, kind: Any, resource: str, operations: list[dict[str, Any]]) -> None:
        """Change a resource by PATCH. Success may have no body, and what a body says is not needed."""
        patch = {"schemas": [PATCH], "Operations": operations}
        try:
            self.modify(kind, resource, patch, check_request_payload=False, check_response_payload=False)
        except (SCIMClientException, SCIMException, ValueError) as error:
            raise Uncertain(f"the directory's answer to a change cannot be read: {type(error).__name__}") from None

    def make(self, kind: Any, url: str, row: dict[str, Any]) -> None:
        """Create a resource by POST. What the provider says of it is not needed: it is found by its name."""
        try:
            self.create(kind, row, check_request_payload=False, check_response_payload=False, url=url)
        except (SCIMClientException, SCIMException, ValueError) as error:
            raise Uncertain(f"the directory's answer to a change cannot be read: {type(error).__name__}") from None

    def request(self, method: str, url: str, **kwargs: Any) -> httpx2.Response:
        """Send one request.

        Raises:
            NoSuchAccount: there is no such resource.
            Refused: the provider said no.
            Unavailable: nothing was changed.
            Uncertain: something may have been changed.
        """
        reads = method in READING
        try:
            response = self.client.request(method, url, **kwargs)
        except NEVER_SENT as error:
            raise Unavailable(f"the directory cannot be reached: {type(error).__name__}") from None
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            lost = f"the directory's answer was lost: {type(error).__name__}"
            raise (Unavailable(lost) if reads else Uncertain(lost)) from None
        if not response.is_success:
            raise _end(response, reads)
        return response


def open_wire(url: str, token: Secret, timeout: float, ca_file: str) -> Wire:
    """Return a client for the provider at a base URL. ``timeout`` is in seconds, for connecting and for each part of an answer.

    Raises:
        ScimConfigurationError: the URL is none, the token would travel in the clear to another host, or the certificates cannot be read.
    """
    parts = urlsplit(url)
    here = is_loopback(parts.hostname or "")
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise ScimConfigurationError("FIRSTLINE_SCIM_URL has to be https://HOST/PATH, the base of /Users and /Groups")
    if parts.scheme == "http" and not here:
        raise ScimConfigurationError(f"{url} would carry the token in the clear: use https://")
    if not token.reveal():
        raise ScimConfigurationError("FIRSTLINE_SCIM_TOKEN is missing")
    try:
        trust = ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        raise ScimConfigurationError(f"FIRSTLINE_SCIM_CA_FILE cannot be used: {error}") from None
    headers = {"Authorization": f"Bearer {token.reveal()}"}
    client = httpx2.Client(base_url=url.rstrip("/"), headers=headers, timeout=timeout, verify=trust, trust_env=not here)
    people = User[EnterpriseUser]
    kinds = [ResourceType.from_resource(people), ResourceType.from_resource(Group)]
    return Wire(client, provider=ScimProvider([User, EnterpriseUser, Group], kinds))


def _end(response: httpx2.Response, reads: bool) -> Exception:
    status, says = response.status_code, f"the directory answered {response.status_code}{_kind(response)}"
    if status == 404:
        return NoSuchAccount(says)
    if status == 401:
        return Unavailable("the directory does not accept FIRSTLINE_SCIM_TOKEN")
    if status in COME_BACK:
        return Unavailable(says, _retry_after(response))
    if status >= 500 or status == 408:
        return Unavailable(says) if reads else Uncertain(says)
    return Refused(says)


def _kind(response: httpx2.Response) -> str:
    """Return the error's ``scimType``, one of a few words (RFC 7644, section 3.12)."""
    try:
        kind = response.json().get("scimType", "")
    except (ValueError, AttributeError):
        return ""
    return f" ({kind})" if isinstance(kind, str) and kind.isalpha() and len(kind) < 30 else ""


def _retry_after(response: httpx2.Response) -> float | None:
    """Return the seconds that the provider asks to wait, None when it does not say."""
    said = response.headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return float(said)
    try:
        moment = parsedate_to_datetime(said)
    except (ValueError, TypeError):
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
