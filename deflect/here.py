"""What the widget shows first on a page: by the owner's contexts, else what answers the page's title."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request

from deflect import identity
from deflect.services import Services, services
from deflect.web import lang_of, problem
from kb import contexts
from kb.errors import BadArticle, HelpCenterError
from search.hit import Fragment, Hit

MOST = 5
LONGEST = 500

blueprint = Blueprint("here", __name__, url_prefix="/api/v1")


@blueprint.errorhandler(HelpCenterError)
def refuse(error: HelpCenterError) -> Response:
    """Answer an error as a problem document."""
    return problem(error)


@blueprint.get("/context")
def context() -> Response:
    """Return the mode and the hits for a page, by its address and its title."""
    here = services()
    lang = lang_of(request.args.get("lang", ""), default=here.settings.lang)
    page, title = (request.args.get(name, "")[:LONGEST] for name in ("page", "title"))
    return jsonify(found(here, page=page, title=title, lang=lang, audience=identity.claims(here).audience))


@blueprint.route("/context", methods=["OPTIONS"])
def ask() -> Response:
    """Answer a preflight, which a page with a token sends."""
    return Response(status=204)


@blueprint.after_request
def open_to_all(response: Response) -> Response:
    """Let pages of any origin read this, as with a search."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Headers"] = "Authorization"
    response.headers["Access-Control-Max-Age"] = "7200"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def found(services: Services, *, page: str, title: str, lang: str, audience: frozenset[str]) -> dict[str, Any]:
    """Return `{"mode", "hits"}` for a page; a file of contexts that cannot be read counts as none."""
    try:
        known = contexts.find(contexts.load(services.settings.articles), page, audience=audience)
    except BadArticle:
        known = None
    searcher = services.current.get()
    named = known.articles[:MOST] if known else ()
    hits = [hit for id in named if (hit := _hit(searcher.snapshot, id, lang, audience))]
    query = (known.query if known else "") or title
    if not hits and query.strip():
        hits = list(searcher.complete(query, lang=lang, k=3, audience=audience).hits)
    return {"mode": known.mode if known else None, "hits": [asdict(hit) for hit in hits]}


def _hit(snapshot: Any, id: str, lang: str, audience: frozenset[str]) -> Hit | None:
    entry = snapshot.best(id, lang)
    if entry is None or (entry.audience and audience.isdisjoint(entry.audience)):
        return None
    snippet = (Fragment(entry.summary, False),) if entry.summary else ()
    return Hit(entry.id, entry.lang, entry.title, entry.address, "", "", snippet, 1.0)
