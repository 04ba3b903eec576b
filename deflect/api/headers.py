"""Security headers of every answer, and the rules for cross-origin requests.

`protect` gives every answer a strict Content-Security-Policy and forbids framing by other sites. A page runs only
scripts with the nonce of its answer. JSON and files can't run or load anything.

Pages of every origin may use the widget's files, searches and offers (`publish`). Only our own pages, and pages of
origins in KB_ORIGINS or allowed by an agent, may post events and tickets. `guard` refuses other pages, counts the
refusal so that the owner can allow them, and never repeats an unlisted origin in an answer. No page may post contacts,
because only the owner's server sends them. Pages of every origin may show the images of articles (`embed`), but only
our own pages may load attachments (`keep`). No other module sets these headers.
"""

from __future__ import annotations

import re
import secrets
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, g, request
from sqlite_utils import Database

from deflect.store import clock
from deflect.store.database import Row, Store, insert
from deflect.store.services import Services, services
from deflect.store.writer import write
from deflect.tickets.ticket_writes import audit
from kb.errors import BadRequest, Forbidden, HelpCenterError
from kb.failures import degraded
from kb.outbound import is_loopback

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
    "trusted-types": "help-widget",
}
DATA = "default-src 'none'; frame-ancestors 'none'"
FILE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"  # an SVG image must not run scripts
ORIGIN = re.compile(r"https?://[a-z0-9.-]{1,200}(:\d{1,5})?|https?://\[[0-9a-f:.]{2,45}\](:\d{1,5})?")
FOR_ALL = {"api.search", "api.complete", "api.article", "api.offers", "api.openapi", "api.nothing"}
FOR_SERVERS = {"api.contacts"}  # a page that could make this call would hold the server's secret
PREFLIGHT_SECONDS = "7200"  # the most that Chromium accepts


def protect(app: Flask) -> None:
    """Add the headers to every answer of `app`, and `nonce` to every template."""
    app.context_processor(lambda: {"nonce": nonce()})
    app.after_request(_protect)


def allow(**directives: str) -> None:
    """Replace some directives in the policy of this answer: `allow(frame_src="'self'")`."""
    g.policy = {name.replace("_", "-"): value for name, value in directives.items()}


def nonce() -> str:
    """Return the nonce of this answer. All scripts of a page share it."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


def _protect(response: Response) -> Response:
    if response.status_code == 304:  # the cached page needs its own headers, which have its nonce
        return response
    response.headers.setdefault("Content-Security-Policy", _policy(response))
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.path.startswith("/files/"):  # the widget also shows images on pages with Cross-Origin-Embedder-Policy
        embed(response)
    if response.mimetype == "text/html":
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    return response


def _policy(response: Response) -> str:
    if request.path.startswith(("/files/", "/brand/")):
        return FILE
    if response.mimetype != "text/html":
        return DATA
    return "; ".join(f"{name} {value}" for name, value in (PAGE | g.get("policy", {})).items()).format(nonce=nonce())


def guard(blueprint: Blueprint) -> None:
    """Answer preflights of a blueprint's calls, refuse unlisted origins, and add the headers to every answer."""
    blueprint.before_request(_before)
    blueprint.after_request(_after)


def publish(response: Response) -> Response:
    """Let pages of every origin read and load an answer."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return embed(response)


def publish_for_tokens(response: Response) -> Response:
    """Let pages of every origin read an answer and send a token with the request."""
    response.headers["Access-Control-Allow-Headers"] = "Authorization"
    response.headers["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
    return publish(response)


def embed(response: Response) -> Response:
    """Let pages of every origin load an answer, including pages with Cross-Origin-Embedder-Policy."""
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def keep(response: Response) -> Response:
    """Let only our own pages load an answer."""
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def normal_origin(text: str) -> str:
    """Return an origin as browsers send it. Raise BadRequest when the text is not an origin.

    >>> normal_origin("https://Shop.example/")
    'https://shop.example'
    """
    origin = text.strip().rstrip("/").lower()
    if not ORIGIN.fullmatch(origin):
        raise BadRequest("this is not an origin; enter a scheme and a host, such as https://shop.example.com")
    return origin


def may_post(services: Services, origin: str) -> bool:
    """Return True if pages of `origin` may post events and tickets: our own pages and those of allowed origins."""
    return origin in own_origins(services) or _is_listed(services, origin)


def own_origins(services: Services) -> set[str]:
    """Return our own origins: the origin of KB_URL, of the request, and of the demo shop while it runs."""
    url = urlsplit(services.settings.url)
    named = {f"{url.scheme}://{url.netloc}".lower()} if url.netloc else set()
    shop, host = current_app.config.get("DEMO_PORT"), urlsplit(request.host_url).hostname or ""
    if shop and is_loopback(host):  # it listens on this machine only
        named.add(f"http://{host}:{shop}".lower())
    return named | {f"{scheme}://{request.host}".lower() for scheme in ("http", "https")}


def allowed_by_agents(store: Store) -> list[Row]:
    """Return the origins that agents allowed, sorted by name."""
    return store.rows("SELECT id AS origin, who, created FROM allowed_origins ORDER BY id")


def refused_origins(store: Store) -> list[Row]:
    """Return the origins whose pages were refused, latest first."""
    return store.rows("SELECT id AS origin, path, times, first, last FROM refused_origins ORDER BY last DESC, id")


def _is_listed(services: Services, origin: str) -> bool:
    """Return True if the settings or an agent allow an origin, False if the database cannot be read."""
    if origin in {listed.rstrip("/").lower() for listed in services.settings.origins}:
        return True
    try:
        return services.store.one("SELECT 1 FROM allowed_origins WHERE id = ?", [origin]) is not None
    except HelpCenterError as error:
        degraded("no-origins", error)
        return False


def _before() -> Response | None:
    origin = request.headers.get("Origin")
    if origin and request.endpoint in FOR_SERVERS:
        raise Forbidden("pages can't make this call; it is for the owner's server")
    if origin and request.endpoint not in FOR_ALL and not may_post(services(), origin.lower()):
        _remember(origin)
        raise Forbidden(
            "pages of this origin can't make this call; allow the origin in the admin pages or in KB_ORIGINS"
        )
    return Response(status=204) if request.method == "OPTIONS" else None


def _after(response: Response) -> Response:
    origin = request.headers.get("Origin")
    headers = embed(response).headers
    if request.endpoint in FOR_ALL:
        publish(response)
    else:
        headers.add("Vary", "Origin")
        if not origin or request.endpoint in FOR_SERVERS or not may_post(services(), origin.lower()):
            return response
        headers["Access-Control-Allow-Origin"] = origin
    headers["Access-Control-Expose-Headers"] = "Retry-After"
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Idempotency-Key"
        headers["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
    return response


def _remember(origin: str) -> None:
    """Count the refusal for the owner. A failure to count it changes nothing for the page."""
    if urlsplit(origin).scheme not in ("http", "https") or len(origin) > 200 or not origin.isprintable():
        return
    try:
        services().writer.run(refused_origin, origin=origin, path=request.path, now=clock.now())
    except HelpCenterError as error:
        degraded("not-logged", error)


@write(patience=0.2)
def refused_origin(db: Database, *, origin: str, path: str, now: int) -> Row:
    """Count a refused origin, so that the owner sees which to allow. Keep the 200 that were seen last."""
    db.execute(
        """
        INSERT INTO refused_origins (id, path, times, first, last) VALUES (?, ?, 1, ?, ?)
        ON CONFLICT (id) DO UPDATE SET times = times + 1, last = excluded.last, path = excluded.path
        """,
        [origin, path, now, now],
    )
    db.execute(
        "DELETE FROM refused_origins WHERE id NOT IN (SELECT id FROM refused_origins ORDER BY last DESC LIMIT 200)"
    )
    return {}


@write()
def allow_origin(db: Database, *, id: str, origin: str, who: str, now: int) -> Row:
    """Allow pages of an origin to post events and tickets."""
    if insert(db, "allowed_origins", {"id": origin, "who": who, "created": now}):
        audit(db, id=id, who=who, did="allow origin", what=origin, now=now)
    db.execute("DELETE FROM refused_origins WHERE lower(id) = ?", [origin])
    return {}


@write()
def forbid_origin(db: Database, *, id: str, origin: str, who: str, now: int) -> Row:
    """Stop allowing pages of an origin to post."""
    if db.execute("DELETE FROM allowed_origins WHERE id = ?", [origin]).rowcount:
        audit(db, id=id, who=who, did="forbid origin", what=origin, now=now)
    return {}
