"""The search page: results, or popular articles if there are none."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, g, url_for

from deflect.api.http import limit_search
from deflect.offers.log import record_search
from deflect.store.services import services
from kb import i18n
from kb.i18n import gettext as _
from kb.i18n import ngettext
from kb.site.frame import Place, favourites, languages, render, searcher
from kb.site.visitor import visitor
from search.rank.hit import Results

FOUND = 10  # hits shown at first
MOST = 50  # hits after "Show more results"


def ask() -> Response:
    """Return the search page without a query."""
    return render("search.html", query="", results=None, popular=favourites(6), noindex=True)


def show(query: str, *, more: bool) -> Response:
    """Return the page with the results of a search: FOUND hits, or MOST with `more`."""
    k = MOST if more else FOUND
    found = searcher().search(query, lang=g.lang, k=k + 1, degraded=limit_search(services()))
    results = replace(found, hits=found.hits[:k])
    record_search(services(), visitor(), query, results)
    return render(
        "search.html",
        query=query,
        results=results,
        more=not more and len(found.hits) > k,
        count=count(len(results.hits), more=len(found.hits) > k, query=query),
        how=how(results),
        elsewhere=elsewhere(results),
        words_only=words_only(results),
        as_typed=as_typed(query, results.corrected) if results.corrected else "",
        popular=None if results.hits else favourites(6),
        noindex=True,
        languages=[Place(lang, url_for("site.search", lang=lang, q=query)) for lang in languages()],
    )


def count(found: int, *, more: bool, query: str) -> str:
    """Return a sentence with the number of articles found."""
    if not found:
        return _("No articles found for “%(query)s”.") % {"query": query}
    if more:
        return _("Top %(num)d results.") % {"num": found}
    return ngettext("%(num)d article found.", "%(num)d articles found.", found) % {"num": found}


def how(results: Results) -> str:
    """Return a sentence for results that do not match the query exactly, or ""."""
    if not results.hits:
        return ""
    return {
        "enough": _("No exact match. Here are the closest articles."),
        "none": _("Nothing matches exactly. These cover similar topics."),
    }.get(results.stage, "")


def elsewhere(results: Results) -> str:
    """Return a sentence for results in another language than the page's, or ""."""
    abroad = [i18n.name_in(hit.lang, g.lang) for hit in results.hits if hit.language]
    if not abroad:
        return ""
    names = {"languages": i18n.listed(abroad, g.lang)}
    if all(hit.language for hit in results.hits):
        number = len(results.hits)
        return ngettext("This article is in %(languages)s.", "These articles are in %(languages)s.", number) % names
    return _("Some of these articles are in %(languages)s.") % names


def words_only(results: Results) -> str:
    """Return a sentence with the reason why the search used words only, or ""."""
    if results.degraded == "rate-limited":
        return _("Lots of searches just now. Full search will be back in a minute.")
    return _("Search by meaning isn't available right now.") if results.degraded else ""


def as_typed(query: str, corrected: str) -> str:
    """Return the query with each corrected word in quotes, which prevent the correction.

    >>> as_typed("reset my pasword", "reset my password")
    'reset my "pasword"'
    """
    typed, meant = query.split(), corrected.split()
    if len(typed) != len(meant):
        return f'"{query}"'
    return " ".join(f'"{word}"' if word != other else word for word, other in zip(typed, meant, strict=True))
