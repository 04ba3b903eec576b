"""A page of results: what was found, how, and what to do when it is not it."""

from __future__ import annotations

from flask import Response, g

from deflect.log import record_search
from deflect.services import services
from kb.i18n import gettext as _
from kb.i18n import ngettext
from kb.page import favourites, render, searcher, visitor
from search.hit import Results

FOUND = 20  # hits on a page


def ask() -> Response:
    """Return the search page before anything was asked."""
    return render("search.html", query="", results=None, popular=favourites(6), noindex=True)


def show(query: str) -> Response:
    """Return the results of a search, or what to open instead of them."""
    results = searcher().search(query, lang=g.lang, k=FOUND)
    record_search(services(), visitor(), query, results)
    instead = () if results.hits else favourites(6)
    typed = as_typed(query, results.corrected) if results.corrected else ""
    return render(
        "search.html", query=query, results=results, said=said(results), as_typed=typed, popular=instead, noindex=True
    )


def said(results: Results) -> str:
    """Say how many articles were found, and by what."""
    n = len(results.hits)
    if not n:
        return _("No article found for “%(query)s”.") % {"query": results.query}
    match results.stage:
        case "all":
            sentence = ngettext(
                "%(num)d article found by all of your words.", "%(num)d articles found by all of your words.", n
            )
        case "enough":
            sentence = ngettext(
                "No article has all of your words; %(num)d has most of them or means the same.",
                "No article has all of your words; %(num)d have most of them or mean the same.",
                n,
            )
        case "corrected":
            sentence = ngettext(
                "%(num)d article found by corrected spelling.", "%(num)d articles found by corrected spelling.", n
            )
        case _:
            sentence = ngettext(
                "No article has your words; %(num)d comes near in meaning.",
                "No article has your words; %(num)d come near in meaning.",
                n,
            )
    return sentence % {"num": n}


def as_typed(query: str, corrected: str) -> str:
    """Return the query with each word that was corrected in quotes, since quoted words are searched as they are.

    >>> as_typed("reset my pasword", "reset my password")
    'reset my "pasword"'
    """
    typed, meant = query.split(), corrected.split()
    if len(typed) != len(meant):
        return f'"{query}"'
    return " ".join(f'"{word}"' if word != other else word for word, other in zip(typed, meant, strict=True))
