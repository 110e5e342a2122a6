"""Plays one row of each kind against a running service and returns what was observed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from evals.security import words
from evals.security.forged import Forged
from evals.security.frames import after_hello, handshake, message
from evals.security.hooks import report
from evals.security.stage import NotUnderstood, Play, Stage
from evals.security.wire import ask, opened
from evals.security.words import AGENT, ALICE, BOB, BOSS

EVIL = "https://evil.example"


def token(stage: Stage, payload: str) -> Play:
    """Use the token that the row describes, for a call and for a socket."""
    forged = Forged.of(payload, stage.served.key)
    if not forged.changes:
        raise NotUnderstood("what is wrong with the token")
    made = forged.token()
    stage.served.minted.append(made)
    answer = ask(stage.served, "GET", "/v1/me", [("Authorization", f"Bearer {made}")])
    faults = []
    if answer.status == 200 and json.loads(answer.body)["person"]["id"] != ALICE:
        faults.append(f"became {json.loads(answer.body)['person']['id']}")
    with opened(stage.served) as chat:
        code = after_hello(chat, {"v": 1, "type": "hello", "token": made})
    if (code == 200) != (answer.status == 200) or code not in (200, 4401):
        faults.append(f"the socket said {code}")
    return Play((answer.status,), tuple(faults))


def header(stage: Stage, payload: str) -> Play:
    """Send the headers that are written out, without a token, where they would matter."""
    said = words.headers(payload)
    if not said:
        raise NotUnderstood("no header is written out")
    host = dict(said).get("Host", "")
    rest = [(name, value) for name, value in said if name != "Host"]
    if host:
        pages = [ask(stage.served, "GET", path, rest, host=host) for path in ("/", "/console/sign-in", "/v1/me", "/docs")]
        faults = [f"a page holds {host}" for page in pages if host.encode() in page.body]
        return Play(tuple(page.status for page in pages), tuple(faults))
    answer = ask(stage.served, "GET", "/v1/me", rest)
    echoed = [f"the answer holds {value}" for _, value in rest if "." in value and value.encode() in answer.body + str(answer.headers).encode()]
    page = ask(stage.served, "GET", "/", rest)
    echoed += [f"the start page holds {value}" for _, value in rest if "." in value and value.encode() in page.body]
    return Play((answer.status,), tuple(echoed))


def forgery(stage: Stage, payload: str) -> Play:
    """Send the request that another site could make a browser send, to every action that a cookie could authorise."""
    lower = payload.lower()
    kind = re.search(r"(?:text|application|multipart)/[\w.+-]+", lower)
    method = re.search(r"\b(GET|POST|PUT|PATCH|DELETE)\b", payload)
    origin = dict(words.headers(payload)).get("Origin", "" if "no origin" in lower or "absent" in lower else EVIL)
    said = [stage.cookie(AGENT), *([("Origin", origin)] if origin else [])]
    verb = method[1] if method else "POST"
    type_ = kind[0] if kind else "application/x-www-form-urlencoded"
    body = b"person=sam.oduya&note=x" if "form" in type_ else json.dumps({"person": AGENT, "text": "x"}).encode()
    if type_.startswith("multipart"):
        type_, body = "multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="person"\r\n\r\nx\r\n--b--\r\n'
    answers = [ask(stage.served, verb, path, [*said, ("Content-Type", type_)], body) for path in _actions()]
    took = [f"{path} set a cookie" for path, answer in zip(_actions(), answers, strict=True) if "set-cookie" in answer.headers]
    return Play(tuple(answer.status for answer in answers), tuple(took))


def _actions() -> list[str]:
    """Return the path of every route that takes a form or a body on the strength of a cookie."""
    from assistant.entrypoints.web import console, decisions, helpcentre, live_console

    routes = [route for part in (console, decisions, live_console, helpcentre) for route in part.router.routes]
    return [re.sub(r"\{[^}]*\}", "T-1001", getattr(route, "path", "")) for route in routes if "POST" in (getattr(route, "methods", None) or ())]


def reading(stage: Stage, payload: str) -> Play:
    """Ask from a page of another site, with everything that a browser would add."""
    origin = dict(words.headers(payload)).get("Origin", EVIL)
    said = [("Origin", origin), stage.cookie(AGENT)]
    answers = [stage.call("GET", "/v1/me", ALICE, headers=said), ask(stage.served, "GET", "/v1/me", said)]
    asked = ("Access-Control-Request-Method", "POST")
    preflight = ask(stage.served, "OPTIONS", "/v1/conversations", [*said, asked, ("Access-Control-Request-Headers", "authorization")])
    allowed = [name for answer in (*answers, preflight) for name in answer.headers if name.startswith("access-control-allow-")]
    return Play((answers[0].status,), tuple(f"{name} is set" for name in allowed))


def framing(stage: Stage, _payload: str) -> Play:
    """Fetch the pages that carry the widget and read who may frame them."""
    answers = [ask(stage.served, "GET", path, [("Sec-Fetch-Dest", "iframe"), ("Referer", f"{EVIL}/")]) for path in ("/", "/widget/widget.js")]
    policies = [answer.headers.get("content-security-policy", "") for answer in answers]
    sources = [re.search(r"frame-ancestors ([^;]*)", policy) for policy in policies]
    faults = [f"frame-ancestors {found[1] if found else 'missing'}" for found in sources if found is None or found[1].split() != ["'self'"]]
    return Play(tuple(answer.status for answer in answers), tuple(faults))


def window_message(stage: Stage, _payload: str) -> Play:
    """Read every script that a page loads: one that listens to messages of other windows would have to check their origin."""
    page = ask(stage.served, "GET", "/").body.decode()
    waiting, seen, faults = set(re.findall(r'src="(/[^"]+\.js)"', page)), set[str](), []
    while waiting:
        path = waiting.pop()
        seen.add(path)
        script = ask(stage.served, "GET", path).body.decode()
        if re.search(
            r"addEventListener\(\s*['\"]message['\"]|(?:window|self|globalThis|top|parent)\.onmessage|\.addEventListener\(\s*['\"]message['\"]",
            script,
        ):
            faults.append(f"{path} listens to messages")
        folder = path.rsplit("/", 1)[0]
        waiting |= {f"{folder}/{name}" for name in re.findall(r"['\"]\./([\w.-]+\.js)['\"]", script)} - seen
    return Play((0,), tuple(faults if seen else ["the page loads no script"]))


def somebody_elses(stage: Stage, payload: str) -> Play:
    """Ask for what belongs to somebody else, as written and under every path at which this service could have it."""
    asked = re.search(r"\b(GET|POST|PUT|PATCH|DELETE)\s+(/\S+)", payload)
    if not asked:
        raise NotUnderstood("no request is written out")
    verb, path = asked[1], re.sub(r"<[^>]*>|\{[^}]*\}", stage.foreign, asked[2])
    mapped = {"conversation": [f"/v1/conversations/{stage.foreign}/events"], "ticket": ["/console/tickets", "/console/tickets/T-1001"],
              "audit": ["/console/audit"], "gap": ["/console/gaps"], "approval": ["/console/approvals"],
              "article": ["/v1/articles/access-banking-portal-tokens"], "person": [f"/v1/people/{BOSS}"], "user": [f"/v1/users/{BOSS}"]}  # fmt: skip
    paths = [path, path.replace("/api/", "/v1/", 1), *(p for noun, there in mapped.items() if noun in path for p in there)]
    said = [stage.cookie(ALICE), ("Origin", stage.served.url)]
    body = b"{}" if verb != "GET" else b""
    answers = [stage.call(verb, there, ALICE, body, said) for there in dict.fromkeys(paths)]
    faults = [f"{there} shows {BOB}" for there, answer in zip(dict.fromkeys(paths), answers, strict=True) if b"headset" in answer.body]
    return Play(tuple(answer.status for answer in answers if answer.status != 405), tuple(faults))


PLAYS: dict[str, Callable[[Stage, str], Play]] = {
    "protocol_ws_handshake": handshake,
    "protocol_identity_token": token,
    "protocol_ws_message": message,
    "protocol_http_header": header,
    "protocol_csrf": forgery,
    "protocol_cors": reading,
    "protocol_frame": framing,
    "protocol_post_message": window_message,
    "protocol_idor": somebody_elses,
    "protocol_alert_http": report,
}
