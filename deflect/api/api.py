"""The JSON API under /api/v1: each call reads its request, calls one function and returns a document.

Errors are problem documents. `deflect.api.headers` decides which other origins may call the API. Without consent, and
for crawlers, the API stores no events: it refuses them and gives the reason.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from deflect.api import contacts as contact_calls
from deflect.api import headers, http, openapi
from deflect.offers import log
from deflect.offers.episode import Visit, keys
from deflect.offers.offer import make_offer
from deflect.privacy import consent
from deflect.privacy.consent import crawls
from deflect.store import attachments, clock, tokens
from deflect.store.attachments import Attachment, Refused
from deflect.store.services import Services, services
from deflect.tickets import contact, file_links, uploads
from kb import i18n
from kb.errors import BadRequest, HelpCenterError, NotFound
from kb.failures import failure
from kb.patterns import EMAIL
from kb.strict import whole_number

LONGEST_QUERY = 1000
MOST_HITS = 50
MOST_EVENTS = 200
WHY_NOT = "this browser identifies itself as a crawler, and events from crawlers aren't stored"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
headers.guard(blueprint)


@blueprint.errorhandler(HelpCenterError)
@blueprint.errorhandler(HTTPException)
def refuse(error: HelpCenterError | HTTPException) -> Response:
    """Return an error as a problem document."""
    return http.problem(failure(error))


@blueprint.route("/search", methods=("GET", "POST"))
def search() -> Response:
    """Search the published articles."""
    text, lang, k, audience = _query(services())
    degraded = http.limit_search(services())
    found = services().current.get().search(text, lang=lang, k=k, audience=audience, degraded=degraded)
    return jsonify(found.document())


@blueprint.route("/complete", methods=("GET", "POST"))
def complete() -> Response:
    """Search while typing: the last word may be unfinished."""
    text, lang, k, audience = _query(services())
    http.limit_typing(services())
    return jsonify(services().current.get().complete(text, lang=lang, k=k, audience=audience).document())


@blueprint.route("/articles/<path:id>", methods=("GET", "POST"))
def article(id: str) -> Response:
    """Return one article in the requested or the nearest language. Raise NotFound if it is not for this person."""
    given, document = http.parameters(request)
    audience = http.claims(services(), document).audience
    lang = http.lang_of(given.get("lang", ""), default=services().settings.lang)
    snapshot = services().current.get().snapshot
    entry = snapshot.best(id, lang, audience=audience)
    if entry is None:
        raise NotFound(f"there is no article {id}")
    headings = [{"anchor": h.anchor, "heading": h.heading, "level": h.level} for h in snapshot.headings(entry)]
    html = snapshot.html(entry)
    if entry.audience:  # its files need a key, because browsers send no token with a request for an image
        html = file_links.with_keys(services(), html, snapshot.limited_files)
    document = {"article": entry.id, "lang": entry.lang, "title": entry.title, "html": html}
    return jsonify(document | {"headings": headings, "revision": entry.revision, "url": entry.address})


@blueprint.post("/offers")
def offers() -> Response:
    """Offer articles for the message that a visitor is typing."""
    here = services()
    document = http.read_json(request, types=http.SIMPLE)
    subject, body = http.text_of(document, "subject"), http.text_of(document, "body", longest=60_000)
    if not (subject.strip() or body.strip()):
        raise BadRequest("subject and body are both empty; send at least one of them")
    visit = _visit(here, document, visitor_required=True)
    http.limit_person(
        here, "offers", rate=here.settings.rate_offers, visitor=http.visitor_of(document), episode=visit.episode
    )
    return jsonify(make_offer(here, visit, subject=subject, body=body).document())


@blueprint.post("/events")
def post_events() -> tuple[Response, int]:
    """Store the events of a page. Each event is accepted or refused on its own."""
    here = services()
    document = http.read_json(request, types=http.SIMPLE)
    http.limit_person(here, "events", rate=here.settings.rate_events, visitor=http.visitor_of(document))
    agreed = _may_note(here, document)
    visitor = http.visitor_of(document, required=agreed)
    rows, refused = _parsed(document.get("events"))
    if not agreed:
        why = WHY_NOT if crawls(request.user_agent.string) else consent.WHY
        refused += [{"id": row["id"], "why": why} for row in rows]
        return jsonify({"stored": 0, "refused": refused}), 202
    for episode in sorted({row["episode"] for row in rows if row.get("episode")}):
        http.count(here, "events", f"episode {episode}", rate=here.settings.rate_events)
    if rows:
        who = keys(here, visitor=visitor, email=_email(document), claims=http.claims(here, document))
        try:
            kept = here.writer.run(log.log_posted, keys=who, events=rows, now=clock.now())
        except HelpCenterError as error:
            log.dropped(len(rows), error)
            raise
        return jsonify({"stored": kept["stored"], "refused": refused + kept["refused"]}), 202
    return jsonify({"stored": 0, "refused": refused}), 202


@blueprint.post("/tickets")
def tickets() -> tuple[Response, int]:
    """Store a ticket on disk. The outbox delivers it in the background."""
    here = services()
    key = contact.check_key(request.headers.get("Idempotency-Key"))
    document, files = _ticket(here)
    visit = _visit(here, document, visitor_required=False)
    http.limit_person(
        here,
        "tickets",
        rate=here.settings.rate_tickets,
        visitor=http.visitor_of(document),
        episode=visit.episode,
        times=http.SENDERS,
    )
    message = _checked(document, visit)
    created = contact.create_ticket(here, visit, message, key=key, files=files)
    return jsonify(asdict(created)), 201


@blueprint.post("/contacts")
def contacts() -> tuple[Response, int]:
    """Store a contact that was made on another channel and reported by the owner's server."""
    here, document = services(), http.read_json(request)
    call = http.server_call(here, document, scope=tokens.CONTACTS)
    return jsonify({"stored": contact_calls.take(here, call, document)}), 202


@blueprint.get("/openapi.json", endpoint="openapi")
def openapi_document() -> Response:
    """Return the OpenAPI document."""
    return jsonify(openapi.document())


@blueprint.route("/", defaults={"rest": ""}, methods=METHODS, provide_automatic_options=False)
@blueprint.route("/<path:rest>", methods=METHODS, provide_automatic_options=False)
def nothing(rest: str) -> Response:
    """Raise MethodNotAllowed if there is a call at this address but not with this method, otherwise NotFound."""
    takes = openapi.methods(f"/{rest}")
    if takes:
        raise MethodNotAllowed(takes, f"this call doesn't accept {request.method}; use {' or '.join(takes)}")
    raise NotFound("this call doesn't exist; /api/v1/openapi.json lists every call")


def _ticket(here: Services) -> tuple[dict[str, Any], tuple[Attachment, ...]]:
    """Return a posted ticket and its files. A multipart form has the JSON in its part `ticket`.

    Raise BadMessage if any file is refused; then none is attached.
    """
    if not uploads.has_files(request):
        return http.read_json(request), ()
    http.limit(here, "uploads", rate=http.SENDERS * here.settings.rate_tickets)
    posted = uploads.read(request, here.settings, longest_text=http.LONGEST_BODY)
    document = http.json_object(posted.texts.get("ticket", "").encode("utf-8", "replace"))
    lang = http.lang_of(http.text_of(document, "lang"), default=here.settings.lang)
    for error in posted.refused:
        raise contact.BadMessage({uploads.FIELD: _why(error, lang)}) if isinstance(error, Refused) else error
    try:
        return document, attachments.check_all(here.settings, posted.files)
    except Refused as error:
        raise contact.BadMessage({uploads.FIELD: _why(error, lang)}) from error


def _checked(document: dict[str, Any], visit: Visit) -> contact.Message:
    """Return the message of a posted ticket. Raise BadMessage with a sentence in the visitor's language for each field.

    The widget shows these sentences to the visitor.
    """
    try:
        return contact.check(contact.signed(document, visit.claims))
    except contact.BadMessage as error:
        said = i18n.speech(visit.lang).gettext
        raise contact.BadMessage({name: said(why) for name, why in error.fields.items()}) from error


def _why(error: Refused, lang: str) -> str:
    """Return the sentence about a refused file in the visitor's language."""
    sentence = i18n.speech(lang).gettext(error.sentence) % error.limits
    return f"{error.name}: {sentence}" if error.name else sentence


def _query(here: Services) -> tuple[str, str, int, frozenset[str]]:
    """Return q, lang, k and the groups of who asks. Raise BadRequest, which names the wrong parameter."""
    given, document = http.parameters(request)
    audience = http.claims(here, document).audience
    text = given.get("q")
    if text is None:
        raise BadRequest("q is missing; set it to the text to search for")
    if len(text) > LONGEST_QUERY:
        raise BadRequest(f"q is longer than {LONGEST_QUERY:,} characters")
    k = whole_number(given.get("k", "10"), least=1, most=MOST_HITS)
    if k is None:
        raise BadRequest(f"k is not a whole number from 1 to {MOST_HITS}")
    return text.replace("\0", " "), http.lang_of(given.get("lang", ""), default=here.settings.lang), k, audience


def _visit(here: Services, document: dict[str, Any], *, visitor_required: bool) -> Visit:
    """Return the visitor, the page and the claims of the token. Without consent the visitor is None."""
    agreed = _may_note(here, document)
    visitor = http.visitor_of(document, required=visitor_required and agreed)
    return Visit(
        claims=http.claims(here, document),
        visitor=visitor if agreed else None,
        agreed=agreed,
        episode=http.episode_of(document),
        page=http.text_of(document, "page"),
        lang=http.lang_of(http.text_of(document, "lang"), default=here.settings.lang),
        category=http.text_of(document, "category", longest=100),
        device=http.device_of(request),
        title=http.text_of(document, "title", longest=1000),
    )


def _may_note(here: Services, document: dict[str, Any]) -> bool:
    """Return True if the visitor agreed and the request does not come from a crawler's browser.

    Other programs are accepted, since the owner's server may report events of visitors.
    """
    return consent.has_agreed(here, document) and not crawls(request.user_agent.string)


def _email(document: dict[str, Any]) -> str | None:
    """Return the e-mail address from the site's own form, None if it is invalid.

    Only its keyed hash is stored, to recognise later contacts.
    """
    email = http.text_of(document, "email", longest=1000).strip()
    return email if EMAIL.fullmatch(email) else None


def _parsed(posted: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows to store, and the ids and reasons of the refused events."""
    if not isinstance(posted, list):
        raise BadRequest("events is not a list")
    if len(posted) > MOST_EVENTS:
        raise BadRequest(f"events has more than {MOST_EVENTS} entries; send the rest in another request")
    rows, refused = [], []
    for event in posted:
        try:
            rows.append(log.parse(event, by_client=True))
        except log.Refused as error:
            refused.append({"id": _named(event), "why": str(error)})
    return rows, refused


def _named(event: Any) -> str | None:
    id = event.get("id") if isinstance(event, dict) else None
    return id[:64].encode("utf-8", "replace").decode() if isinstance(id, str) else None
