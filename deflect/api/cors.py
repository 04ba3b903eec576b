"""Which pages of other origins may call which part of the API; an unlisted origin is never named in an answer."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, request

from deflect.api import origins
from deflect.store import clock
from deflect.store.services import Services, services
from kb.errors import Forbidden, HelpCenterError

ANYBODY = {"api.search", "api.complete", "api.article", "api.offers", "api.openapi", "api.nothing"}
NOBODY = {"api.contacts"}  # from server to server: a page that could would have the server's secret
PREFLIGHT_SECONDS = 7200  # as long as Chromium keeps one


def guard(blueprint: Blueprint) -> None:
    """Have every call of the blueprint answer preflights, refuse unlisted origins and carry the headers."""
    blueprint.before_request(_before)
    blueprint.after_request(_after)


def allowed(services: Services, origin: str) -> bool:
    """Say whether pages of `origin` may post events and tickets: our own, and those that the owner allows."""
    return origin in own_origins(services) or origins.is_allowed(services, origin)


def own_origins(services: Services) -> set[str]:
    """Return the origins under which we are known: KB_URL's, the request's, and the demo shop's where it runs."""
    url = urlsplit(services.settings.url)
    named = {f"{url.scheme}://{url.netloc}".lower()} if url.netloc else set()
    if shop := current_app.config.get("DEMO_PORT"):
        named.add(f"http://{urlsplit(request.host_url).hostname}:{shop}".lower())
    return named | {f"{scheme}://{request.host}".lower() for scheme in ("http", "https")}


def _before() -> Response | None:
    origin = request.headers.get("Origin")
    free = request.endpoint in ANYBODY
    if origin and request.endpoint in NOBODY:
        raise Forbidden("pages may not do this; it is for the owner's server")
    if origin and not free and not allowed(services(), origin.lower()):
        _remember(origin)
        raise Forbidden(
            "pages of this origin may not do this; the owner allows it in the admin pages, or in KB_ORIGINS"
        )
    return Response(status=204) if request.method == "OPTIONS" else None


def _after(response: Response) -> Response:
    origin = request.headers.get("Origin")
    headers = response.headers
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if request.endpoint in ANYBODY:
        headers["Access-Control-Allow-Origin"] = "*"
    else:
        headers.add("Vary", "Origin")
        if not origin or request.endpoint in NOBODY or not allowed(services(), origin.lower()):
            return response
        headers["Access-Control-Allow-Origin"] = origin
    headers["Access-Control-Expose-Headers"] = "Retry-After"
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Idempotency-Key"
        headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return response


def _remember(origin: str) -> None:
    """Count the refusal for the owner, where that is possible; the refusal itself stands."""
    if urlsplit(origin).scheme not in ("http", "https") or len(origin) > 200 or not origin.isprintable():
        return
    try:
        services().writer.call("refused_origin", origin=origin, path=request.path, now=clock.now())
    except HelpCenterError:
        return
