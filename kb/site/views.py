"""The routes of the site: each view reads the request, calls one function and returns its page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, g, redirect, request, url_for

from deflect.api.http import limit_search
from deflect.store.services import services
from kb.errors import NotFound, TooManyRequests
from kb.failures import degraded
from kb.i18n import gettext as _
from kb.render.snapshot import Entry
from kb.site import article_page, assets, contact_form, search_page, seo
from kb.site.contact_form import Form
from kb.site.frame import (
    Place,
    favourites,
    indexed,
    languages,
    preferred,
    render,
    root,
    searcher,
    shelf,
    speaks,
    suggestions,
)
from kb.site.lookup import Found, find, words_of
from kb.site.visitor import consented, from_our_page
from search.rank.hit import Hit

NEAREST = 5  # hits on the page for a missing article

blueprint = Blueprint("site", __name__)
blueprint.register_blueprint(assets.blueprint)
blueprint.register_blueprint(seo.blueprint)

View = Callable[..., Any]


def page(rule: str, **options: Any) -> Callable[[View], View]:
    """Register a view below /<lang>. If the first part is not a language, the address may be an article's."""

    def register(view: View) -> View:
        @wraps(view)
        def in_language(lang: str, **arguments: str) -> Any:
            if not _begins_with(lang):
                return own_address(request.path[1:])
            g.lang = lang
            return view(**arguments)

        blueprint.add_url_rule(f"/<lang>{rule}", view.__name__, in_language, **options)
        return view

    return register


def _begins_with(lang: str) -> bool:
    """Return True if an address begins with a language.

    Without articles in that language, an article's own or former address wins: `/it/` may be about information
    technology.
    """
    if not speaks(lang) or lang in languages():
        return speaks(lang)
    return not indexed() or find(searcher().snapshot, request.path) is None


@blueprint.get("/")
def start() -> Response:
    """Redirect to the home page in the language that the browser prefers."""
    return _led("site.home")


def _led(endpoint: str) -> Response:
    response = redirect(url_for(endpoint, lang=preferred()))
    response.headers["Vary"] = "Accept-Language"
    response.headers["Cache-Control"] = "private, no-cache"
    return response  # type: ignore[return-value]


@page("/", strict_slashes=False)
def home() -> Response:
    """Show the search box, the topics, and the articles that the author promotes or that are popular."""
    snapshot = searcher().snapshot
    topics = shelf(snapshot, g.lang).first(snapshot.look.site.topics)
    return render("home.html", categories=topics, found=suggestions(10), canonical=here(), alternates=homes())


@page("/categories/<path:name>")
def category(name: str) -> Response:
    """Show a topic's subtopics and articles."""
    if name.endswith("/"):
        return without_slash(g.lang)  # type: ignore[no-any-return]
    known = shelf(searcher().snapshot, g.lang)
    topic = known.topic(name)
    if topic is None:
        raise NotFound(f"there is no category {name}")
    within = known.within(topic)
    return render(
        "category.html",
        category=topic,
        within=within,
        tree=known.tree(topic),
        description=topic.about,
        canonical=here(),
    )


@page("/articles/<path:id>")
def article(id: str) -> Response:
    """Show an article in the language of the address, or in another if it has no translation."""
    return answer(find(searcher().snapshot, request.path, lang=g.lang, id=id))


@blueprint.get("/<lang>/search/")
@blueprint.get("/<lang>/contact/")
def without_slash(lang: str) -> Any:
    """Redirect to the address without the trailing slash."""
    if not _begins_with(lang):
        return own_address(request.path[1:])
    asked = request.query_string.decode("latin-1")
    return redirect(quote(request.path.rstrip("/")) + (f"?{asked}" if asked else ""), 301)


@blueprint.get("/<path:path>")
def own_address(path: str) -> Response:
    """Show an article with a custom address, or redirect from a former one.

    /contact, which the widget links to, redirects to the form in the visitor's language unless an article has that
    address.
    """
    found = find(searcher().snapshot, f"/{path}")
    return _led("site.contact") if found is None and path == "contact" else answer(found)


def answer(found: Found | None) -> Response:
    """Show the article, redirect to it, or show that it was withdrawn. Raise NotFound for None."""
    if found is None:
        raise NotFound("there is no page at this address")
    if found.elsewhere:
        return redirect(found.elsewhere, 301)  # type: ignore[return-value]
    g.lang = found.lang
    if found.entry is None:
        return missing(gone=found.gone)
    return (
        article_page.show_markdown(found.entry)
        if found.markdown or article_page.wants_markdown()
        else article_page.show(found.entry)
    )


@page("/search")
def search() -> Response:
    """Show the results of a search."""
    query = request.args.get("q", "").strip()[:500]
    return search_page.show(query, more="more" in request.args) if query else search_page.ask()


@page("/contact")
def contact() -> Response:
    """Show the contact form, filled in from the query string."""
    return contact_form.show(Form.of(request.args))


@page("/contact", methods=["POST"])
def send() -> Response:
    """Store a message, or show offers or the form with errors."""
    from_our_page()
    form, wrong = contact_form.posted()
    return contact_form.send(form, wrong=wrong)


@page("/contact/solved", methods=["POST"])
def solved() -> Response:
    """Log that an offered article solved the problem. The message is not sent; the page keeps its text for an undo."""
    from_our_page()
    form = Form.of(request.form)
    contact_form.say(form, "solved")
    return render("solved.html", form=form, noindex=True)


@page("/contact/undo", methods=["POST"])
def undo() -> Response:
    """Log that the article did not solve the problem after all, and show the form again."""
    from_our_page()
    form = Form.of(request.form)
    contact_form.say(form, "undo")
    return contact_form.show(form)


@page("/contact/sent")
def sent() -> Response:
    """Confirm a sent message with its ticket number, its text and what happens next."""
    return contact_form.thank(request.args.get("ticket", ""), request.args.get("key", ""))


@page("/contact/copy")
def sent_copy() -> Response:
    """Download a copy of a sent message."""
    return contact_form.copy(request.args.get("ticket", ""), request.args.get("key", ""))


@page("/vote", methods=["POST"])
def vote() -> Response:
    """Log a vote on an article."""
    from_our_page()
    return contact_form.vote()


@page("/consent", methods=["POST"])
def agree() -> Response:
    """Store the visitor's decision about consent."""
    from_our_page()
    return consented()


def here() -> str:
    """Return this page's public address without the query string."""
    return root() + request.path


def homes() -> tuple[Place, ...]:
    """Return the home page in each language, or none if there is only one language."""
    places = tuple(Place(lang, url_for("site.home", lang=lang)) for lang in languages())
    return places if len(places) > 1 else ()


def missing(*, gone: Entry | None = None) -> Response:
    """Return the page for a missing or withdrawn article, with the nearest articles."""
    g.setdefault("lang", preferred())
    query = gone.title if gone else words_of(request.path)
    found = nearest(query, but=gone.id if gone else "")
    topic = shelf(searcher().snapshot, g.lang).topic(gone.category) if gone else None
    return render(
        "missing.html", status=410 if gone else 404, gone=gone, query=query, found=found, topic=topic, noindex=True,
        instead=None if found or not indexed() else favourites(5),
    )  # fmt: skip


def nearest(query: str, *, but: str) -> tuple[Hit, ...]:
    """Return the hits of a search, or none if it fails or the rate is exceeded, because this page must not fail."""
    if not query:
        return ()
    try:
        hits = searcher().search(query, lang=g.lang, k=NEAREST + 1, degraded=limit_search(services())).hits
    except TooManyRequests:
        degraded("rate-limited")
        return ()
    except Exception as error:  # the page is shown without hits
        degraded("search-failed", error)
        return ()
    return tuple(hit for hit in hits if hit.article != but)[:NEAREST]


def failed(status: int, message: str, *, database: bool = False) -> Response:
    """Return the page for an error, with a general sentence for errors that a visitor cannot fix.

    If the `database` can't be used, agents see the reason.
    """
    said = {
        403: _("We only accept forms sent from our own pages. Open the page again and send the form from there."),
        405: _("This address only accepts forms sent from our pages."),
        413: _(
            "Your message is too long. The limit is 480 KB, enough for 50,000 characters in any language. Go back in "
            "your browser: your text is still there. Shorten it, or send it in two messages."
        ),
        429: _("Too many requests. Try again in a minute."),
        503: _("The help center isn't ready yet. Please try again in a minute."),
        507: _("We're out of storage space and can't save anything right now. Please try again later."),
    }
    if database:
        said[503] = _("We can't save anything right now. Articles and search still work. Please try again later.")
        if request.path.startswith("/admin"):
            said[503] = message
    if request.mimetype == "multipart/form-data":
        said[413] = _(
            "Your message and its files are too large. Go back in your browser: your text is still there. Send fewer "
            "or smaller files, or a shorter message."
        )
    heading = _("Something went wrong") if status >= 500 else _("That didn't work")
    if status == 500:
        message = _("The problem is on our side, and we've logged it. Please try again later.")
    return render("error.html", status=status, heading=heading, message=said.get(status, message), noindex=True)
