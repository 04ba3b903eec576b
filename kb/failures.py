"""Turn every exception into a status, a sentence and headers, which the pages, the API and the commands show.

HelpCenterError and werkzeug's HTTPException are answers for people, with the status of their class. Any other exception
is a bug: it is answered with a general sentence and status 500. Its type and frames are logged without its message,
which may contain a visitor's words.

A degraded answer, such as a search without vectors, is not a failure. `degraded` counts its reason, one of a closed
list, and logs the cause.
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
    "embedder-failed",  # the embedder cannot be loaded or used: search uses words only
    "no-vectors",  # the index has no vectors, or damaged ones: search uses words only
    "stale-vectors",  # the vectors are from another model: search uses words only
    "no-index",  # the index cannot be read: only the contact form works
    "old-generation",  # the newest index cannot be opened: the previous one is used
    "rate-limited",  # an address exceeds its rate: its searches use words only
    "search-failed",  # no offer, or no related articles, because the search failed
    "search-slow",  # no offer, because the search took too long
    "no-channels",  # the table of channels cannot be read
    "no-popular",  # the popular articles cannot be read
    "no-origins",  # the origins that admins allowed cannot be read
    "no-catalogue",  # the translations into a language cannot be read: its pages have an English interface
    "no-database",  # the database is missing or damaged: pages work, but nothing is stored
    "no-receipt-articles",  # a receipt is sent without articles
    "no-advice",  # an agent sees a ticket without suggested articles
    "no-original",  # an e-mail became a ticket, but its original was not kept because the disk is full
    "sink-failed",  # a delivery failed with an unexpected error, and is tried again
    "not-logged",  # an event or an offer was not stored
    "not-writable",  # the writer does not answer, or cannot work: nothing is saved
]
Reason = TypeVar("Reason", bound=Degraded)

OURS = "the problem is on our side, and we've logged it; please try again later"
PAUSE = 60.0  # seconds; the same cause is logged once in this time
_logged: dict[tuple[str, str], float] = {}
log = logging.getLogger("shortstop")


@dataclass(frozen=True, slots=True)
class Failure:
    """The answer to an error; `fields` has a sentence for each invalid field of a form."""

    status: HTTPStatus
    sentence: str
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


def failure(error: Exception, *, during: str = "") -> Failure:
    """Return the answer to an error. Log bugs; `during` names the operation in the log."""
    if isinstance(error, HelpCenterError):
        if during and error.status == HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, WriteFailed):
            log.error("%s: %s", during, frames(error))
        return Failure(error.status, str(error), error.headers, error.fields)
    from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestTimeout  # 60 ms, needless in `kb search`

    if isinstance(error, ClientDisconnected):  # the body ended before its length
        error = RequestTimeout()
    if isinstance(error, HTTPException):
        headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
        return Failure(HTTPStatus(error.code or 500), error.description or "", headers)
    log.error("%s: %s", during, frames(error))
    return Failure(HTTPStatus.INTERNAL_SERVER_ERROR, OURS)


def degraded(reason: Reason, error: BaseException | None = None, *, detail: str = "") -> Reason:
    """Count a reason, log its cause at most once a minute, and return the reason.

    `detail` describes the cause if there is no `error`. It must not contain text from a visitor.
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
    """Return an error's type and stack frames, without its message, which may contain a visitor's words."""
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
