"""Who asks, as far as a token says so: in the header `Authorization: Bearer`, or in the body's `token`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, after_this_request, request

from deflect.store import tokens
from deflect.store.services import Services
from deflect.store.tokens import NOBODY, Claims, ServerCall
from kb.errors import BadRequest, Unauthorized


def claims(services: Services, document: Mapping[str, Any] | None = None) -> Claims:
    """Return what is known for certain of the person who asks, nothing without a token; raises Unauthorized.

    An answer to a token is for one person: no cache may keep it.
    """
    token = _token(document)
    if not token:
        return NOBODY
    after_this_request(_private)
    return tokens.person(token, services.settings)


def server_call(services: Services, document: Mapping[str, Any] | None, *, scope: str) -> ServerCall:
    """Return the call that the owner's server makes; raises Unauthorized where no token says that it is one."""
    token = _token(document)
    if not token:
        raise Unauthorized("this call is for the owner's server: sign a token and send it as Authorization: Bearer")
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
