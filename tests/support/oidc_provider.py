"""An identity provider on this host whose answers a test can bend: discovery, keys, authorisation, tokens, userinfo."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "firstline", "client-secret-of-a-test"
TOKEN_SECONDS = 300
Bend = Callable[[dict[str, Any]], dict[str, Any]]


def unbent(facts: dict[str, Any]) -> dict[str, Any]:
    """Nothing is bent."""
    return facts


def key(name: str) -> RSAKey:
    """A signing key with a name."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


@dataclass
class Provider:
    """The provider: who signs in, what it vouches for, and how its answers are bent."""

    port: int = 0
    person: dict[str, Any] = field(default_factory=dict)
    claims: Bend = unbent
    published: Bend = unbent
    tokens: Bend = unbent
    keys: list[RSAKey] = field(default_factory=lambda: [key("first")])
    signs: RSAKey | None = None
    algorithm: str = "RS256"
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    down: bool = False

    @property
    def issuer(self) -> str:
        """Its name."""
        return f"http://127.0.0.1:{self.port}"

    def discovery(self) -> dict[str, Any]:
        """What it publishes of itself."""
        places = {f"{name}_endpoint": f"{self.issuer}/{name}" for name in ("authorization", "token", "userinfo", "end_session")}
        facts = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks", "authorization_response_iss_parameter_supported": True}
        return self.published({**facts, **places, "id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"]})

    def authorise(self, address: str) -> str:
        """Sign the person in, as the address asks for; return where the browser goes."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256", asked
        assert asked["client_id"] == CLIENT and "openid" in asked["scope"].split()
        code = sha256(address.encode()).hexdigest()
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.issuer})}"

    def exchange(self, form: dict[str, str], sender: str) -> tuple[int, dict[str, Any]]:
        """Give tokens for a code, once, to the client that proves that it began the sign-in."""
        asked = self.codes.pop(form.get("code", ""), None)
        if sender != f"{CLIENT}:{SECRET}":
            return 401, {"error": "invalid_client"}
        challenge = urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if asked is None or challenge != asked["code_challenge"] or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        facts = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + TOKEN_SECONDS, "nonce": asked["nonce"], **self.person}
        signer = self.signs or self.keys[0]
        header = {"alg": self.algorithm, "kid": str(signer.kid)}
        token = jwt.encode(header, self.claims(facts), signer, algorithms=[self.algorithm])
        return 200, self.tokens({"access_token": "access-of-a-test", "token_type": "Bearer", "expires_in": TOKEN_SECONDS, "id_token": token})

    def answer(self, path: str, form: dict[str, str], sender: str) -> tuple[int, dict[str, Any]]:
        """Answer a request of the service."""
        self.asked.append(path)
        if self.down:
            return 503, {}
        if path == "/.well-known/openid-configuration":
            return 200, self.discovery()
        if path == "/jwks":
            return 200, {"keys": [one.as_dict(private=False) for one in self.keys]}
        if path == "/token":
            return self.exchange(form, sender)
        return (200, self.userinfo) if path == "/userinfo" else (404, {})


@contextlib.contextmanager
def providing(**person: Any) -> Iterator[Provider]:
    """Run a provider inside the block at which this person signs in."""
    provider = Provider(person=person)

    class Handler(BaseHTTPRequestHandler):
        def respond(self, form: dict[str, str]) -> None:
            scheme, _, given = self.headers.get("authorization", "").partition(" ")
            sender = b64decode(given).decode() if scheme == "Basic" else f"{form.get('client_id', '')}:{form.get('client_secret', '')}"
            status, facts = provider.answer(urlsplit(self.path).path, form, sender)
            body = json.dumps(facts).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.respond({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self.respond({name: values[0] for name, values in parse_qs(body).items()})

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
