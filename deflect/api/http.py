"""Requests and answers of pages and API: tokens, addresses, rate limits, fields and problem documents.

Only a token signed by the owner's server identifies a person (`claims`, `server_call`). Rates are limited by client
address, which is the peer's unless proxies are trusted (`client_address`). Functions that read a field of a JSON body
raise BadRequest with the name of the field.
"""

from __future__ import annotations

import ipaddress
import json
import math
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Request, Response, after_this_request, request

from deflect.offers.episode import LANG, new_id
from deflect.store import tokens
from deflect.store.services import Services, network
from deflect.store.tokens import NOBODY, Claims, ServerCall
from kb.errors import BadRequest, HelpCenterError, TooLarge, TooManyRequests, Unauthorized
from kb.failures import Degraded, Failure, degraded
from kb.patterns import ID
from kb.strict import BadValue, loads, whole_number

MOST_PAGES = 10_000
LONGEST_BODY = 64 * 1024
PROBLEM = "application/problem+json"
SIMPLE = ("application/json", "text/plain")  # of text, browsers ask no permission first, which takes a round trip
WRITERS = 20  # times a person's rate of offers or events, for an address: 50 writers behind it need 24 a minute each
SENDERS = 5  # times a person's rate of tickets, for an address: 50 writers behind it send one a minute each
FAR = 4  # times the rate of searches, at which they are refused; above the rate they only match words
TYPING = 10  # requests while typing per search: more than one per word, and each is cheap


class NotJson(HelpCenterError):
    """The media type of a body is not accepted by the call."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


def claims(services: Services, document: Mapping[str, Any] | None = None) -> Claims:
    """Return the claims of a request's token, empty claims without a token. Raise Unauthorized for a bad token.

    With a token, the answer is marked private, because it is for one person and no cache may store it.
    """
    token = _token(document)
    if not token:
        return NOBODY
    after_this_request(_private)
    return tokens.person(token, services.settings)


def server_call(services: Services, document: Mapping[str, Any] | None, *, scope: str) -> ServerCall:
    """Return the call of the owner's server. Raise Unauthorized without a valid token, Forbidden without the scope."""
    token = _token(document)
    if not token:
        raise Unauthorized("this call needs a token signed by the owner's server; send it as Authorization: Bearer")
    return tokens.server_call(token, services.settings, scope=scope)


def _token(document: Mapping[str, Any] | None) -> str:
    scheme, _, value = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    said = document.get("token") if document else None
    if said is not None and not isinstance(said, str):
        raise BadRequest("token is not text")
    return said.strip() if said else ""


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-store"
    response.vary.add("Authorization")
    return response


def client_address(asked: Request, *, trusted_proxies: int) -> str:
    """Return the client's address: the peer's, or the address that the outermost trusted proxy saw.

    With two trusted proxies this is the second entry of X-Forwarded-For from the right. Entries further left come
    from the client and are ignored.
    """
    peer = asked.remote_addr or "local"
    if trusted_proxies <= 0:
        return peer
    hops = [hop.strip() for header in asked.headers.getlist("X-Forwarded-For") for hop in header.split(",")]
    if len(hops) < trusted_proxies:
        return peer
    try:
        return str(ipaddress.ip_address(_without_port(hops[-trusted_proxies])))
    except ValueError:
        return peer


def device_of(asked: Request) -> str:
    """Return "phone" or "computer", from the browser's headers. No other detail is read."""
    return "phone" if asked.headers.get("Sec-CH-UA-Mobile") == "?1" or "Mobi" in asked.user_agent.string else "computer"


def limit(services: Services, what: str, *, rate: int) -> None:
    """Count this request for its address. Raise TooManyRequests."""
    address = client_address(request, trusted_proxies=services.settings.trusted_proxies)
    count(services, what, f"address {network(address)}", rate=rate)


def limit_person(
    services: Services, what: str, *, rate: int, visitor: str | None, episode: str | None = None, times: int = WRITERS
) -> None:
    """Count this request for its visitor and episode, then for its address. Raise TooManyRequests.

    Many people share an address, as in an office, so an address has `times` the rate of a person. It has a limit
    because anyone can invent visitors. What is refused to a person is not counted for the address, so one who asks too
    much takes nothing from the others.
    """
    for name, value in (("visitor", visitor), ("episode", episode)):
        if value:
            count(services, what, f"{name} {value}", rate=rate)
    limit(services, what, rate=times * rate)


def count(services: Services, what: str, who: str, *, rate: int) -> None:
    """Count this request for a client, such as "address 192.0.2.1". Raise TooManyRequests."""
    wait = services.limiter.wait(what, who, rate=rate, now=time.time())
    if wait > 0:
        seconds = max(1, math.ceil(wait))
        unit = "second" if seconds == 1 else "seconds"
        raise TooManyRequests(
            f"too many requests: the limit is {rate} {what} a minute; try again in {seconds} {unit}",
            retry_after=seconds,
        )


def limit_search(services: Services) -> Degraded | None:
    """Count a search for its address. Return "rate-limited" above the rate: the search then only matches words.

    Raise TooManyRequests above four times the rate.
    """
    rate = services.settings.rate_search
    limit(services, "searches", rate=FAR * rate)
    try:
        limit(services, "searches by meaning", rate=rate)
    except TooManyRequests:
        return degraded("rate-limited")
    return None


def limit_typing(services: Services) -> None:
    """Count a request made while typing for its address. Raise TooManyRequests."""
    limit(services, "requests while typing", rate=TYPING * services.settings.rate_search)


def read_json(asked: Request, *, types: tuple[str, ...] = ("application/json",)) -> dict[str, Any]:
    """Return the JSON object of a request. Raise NotJson, TooLarge, or BadRequest."""
    if asked.mimetype not in types:
        raise NotJson(f"the Content-Type is {asked.mimetype or 'missing'}; send {' or '.join(types)}")
    if (asked.content_length or 0) > LONGEST_BODY:
        raise TooLarge("the body is over 64 KB; send less")
    data = asked.stream.read(LONGEST_BODY + 1)
    if len(data) > LONGEST_BODY:
        raise TooLarge("the body is over 64 KB; send less")
    return json_object(data)


def parameters(asked: Request) -> tuple[dict[str, Any], Mapping[str, Any] | None]:
    """Return the parameters of a call that reads, and its JSON document if it was posted.

    They are in the address. A page with a token may post them with the token as a document instead: a header would cost
    it a preflight for each address.
    """
    if asked.method != "POST":
        return dict(asked.args), None
    document = read_json(asked, types=SIMPLE)
    values = {name: value for name, value in document.items() if value is not None}
    if wrong := next((name for name, value in values.items() if type(value) not in (str, int)), None):
        raise BadRequest(f"{wrong[:60]} is neither text nor a whole number")
    return {name: str(value) for name, value in values.items()}, document


def json_object(data: bytes) -> dict[str, Any]:
    """Return the JSON object in `data`. Raise BadRequest for anything else."""
    try:
        document = loads(data)
    except BadValue as error:
        raise BadRequest(str(error)) from error
    except ValueError as error:
        raise BadRequest("the body is not JSON") from error
    if not isinstance(document, dict):
        raise BadRequest("the body is not a JSON object")
    return document


def text_of(document: dict[str, Any], name: str, *, longest: int = 20_000) -> str:
    """Return the text of a field, "" if it is missing. Raise BadRequest if it is not text or too long."""
    value = document.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadRequest(f"{name} is not text")
    if len(value) > longest:
        raise BadRequest(f"{name} is longer than {longest:,} characters")
    return value.encode("utf-8", "replace").decode().replace("\0", "")


def form_id() -> str:
    """Return the id of the submitted form, or a new id. It prevents duplicates when a form is sent twice."""
    id = request.form.get("id", "")
    return id if len(id) == 36 and id.replace("-", "").isalnum() else new_id()


def visitor_of(document: dict[str, Any], *, required: bool = False) -> str | None:
    """Return the visitor's id, None if it is missing. Raise BadRequest if it is invalid, or missing but `required`."""
    value = text_of(document, "visitor", longest=1000)
    if not value and not required:
        return None
    if not ID.fullmatch(value):
        raise BadRequest(
            "visitor is not an id of 1 to 64 letters, digits and hyphens; create a random one at the first interaction"
        )
    return value


def episode_of(document: dict[str, Any]) -> str | None:
    """Return the episode's id, None if it is missing. Raise BadRequest if it is not an id."""
    value = text_of(document, "episode", longest=1000)
    if value and not ID.fullmatch(value):
        raise BadRequest("episode is not an id from POST /offers")
    return value or None


def lang_of(value: str, *, default: str) -> str:
    """Return the language, or the default if `value` is empty. Raise BadRequest if it is not a language tag."""
    if not value:
        return default
    if not LANG.fullmatch(value):
        raise BadRequest("lang is not a language tag like en or pt-BR")
    return value


def page_of(value: str) -> int:
    """Return the number of a page of a list. Raise BadRequest if it is not a whole number from 1."""
    page = whole_number(value, least=1, most=MOST_PAGES)
    if page is None:
        raise BadRequest(f"page is not a whole number from 1 to {MOST_PAGES:,}")
    return page


def problem(found: Failure) -> Response:
    """Return the problem document (RFC 9457) of a failure."""
    status = found.status
    document = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": found.sentence}
    if found.fields:
        document["errors"] = [{"field": name, "why": why} for name, why in found.fields.items()]
    response = Response(json.dumps(document), status=int(status), content_type=PROBLEM)
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(found.headers)
    return response


def _without_port(hop: str) -> str:
    """Return an address of X-Forwarded-For without port and brackets.

    >>> _without_port("[2001:db8::1]:4711"), _without_port("192.0.2.1:80"), _without_port("2001:db8::1")
    ('2001:db8::1', '192.0.2.1', '2001:db8::1')
    """
    if hop.startswith("["):
        return hop[1:].split("]")[0]
    return hop.split(":")[0] if hop.count(":") == 1 else hop
