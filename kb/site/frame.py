"""The frame around the content of every page: languages, links, messages and the request's generation.

A request reads the same generation from beginning to end (`searcher`), even if a newer one is published meanwhile.
`Frame` holds everything that the frame depends on, so `page` makes the same HTML for all visitors and an article's page
can be cached. Only the nonce of the Content-Security-Policy differs: the HTML contains NONCE until `respond` replaces
it and adds an ETag.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from urllib.parse import quote

from flask import Response, current_app, g, make_response, request
from markupsafe import Markup, escape

from deflect.api.headers import nonce
from deflect.offers.episode import ways
from deflect.offers.offer import CARDS
from deflect.offers.popular import Popular
from deflect.offers.suggested import suggested
from deflect.privacy import consent
from deflect.store.services import services, state
from kb import i18n
from kb.content.channels import Way
from kb.content.look import Look
from kb.errors import BadGeneration
from kb.failures import degraded
from kb.i18n import gettext as _
from kb.render.snapshot import Entry, Snapshot
from kb.render.topics import Shelf, Topics
from kb.site import assets, brand
from kb.site.brand import Announcement
from search.rank.hit import Hit
from search.rank.searcher import Searcher

API = "/api/v1"
COMPLETIONS = 7  # as the search box asks for
NONCE = secrets.token_hex(16)  # random, so that a page's text cannot contain it


@dataclass(frozen=True, slots=True)
class Place:
    """A page in a language, for the language switcher and for search engines."""

    lang: str
    url: str


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything that the frame of a page depends on."""

    title: str  # of the help center
    root: str  # its public address, without a slash at the end
    lang: str  # of the page
    path: str  # of the page
    languages: tuple[str, ...]  # of the help center
    asks: bool  # True if visitors are asked for their consent
    look: Look
    banner: Announcement | None

    def in_language(self, lang: str) -> str:
        """Return this page's address in another language, or the home page's if the path has no language."""
        prefix = f"/{self.lang}/"
        if not self.path.startswith(prefix):
            return url("site.home", lang=lang)
        return f"/{lang}/{quote(self.path.removeprefix(prefix))}"


@dataclass(frozen=True, slots=True)
class Favourites:
    """Articles to show without a search, with a heading."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The articles on the home page."""

    promoted: Favourites
    popular: Favourites
    is_chosen: bool  # the author has pinned the promoted ones, so they come first


def searcher() -> Searcher:
    """Return the generation of this request."""
    if "searcher" not in g:
        g.searcher = services().current.get()
    found: Searcher = g.searcher
    return found


def let_go(_error: BaseException | None = None) -> None:
    """Release the generation after a request, because Flask's request is a reference cycle that is collected late."""
    g.pop("searcher", None)


def indexed() -> bool:
    """Return True if there is a generation with pages."""
    try:
        return bool(searcher().snapshot)
    except BadGeneration:
        return False
    except Exception as error:  # people can still write to us
        degraded("no-index", error)
        return False


def languages() -> tuple[str, ...]:
    """Return the languages of the articles, or the default language while there is no generation."""
    return searcher().snapshot.languages if indexed() else (services().settings.lang,)


def speaks(lang: str) -> bool:
    """Return True if there are articles or an interface in this language."""
    return lang in languages() or lang in i18n.interface_languages()


def preferred() -> str:
    """Return the language that the address begins with, or else the one that the browser prefers."""
    first = request.path.split("/")[1]
    if speaks(first):
        return first
    return i18n.negotiate(request.accept_languages, languages(), default=services().settings.lang)


def shelf(snapshot: Snapshot, lang: str) -> Shelf:
    """Return the topics of a generation in a language."""
    return state(Topics).shelf(snapshot, lang)


def favourites(k: int) -> Favourites:
    """Return the popular articles, or the author's if too few are popular."""
    found = suggestions(k)
    return found.popular if found.popular.entries else found.promoted


def suggestions(k: int) -> Suggestions:
    """Return the articles that the author promotes, and the popular ones, which may be none."""
    here = searcher()
    found = suggested(here, state(Popular), shelf=shelf(here.snapshot, g.lang), lang=g.lang, k=k)
    return Suggestions(
        promoted=Favourites(_("Good places to start"), found.promoted),
        popular=Favourites(_("Popular articles"), found.popular),
        is_chosen=found.is_chosen,
    )


def root() -> str:
    """Return the public address of the help center, without a slash at the end."""
    return (services().settings.url or request.url_root).rstrip("/")


def render(template: str, *, status: int = 200, **context: Any) -> Response:
    """Return a page in the frame of the site."""
    return respond(page(template, this_frame(), status=status, ways=ways_about, **context), status=status)


def this_frame() -> Frame:
    """Return the frame for this request."""
    g.setdefault("lang", preferred())
    of = this_look()
    return Frame(
        title=title(of),
        root=root(),
        lang=g.lang,
        path=request.path,
        languages=languages(),
        asks=consent.asks(services()),
        look=of,
        banner=brand.announcement(of, lang=g.lang, day=today()),
    )


def this_look() -> Look:
    """Return the look of this request's generation, or the usual look while there is none."""
    if not indexed():
        return brand.USUAL
    of = searcher().snapshot.look
    return of if services().settings.site_scripts else brand.without_scripts(of)


def title(of: Look) -> str:
    """Return the name of the help center in the language of this request: the one of `site.toml`, else KB_TITLE."""
    return of.name(g.lang) or services().settings.title


def page(template: str, frame: Frame, *, alternates: Sequence[Place] = (), **context: Any) -> str:
    """Return the HTML of a page, which depends only on the arguments; `respond` adds the nonce."""
    known = {
        "lang": frame.lang,
        "ui": interface_attributes(frame.lang),
        "site_title": frame.title,
        "languages": alternates or [Place(lang, frame.in_language(lang)) for lang in frame.languages],
        "alternates": [Place(place.lang, frame.root + place.url) for place in alternates],
        "url_for": url,
        "api": API,
        "asset": assets.asset,
        "imports": assets.imports,
        "snippet": snippet,
        "words": words(frame.lang),
        "description": "",
        "noindex": False,
        "canonical": "",
        "linked_data": None,
        "nonce": NONCE,
        "asks": frame.asks,
        "brand": brand.brand(frame.look, lang=frame.lang),
        "banner": frame.banner,
        "head": brand.head(frame.look, nonce=NONCE),
        "tree": (),
    }
    return current_app.jinja_env.get_template(template).render(known | context)


def url(endpoint: str, **values: str | None) -> str:
    """Return the path of a page, which does not depend on the request."""
    return current_app.url_map.bind("").build(endpoint, values)


def ways_about(topic: str = "") -> tuple[Way, ...]:
    """Return the channels that are open for a topic. Visitors of our own pages have no segment."""
    return ways(services(), topic=topic, lang=g.lang)


def respond(html: str, *, status: int = 200) -> Response:
    """Return a page with its nonce, or 304 if the browser has it cached."""
    brand.let_through(this_look())
    response = make_response(html.replace(NONCE, nonce()), status)
    if status != 200 or request.method != "GET":
        return response
    response.set_etag(hashlib.blake2b(html.replace(NONCE, "").encode(), digest_size=12).hexdigest(), weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)  # type: ignore[return-value]


@cache
def interface_attributes(lang: str) -> Markup:
    """Return the `lang` attribute for interface text, or "" if the page has the same language."""
    spoken = i18n.interface_language(lang)
    same = spoken.split("-")[0] == lang.split("-")[0]
    return Markup() if same else Markup(' lang="{}"').format(spoken)


def snippet(hit: Hit) -> Markup:
    """Return a hit's snippet as HTML with the query's words marked."""
    pieces = (Markup("<mark>{}</mark>").format(f.text) if f.mark else escape(f.text) for f in hit.snippet)
    return Markup("").join(pieces)


def words(lang: str) -> dict[str, str | list[str]]:
    """Return the scripts' messages in the interface language for `lang`."""
    _, ngettext = i18n.speech(lang).gettext, i18n.speech(lang).ngettext
    few, some = range(1, CARDS + 1), range(1, COMPLETIONS + 1)
    solves = [ngettext("%(num)d article may solve this", "%(num)d articles may solve this", n) for n in few]
    near = [
        ngettext("%(num)d article next to the form may solve it", "%(num)d articles next to the form may solve it", n)
        for n in few
    ]
    many = [ngettext("%(num)d article found", "%(num)d articles found", n) for n in some]
    return {
        "found": _("Suggestions"),
        "many": _numbered(many),
        "none": _("No suggestions. Press Enter to search."),
        "all": _("Search for “%s”"),
        "near": _numbered(near),
        "offers": _numbered(solves),
        "loading": _("The article is loading."),
        "failed": _("The article didn't load. Open it in a new tab instead."),
        "thanksYes": _("Thank you for telling us."),
        "thanksNo": _("Thank you. This helps us improve the article."),
        "notSaved": _("We can't save it right now. Your text is still here. Try again in a minute."),
        "copy": _("Copy"),
        "copied": _("Copied"),
    }


def _numbered(sentences: Sequence[str]) -> list[str]:
    """Return sentences for 1, 2, 3… with their numbers filled in."""
    return [sentence % {"num": n} for n, sentence in enumerate(sentences, 1)]


def today() -> date:
    """Return the current day in UTC."""
    return datetime.now(UTC).date()
