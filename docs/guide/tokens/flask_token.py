"""Tokens for the widget from a Flask application, for whoever is signed in there."""

import os
import time
from urllib.parse import urlsplit

import jwt
from flask import Blueprint, abort, request, session

helpdesk = Blueprint("helpdesk", __name__)


@helpdesk.post("/helpdesk-token")
def helpdesk_token():
    """Give a token for the person of the session to a page of this site, and to no other."""
    if "user_id" not in session or urlsplit(request.headers.get("Origin", "")).netloc != request.host:
        abort(403)
    now = int(time.time())
    claims = {"sub": session["user_id"], "aud": "firstline", "iat": now, "exp": now + 600}
    token = jwt.encode(claims, os.environ["HELPDESK_KEY"], "HS256", {"kid": os.environ["HELPDESK_KEY_NAME"]})
    return {"token": token, "expires_at": now + 600}
