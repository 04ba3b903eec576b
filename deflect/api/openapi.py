"""The OpenAPI 3.1 document of the API: calls with their parameters, bodies, answers and errors."""

from __future__ import annotations

from deflect.api import http
from deflect.api.schemas import STRING, TAG, Json, array, ref, schemas, shape
from deflect.tickets import uploads


def parameter(name: str, place: str, schema: Json, *, required: bool = False) -> Json:
    """Return one parameter of a call."""
    return {"name": name, "in": place, "required": required, "schema": schema}


QUERY = (
    parameter("q", "query", {"type": "string", "maxLength": 1000}, required=True),
    parameter("lang", "query", {"type": "string", "pattern": TAG}),
    parameter("k", "query", {"type": "integer", "minimum": 1, "maximum": 50, "default": 10}),
)
KEY = parameter("Idempotency-Key", "header", {"type": "string", "minLength": 1, "maxLength": 255}, required=True)
ID = parameter("id", "path", STRING, required=True)

PAGE = tuple(parameter(name, "query", STRING) for name in ("page", "title", "category"))

FILES = {"type": "string", "contentMediaType": "application/octet-stream"}
WITH_FILES: Json = {
    "schema": shape(
        ("ticket",),
        ticket={"type": "string", "contentMediaType": "application/json", "contentSchema": ref("TicketRequest")},
        files=array(FILES) | {"description": "Attached files: pictures, PDF, plain text or office documents."},
    )
}

ABOUT = "Search articles, get offers, log events and create tickets."
TELL = "Report a contact made on another channel, from server to server."
ASKED = (400, 401, 429, 503)
KEPT = (400, 401, 403, 413, 415, 503, 507)
WRITTEN = (*KEPT, 429)

TOO_LONG = (413, 415)

Call = tuple[str, str, str, tuple[Json, ...], str | None, int, str, tuple[int, ...]]

# method, path, sentence, parameters, body, status, answer, errors
READS: tuple[Call, ...] = (
    ("get", "/search", "Search the published articles.", QUERY, None, 200, "Results", ASKED),
    ("get", "/complete", "Search while typing.", QUERY, None, 200, "Results", ASKED),
    ("get", "/articles/{id}", "Return one article.", (ID, QUERY[1]), None, 200, "Article", (400, 401, 404, 503)),
    ("get", "/context", "Return the articles and channels for a page.", (*PAGE, QUERY[1]), None, 200, "Context", ASKED),
)
# The same calls with the parameters and the token in the body: of a page's simple request, browsers ask no permission.
BODIES = ("SearchRequest", "SearchRequest", "ArticleRequest", "ContextRequest")
POSTED_READS = tuple(
    (
        "post",
        path,
        sentence,
        tuple(one for one in given if one["in"] == "path"),
        body,
        status,
        answer,
        errors + TOO_LONG,
    )
    for (_, path, sentence, given, _, status, answer, errors), body in zip(READS, BODIES, strict=True)
)
CALLS: tuple[Call, ...] = (
    *READS,
    *POSTED_READS,
    ("post", "/offers", "Offer articles for a message.", (), "OfferRequest", 200, "Offer", (400, 401, 413, 415, 429)),
    ("post", "/events", "Store the events of a page.", (), "EventsRequest", 202, "EventsAnswer", WRITTEN),
    (
        "post",
        "/tickets",
        "Create a ticket and deliver it.",
        (KEY,),
        "TicketRequest",
        201,
        "Ticket",
        (*WRITTEN, 409, 422),
    ),
    ("post", "/contacts", TELL, (), "ContactRequest", 202, "ContactAnswer", KEPT),
)
POSTED = {(call[0], call[1]) for call in POSTED_READS}
SIMPLE = {call[1] for call in POSTED_READS} | {"/offers", "/events"}
BEARER: Json = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "A JWT from the owner's server: HS256, with kid and exp. Server calls also need scope and jti.",
}


def methods(path: str) -> list[str]:
    """Return the methods of the call at a path, an empty list if there is no call.

    >>> methods("/articles/account/reset"), methods("/articles/"), methods("/nothing")
    (['GET', 'HEAD', 'OPTIONS', 'POST'], [], [])
    """
    first = "/articles/{id}" if path.removeprefix("/articles/") not in (path, "") else path
    own = [call[0].upper() for call in CALLS if call[1] == first]
    own += ["GET"] if path == "/openapi.json" else []
    return sorted({*own, *(["HEAD"] if "GET" in own else []), "OPTIONS"}) if own else []


def document() -> Json:
    """Return the OpenAPI document."""
    paths: dict[str, Json] = {}
    for method, path, sentence, parameters, body, status, answer, problems in CALLS:
        answers = {str(status): _content(sentence, answer)} | {str(code): PROBLEM for code in problems}
        operation: Json = {
            "summary": sentence,
            "operationId": path.split("/")[1] + ("Posted" if (method, path) in POSTED else ""),
            "parameters": list(parameters),
            "responses": answers,
            "security": [{"token": []}] if path == "/contacts" else [{}, {"token": []}],
        }
        if body:
            operation["requestBody"] = {"required": True, "content": _bodies(path, body)}
        paths.setdefault(path, {})[method] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shortstop", "version": "1", "description": ABOUT},
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {"schemas": schemas(), "securitySchemes": {"token": BEARER}},
    }


PROBLEM = {
    "description": "An error, with a sentence that says how to fix it.",
    "content": {"application/problem+json": {"schema": ref("Problem")}},
}


def _content(sentence: str, name: str) -> Json:
    return {"description": sentence, "content": {"application/json": {"schema": ref(name)}}}


def _bodies(path: str, name: str) -> Json:
    types = http.SIMPLE if path in SIMPLE else ("application/json",)
    bodies: Json = {media: {"schema": ref(name)} for media in types}
    return bodies | ({uploads.MULTIPART: WITH_FILES} if path == "/tickets" else {})
