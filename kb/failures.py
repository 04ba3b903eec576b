"""Failures: every exception becomes a status, a sentence and headers here, and pages, API and commands show those.

A HelpCenterError and an HTTPException of werkzeug are answers: they say what a person can do, with the status of their
class. Any other exception is a mistake of ours. It is logged with its type and its frames, but without its message,
which may hold the words of a visitor; people read a general sentence with status 500.

An answer that is less than it could be is no failure. `degraded` counts the reason, which is one of a closed list, and
logs its cause.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal, TypeVar

from kb.errors import HelpCenterError, WriteFailed
from kb.metrics import DEGRADED

Degraded = Literal[
    "embedder-failed",  # the language model cannot be loaded or used: search goes by words
    "no-vectors",  # the index has no vectors, or damaged ones: search goes by words
    "stale-vectors",  # the vectors are another model's: search goes by words
    "no-index",  # the index cannot be read: people can write to us, and no more
    "old-generation",  # the newest index cannot be opened: the one before it answers
    "rate-limited",  # an address asks too often: its search goes by words
    "search-failed",  # no offer, or no neighbours, because the search failed
    "search-slow",  # no offer, because the search took too long
    "no-channels",  # the table of channels cannot be read
    "no-popular",  # the popular articles cannot be read
    "no-origins",  # the origins that agents allowed cannot be read
    "no-receipt-articles",  # a receipt goes without articles
    "no-advice",  # an agent sees a ticket without suggested articles
    "not-logged",  # an event or an offer was not kept
]
Reason = TypeVar("Reason", bound=Degraded)

OURS = "something failed on our side; it was logged, please try again later"
PAUSE = 60.0  # seconds within which the same cause is logged once
_logged: dict[tuple[str, str], float] = {}
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
        if during and error.status == HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, WriteFailed):
            log.error("%s: %s", during, frames(error))
        return Failure(error.status, str(error), error.headers, error.fields)
    from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestTimeout  # 60 ms that no search needs

    if isinstance(error, ClientDisconnected):  # the receive timeout of the socket ended the wait for the rest
        error = RequestTimeout()
    if isinstance(error, HTTPException):
        headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
        return Failure(HTTPStatus(error.code or 500), error.description or "", headers)
    log.error("%s: %s", during, frames(error))
    return Failure(HTTPStatus.INTERNAL_SERVER_ERROR, OURS)


def degraded(reason: Reason, error: BaseException | None = None, *, detail: str = "") -> Reason:
    """Count a reason and log its cause, at most once a minute; return the reason.

    `detail` says more of the cause. It must hold nothing that a visitor wrote.
    """
    DEGRADED.labels(reason).inc()
    cause = frames(error) if error is not None else detail
    now = time.monotonic()
    if len(_logged) > 1000:
        _logged.clear()
    if now - _logged.get((reason, cause), -PAUSE) >= PAUSE:
        _logged[reason, cause] = now
        log.warning("degraded: %s %s", reason, cause)
    return reason


def frames(error: BaseException) -> str:
    """Return an error's type and where it was raised, without its message, which may hold a visitor's words."""
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
