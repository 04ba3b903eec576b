"""Failures: every exception becomes a status, a sentence and headers here, and pages, API and commands show those.

A HelpCenterError and an HTTPException of werkzeug are answers: they say what a person can do, with the status of their
class. Any other exception is a mistake of ours. It is logged with its type and its frames, but without its message,
which may hold the words of a visitor; people read a general sentence with status 500.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestTimeout

from kb.degraded import frames
from kb.errors import HelpCenterError

OURS = "something failed on our side; it was logged, please try again later"
log = logging.getLogger("shortstop")


@dataclass(frozen=True, slots=True)
class Failure:
    """The answer to an error; `fields` has a sentence for each field of a form that is wrong."""

    status: HTTPStatus
    sentence: str
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


def failure(error: Exception, *, during: str = "") -> Failure:
    """Return the answer to an error. Logs an error that is a mistake of ours, with what happened `during` it."""
    if isinstance(error, HelpCenterError):
        return Failure(error.status, str(error), error.headers, error.fields)
    if isinstance(error, ClientDisconnected):  # the receive timeout of the socket ended the wait for the rest
        error = RequestTimeout()
    if isinstance(error, HTTPException):
        headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
        return Failure(HTTPStatus(error.code or 500), error.description or "", headers)
    log.error("%s: %s", during, frames(error))
    return Failure(HTTPStatus.INTERNAL_SERVER_ERROR, OURS)
