"""The call that the widget makes when it opens: the articles and channels for its page.

The owner's contexts name the articles of some pages. For other pages it searches for the page's title.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request

from deflect.api import headers, http
from deflect.api.http import lang_of, limit_typing, problem
from deflect.offers.context_cards import named_hits
from deflect.offers.episode import ways
from deflect.store.services import Services, services
from deflect.store.tokens import Claims
from kb.content import contexts
from kb.errors import HelpCenterError
from kb.failures import failure

MOST = 5
LONGEST = 500

blueprint = Blueprint("here", __name__, url_prefix="/api/v1")
blueprint.after_request(headers.publish_for_tokens)


@blueprint.errorhandler(HelpCenterError)
def refuse(error: HelpCenterError) -> Response:
    """Return an error as a problem document."""
    return problem(failure(error))


@blueprint.route("/context", methods=("GET", "POST"))
def context() -> Response:
    """Return the mode, the hits and the channels for the page of a request."""
    here = services()
    limit_typing(here)
    given, document = http.parameters(request)
    lang = lang_of(given.get("lang", ""), default=here.settings.lang)
    page, title, topic = (given.get(name, "")[:LONGEST] for name in ("page", "title", "category"))
    return jsonify(found(here, page=page, title=title, topic=topic, lang=lang, claims=http.claims(here, document)))


def found(services: Services, *, page: str, title: str, topic: str, lang: str, claims: Claims) -> dict[str, Any]:
    """Return `{"mode", "hits", "channels", "form"}`: the articles for a page, and the channels open to this person."""
    searcher = services.current.get()
    known = contexts.find(searcher.snapshot.contexts, page, audience=claims.audience)
    named = known.articles[:MOST] if known else ()
    hits = named_hits(searcher.snapshot, named, lang=lang, audience=claims.audience)
    query = (known.query if known else "") or title
    if not hits and query.strip():
        hits = list(searcher.complete(query, lang=lang, k=3, audience=claims.audience).hits)
    open_to = ways(services, segment=claims.segment, topic=topic, lang=lang)
    return {
        "mode": known.mode if known else None,
        "hits": [asdict(hit) for hit in hits],
        "channels": [asdict(way) for way in open_to],
        "form": any(way.channel == "web" for way in open_to),
    }
