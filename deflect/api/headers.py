"""Security headers of every answer: a strict Content-Security-Policy, and no framing by other sites.

A page runs only scripts with the nonce of its answer. JSON and files run nothing and load nothing.
"""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request

from deflect.api import cors

PAGE = {
    "default-src": "'none'",
    "script-src": "'nonce-{nonce}'",
    "style-src": "'self'",
    "img-src": "'self' https: data:",
    "media-src": "'self' https:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "shortstop",
}
DATA = "default-src 'none'; frame-ancestors 'none'"
FILE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"  # a picture may be SVG: it must not run


def protect(app: Flask) -> None:
    """Add the headers to every answer of `app`, and `nonce` to every template."""
    app.context_processor(lambda: {"nonce": nonce()})
    app.after_request(_add)


def allow(**directives: str) -> None:
    """Replace some directives in the policy of this answer: `allow(frame_src="'self'")`."""
    g.policy = {name.replace("_", "-"): value for name, value in directives.items()}


def nonce() -> str:
    """Return the nonce of this answer, the same for each script."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


def _add(response: Response) -> Response:
    if response.status_code == 304:  # what the browser has keeps its own headers: its page was made with its nonce
        return response
    response.headers.setdefault("Content-Security-Policy", _policy(response))
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.path.startswith("/files/"):  # the widget shows pictures on pages that demand this
        cors.embed(response)
    if response.mimetype == "text/html":
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    return response


def _policy(response: Response) -> str:
    if request.path.startswith("/files/"):
        return FILE
    if response.mimetype != "text/html":
        return DATA
    return "; ".join(f"{name} {value}" for name, value in (PAGE | g.get("policy", {})).items()).format(nonce=nonce())
