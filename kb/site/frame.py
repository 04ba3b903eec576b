"""The frame of every page of the site: languages, links and words around the content, and the generation it comes from.

A request reads one generation from beginning to end (`searcher`), also when a newer one is published meanwhile. `Frame`
holds everything that the frame depends on, so `page` makes the same HTML for all visitors and an article's page can be
cached. Only the nonce of the Content-Security-Policy differs: NONCE stands in the HTML until `respond` puts the nonce
of the answer in its place and adds an ETag.
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
from deflect.offers.popular import Popular
from deflect.privacy import consent
from deflect.store.services import services, state
from kb import i18n
from kb.content.channels import Way
from kb.errors import BadGeneration
from kb.failures import degraded
from kb.i18n import gettext as _
from kb.render.snapshot import Entry, Snapshot
from kb.render.topics import Shelf, Topics
from kb.site import assets
from search.rank.hit import Hit
from search.rank.searcher import Searcher

API = "/api/v1"
NONCE = secrets.token_hex(16)  # random, so that no text of a page can hold it


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
    asks: bool  # whether visitors are asked for their consent

    def in_language(self, lang: str) -> str:
        """Return the address of this page in another language, or of the home page where it has none."""
        prefix = f"/{self.lang}/"
        if not self.path.startswith(prefix):
            return url("site.home", lang=lang)
        return f"/{lang}/{quote(self.path.removeprefix(prefix))}"


@dataclass(frozen=True, slots=True)
class Favourites:
    """Articles to open without a search, and their heading."""

    title: str
    entries: tuple[Entry, ...]


def searcher() -> Searcher:
    """Return the generation that answers this request, the same one from beginning to end."""
    if "searcher" not in g:
        g.searcher = services().current.get()
    found: Searcher = g.searcher
    return found


def let_go(_error: BaseException | None = None) -> None:
    """Forget the generation at the end of a request: Flask's request is a cycle, which is collected late."""
    g.pop("searcher", None)


def indexed() -> bool:
    """Return True if there is a generation with pages."""
    try:
        return bool(searcher().snapshot)
    except BadGeneration:
        return False
    except Exception as error:  # whatever is wrong with the index, people can write to us
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
    """Return the articles opened most, filled up with some of each topic. The title says which of both they are."""
    opened = state(Popular).articles()
    title = _("Popular articles") if opened else _("Good places to start")
    return Favourites(title, shelf(searcher().snapshot, g.lang).pick(opened, k=k))


def root() -> str:
    """Return the public address of the help center, without a slash at the end."""
    return (services().settings.url or request.url_root).rstrip("/")


def render(template: str, *, status: int = 200, **context: Any) -> Response:
    """Return a page in the frame of the site."""
    return respond(page(template, this_frame(), status=status, ways=ways_about, **context), status=status)


def this_frame() -> Frame:
    """Return the frame of the page that this request asks for."""
    g.setdefault("lang", preferred())
    return Frame(services().settings.title, root(), g.lang, request.path, languages(), consent.asks(services()))


def page(template: str, frame: Frame, *, alternates: Sequence[Place] = (), **context: Any) -> str:
    """Return the HTML of a page, made of the arguments alone; `respond` adds the nonce of each answer."""
    known = {
        "lang": frame.lang,
        "ui": _interface_attributes(frame.lang),
        "site_title": frame.title,
        "languages": alternates or [Place(lang, frame.in_language(lang)) for lang in frame.languages],
        "alternates": [Place(place.lang, frame.root + place.url) for place in alternates],
        "url_for": url,
        "api": API,
        "asset": assets.asset,
        "snippet": snippet,
        "words": words(frame.lang),
        "description": "",
        "noindex": False,
        "canonical": "",
        "linked_data": None,
        "nonce": NONCE,
        "asks": frame.asks,
    }
    return current_app.jinja_env.get_template(template).render(known | context)


def url(endpoint: str, **values: str | None) -> str:
    """Return the path of a page, the same during every request."""
    return current_app.url_map.bind("").build(endpoint, values)


def ways_about(topic: str = "") -> tuple[Way, ...]:
    """Return the channels open to a visitor about a topic. Our own pages know no segment of a visitor."""
    return ways(services(), topic=topic, lang=g.lang)


def respond(html: str, *, status: int = 200) -> Response:
    """Return the answer with a page and its nonce, or 304 if the browser has the page already."""
    response = make_response(html.replace(NONCE, nonce()), status)
    if status != 200 or request.method != "GET":
        return response
    response.set_etag(hashlib.blake2b(html.replace(NONCE, "").encode(), digest_size=12).hexdigest(), weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)  # type: ignore[return-value]


@cache
def _interface_attributes(lang: str) -> Markup:
    """Return the attribute for parts in the interface's language, empty if that is the page's language too."""
    spoken = i18n.interface_language(lang)
    same = spoken.split("-")[0] == lang.split("-")[0]
    return Markup() if same else Markup(' lang="{}"').format(spoken)


def snippet(hit: Hit) -> Markup:
    """Return the snippet of a hit as HTML, the words of the query marked."""
    pieces = (Markup("<mark>{}</mark>").format(f.text) if f.mark else escape(f.text) for f in hit.snippet)
    return Markup("").join(pieces)


def words(lang: str) -> dict[str, str]:
    """Return the words of the scripts, in the interface's language for `lang`."""
    _ = i18n.speech(lang).gettext
    return {
        "found": _("Suggestions"),
        "one": _("1 article found"),
        "many": _("%s articles found"),
        "none": _("No suggestions. Press Enter to search."),
        "all": _("Search for “%s”"),
        "offerOne": _("An article next to the form may solve it"),
        "offerMany": _("%s articles next to the form may solve it"),
        "loading": _("The article is loading."),
        "failed": _("The article didn't load. Open it in a new tab instead."),
        "thanksYes": _("Thank you for telling us."),
        "thanksNo": _("Thank you. This helps us improve the article."),
        "copy": _("Copy"),
        "copied": _("Copied"),
    }


def today() -> date:
    """Return the current day in UTC."""
    return datetime.now(UTC).date()
