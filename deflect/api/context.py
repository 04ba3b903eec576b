"""The call that the widget makes when it opens: the articles and channels for its page.

The owner's contexts name the articles of some pages. For other pages it searches for the page's title, and where all
words of the title match nothing, it lists the articles that the author promotes and the popular ones.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request

from deflect.api import headers, http
from deflect.api.http import lang_of, limit_typing, problem
from deflect.offers.context_cards import hit_of, named_hits
from deflect.offers.episode import ways
from deflect.offers.popular import Popular
from deflect.offers.suggested import suggested
from deflect.store.services import Services, services, state
from deflect.store.tokens import Claims
from kb.content import contexts
from kb.errors import HelpCenterError
from kb.failures import failure
from kb.render.topics import Topics
from search.rank.hit import Hit
from search.rank.searcher import Searcher

MOST = 5
LONGEST = 500

blueprint = Blueprint("here", __name__, url_prefix="/api/v1")
blueprint.after_request(headers.publish_for_tokens)


@blueprint.errorhandler(HelpCenterError)
def refuse(error: HelpCenterError) -> Response:
    """Return an error as a problem document."""
    return problem(failure(error))


@blueprint.get("/context")
def context() -> Response:
    """Return the mode, the hits and the channels for the page of a request."""
    here = services()
    limit_typing(here)
    lang = lang_of(request.args.get("lang", ""), default=here.settings.lang)
    page, title, topic = (request.args.get(name, "")[:LONGEST] for name in ("page", "title", "category"))
    return jsonify(found(here, page=page, title=title, topic=topic, lang=lang, claims=http.claims(here)))


def found(services: Services, *, page: str, title: str, topic: str, lang: str, claims: Claims) -> dict[str, Any]:
    """Return `{"mode", "hits", "promoted", "popular", "channels", "form"}`.

    `hits` are the articles for a page. If there are none, `promoted` and `popular` have articles for any page. The
    channels are those that are open to this person.
    """
    searcher = services.current.get()
    known = contexts.find(searcher.snapshot.contexts, page, audience=claims.audience)
    named = known.articles[:MOST] if known else ()
    hits = named_hits(searcher.snapshot, named, lang=lang, audience=claims.audience)
    query = (known.query if known else "") or title
    if not hits and query.strip():
        answer = searcher.complete(query, lang=lang, k=3, audience=claims.audience)
        # The title of a foreign page is no question: a part of it, such as "shop", matches many articles by chance.
        hits = list(answer.hits) if known or not page or answer.stage == "all" else []
    promoted, popular = ([], []) if hits else anyway(searcher, lang=lang, audience=claims.audience)
    open_to = ways(services, segment=claims.segment, topic=topic, lang=lang)
    return {
        "mode": known.mode if known else None,
        "hits": [asdict(hit) for hit in hits],
        "promoted": [asdict(hit) for hit in promoted],
        "popular": [asdict(hit) for hit in popular],
        "channels": [asdict(way) for way in open_to],
        "form": any(way.channel == "web" for way in open_to),
    }


def anyway(searcher: Searcher, *, lang: str, audience: frozenset[str]) -> tuple[list[Hit], list[Hit]]:
    """Return the promoted and the popular articles that this person may see."""
    shelf = state(Topics).shelf(searcher.snapshot, lang)
    found = suggested(searcher, state(Popular), shelf=shelf, lang=lang, k=MOST, audience=audience)
    return [hit_of(entry) for entry in found.promoted], [hit_of(entry) for entry in found.popular]
