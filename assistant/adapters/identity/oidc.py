"""OpenID Connect over Authlib: the code flow with PKCE (S256), state and nonce; ID tokens are checked against the provider's published keys."""

from __future__ import annotations

import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from assistant.adapters.identity.loopback import is_loopback
from assistant.domain.secret import Secret
from assistant.ports.outside import Unavailable
from assistant.ports.sign_in import Arrival, Departure, Identified, SignInRefused

DISCOVERY = "/.well-known/openid-configuration"
KEPT_SECONDS = 3_600.0
"""How long what the provider publishes is not asked for again, unless a token names a key that is not in it."""
ASK_AGAIN_SECONDS = 30.0
"""Keys are not asked for more often than this, whatever tokens claim to be signed with."""
LEEWAY_SECONDS = 60
SIGNED_BY = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"})
"""Signatures that only the provider can make. None and those with a shared secret are not among them."""
ERROR = re.compile(r"[a-z_]{1,60}")
GROUPS_LIMIT = 2_000
PURPOSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class OidcConfigurationError(ValueError):
    """The settings for OpenID Connect cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Client:
    """Firstline as the provider knows it."""

    issuer: str
    client_id: str
    client_secret: Secret | None
    """None for a public client: then PKCE alone binds the code to us."""
    scopes: tuple[str, ...]
    person_claim: str
    groups_claim: str
    """"" when the directory's groups count."""
    timeout: float

    def check(self) -> None:
        """Refuse an issuer that could not be trusted.

        Raises:
            OidcConfigurationError: it is no address, or would be asked in the clear over a network.
        """
        if not _safe(self.issuer) or urlsplit(self.issuer).query or urlsplit(self.issuer).fragment:
            raise OidcConfigurationError("FIRSTLINE_OIDC_ISSUER has to begin with https:// and to have neither ? nor #")
        if "openid" not in self.scopes:
            raise OidcConfigurationError("FIRSTLINE_OIDC_SCOPES has to hold openid")


@dataclass
class OidcProvider:
    """The ``IdentityProvider`` port."""

    client: Client
    now: Callable[[], datetime]
    _published: dict[str, Any] = field(default_factory=dict, init=False)
    _keys: KeySet | None = field(default=None, init=False)
    _asked: dict[str, float] = field(default_factory=dict, init=False)
    _asking: threading.Lock = field(default_factory=threading.Lock, init=False)

    @property
    def name(self) -> str:
        """See the port."""
        return urlsplit(self.client.issuer).netloc

    def begin(self, back: str) -> Departure:
        """See the port."""
        facts, state, nonce, verifier = self.published(), secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        with self._oauth(facts, back) as oauth:
            address, _ = oauth.create_authorization_url(facts["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier)
        return Departure(address, state, nonce, verifier)

    def finish(self, departure: Departure, arrival: Arrival, back: str) -> Identified:
        """See the port."""
        facts = self.published()
        if not (departure.state and hmac.compare_digest(departure.state.encode(), arrival.state.encode())):
            raise SignInRefused("This answer belongs to another sign-in than the one that this browser began last.")
        if arrival.issuer != facts["issuer"] and (arrival.issuer or facts.get("authorization_response_iss_parameter_supported")):
            raise SignInRefused("This answer comes from another identity provider than the one that was asked.")
        if arrival.error or not arrival.code:
            said = arrival.error if ERROR.fullmatch(arrival.error) else "no code"
            raise SignInRefused(f"The identity provider signed nobody in ({said}).")
        tokens = self._exchange(facts, arrival.code, departure.verifier, back)
        claims = self._checked(facts, tokens, departure.nonce)
        return self._identified(facts, claims, str(tokens.get("access_token", "")))

    def sign_out(self, back: str) -> str:
        """See the port."""
        end = self.published().get("end_session_endpoint", "")
        return f"{end}?{urlencode({'client_id': self.client.client_id, 'post_logout_redirect_uri': back})}" if _safe(str(end)) else ""

    def published(self) -> dict[str, Any]:
        """Return what the provider says of itself, asked for once an hour.

        Raises:
            Unavailable: it does not answer, or its answer is not for this issuer or names addresses that could be listened to.
        """
        with self._asking:
            if not self._published or time.monotonic() - self._asked["published"] > KEPT_SECONDS:
                found = self._get(self.client.issuer.rstrip("/") + DISCOVERY)
                if found.get("issuer") != self.client.issuer:
                    raise Unavailable("the identity provider calls itself otherwise than FIRSTLINE_OIDC_ISSUER does")
                if not all(_safe(str(found.get(name, ""))) for name in PURPOSES):
                    raise Unavailable("the identity provider publishes no usable addresses for the code flow")
                self._published, self._asked["published"] = found, time.monotonic()
            return self._published

    # -- parts ------------------------------------------------------------------------------------------------------------

    def _exchange(self, facts: Mapping[str, Any], code: str, verifier: str, back: str) -> dict[str, Any]:
        try:
            with self._oauth(facts, back) as oauth:
                tokens = oauth.fetch_token(facts["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=verifier)
        except OAuthError as error:
            said = error.error if ERROR.fullmatch(str(error.error)) else "refused"
            if said in ("server_error", "temporarily_unavailable"):
                raise Unavailable(f"the identity provider could not give a token: {said}") from None
            raise SignInRefused(f"The identity provider did not accept its own code ({said}). It counts once and for a short time.") from None
        except (httpx2.RequestError, httpx2.HTTPStatusError) as error:
            raise Unavailable(f"the identity provider gave no token: {type(error).__name__}") from None
        except ValueError:
            raise Unavailable("the identity provider's answer cannot be read") from None
        if not isinstance(tokens, dict) or not isinstance(tokens.get("id_token"), str):
            raise SignInRefused("The identity provider sent no ID token, so it vouches for nobody.")
        return tokens

    def _checked(self, facts: Mapping[str, Any], tokens: Mapping[str, Any], nonce: str) -> CodeIDToken:
        """Return the claims of an ID token that this provider made for us and for this sign-in, and that counts now."""
        algorithms = sorted(SIGNED_BY & set(facts.get("id_token_signing_alg_values_supported", ["RS256"])))
        options = {"iss": {"value": facts["issuer"]}, "aud": {"value": self.client.client_id}, "nonce": {"essential": True}}
        params = {"nonce": nonce, "client_id": self.client.client_id, "access_token": tokens.get("access_token")}
        try:
            token = self._verified(facts, str(tokens["id_token"]), algorithms)
            claims = CodeIDToken(token.claims, token.header, options, params)
            claims.validate(now=int(self.now().timestamp()), leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise SignInRefused(f"The identity provider's token cannot be accepted ({type(error).__name__}).") from None
        return claims

    def _verified(self, facts: Mapping[str, Any], token: str, algorithms: list[str]) -> jwt.Token:
        """Return a token whose signature holds. A key that is not known is looked for once more: providers change their keys."""
        try:
            return jwt.decode(token, self._key_set(facts, fresh=False), algorithms=algorithms)
        except (JoseError, ValueError):
            return jwt.decode(token, self._key_set(facts, fresh=True), algorithms=algorithms)

    def _key_set(self, facts: Mapping[str, Any], fresh: bool) -> KeySet:
        with self._asking:
            age = time.monotonic() - self._asked.get("keys", -KEPT_SECONDS)
            if self._keys is None or age > (ASK_AGAIN_SECONDS if fresh else KEPT_SECONDS):
                self._keys = KeySet.import_key_set(_public(self._get(facts["jwks_uri"])))  # type: ignore[arg-type]
                self._asked["keys"] = time.monotonic()
            return self._keys

    def _identified(self, facts: Mapping[str, Any], claims: Mapping[str, Any], access: str) -> Identified:
        wanted = [name for name in (self.client.person_claim, self.client.groups_claim) if name]
        known = dict(claims)
        if any(name not in known for name in wanted) and _safe(str(facts.get("userinfo_endpoint", ""))) and access:
            told = self._get(facts["userinfo_endpoint"], {"Authorization": f"Bearer {access}"})
            if told.get("sub") != claims["sub"]:
                raise SignInRefused("The identity provider speaks of two different people.")
            known = told | known
        value = known.get(self.client.person_claim)
        if not isinstance(value, str) or not value:
            raise SignInRefused(f"The identity provider does not say who you are: there is no {self.client.person_claim}.")
        if self.client.person_claim == "email" and known.get("email_verified") is not True:
            raise SignInRefused("The identity provider has not verified your e-mail address, so it does not say who you are.")
        until = datetime.fromtimestamp(int(claims["exp"]), UTC)
        return Identified(self.client.person_claim, value, until, self._groups(known))

    def _groups(self, known: Mapping[str, Any]) -> frozenset[str] | None:
        if not self.client.groups_claim:
            return None
        found = known.get(self.client.groups_claim, [])
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found) or len(found) > GROUPS_LIMIT:
            raise SignInRefused(f"The identity provider's {self.client.groups_claim} is no list of groups.")
        return frozenset(found)

    def _oauth(self, facts: Mapping[str, Any], back: str) -> Any:
        method = "none"
        if self.client.client_secret is not None:
            offered = facts.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
            method = "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"
        return OAuth2Client(
            self.client.client_id,
            self.client.client_secret.reveal() if self.client.client_secret is not None else None,
            token_endpoint_auth_method=method,
            scope=" ".join(self.client.scopes),
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=self.client.timeout,
        )

    def _get(self, address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        try:
            answer = httpx2.get(address, headers=dict(headers or {}), timeout=self.client.timeout, follow_redirects=False)
            answer.raise_for_status()
            found = answer.json()
        except (httpx2.RequestError, httpx2.HTTPStatusError, httpx2.InvalidURL) as error:
            raise Unavailable(f"the identity provider cannot be asked: {type(error).__name__}") from None
        except ValueError:
            raise Unavailable("the identity provider's answer cannot be read") from None
        if not isinstance(found, dict):
            raise Unavailable("the identity provider's answer cannot be read")
        return found


def _public(keys: dict[str, Any]) -> dict[str, Any]:
    """Return only the keys that check signatures: of a pair of keys, or not said to be for anything else."""
    rows = [row for row in keys.get("keys") or () if isinstance(row, dict)]
    found = [row for row in rows if row.get("kty") in ("RSA", "EC", "OKP") and row.get("use", "sig") == "sig"]
    if not found:
        raise Unavailable("the identity provider publishes no keys")
    return {"keys": found}


def _safe(address: str) -> bool:
    """Say whether nobody on the way can listen to what an address is sent."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(str(parts.hostname))))
