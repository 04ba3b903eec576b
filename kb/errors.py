"""Errors that a person can fix: each message names the problem, the place and the next step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

SOON = {"Retry-After": "5"}  # seconds


class HelpCenterError(Exception):
    """The base of our errors, which `kb.failures` turns into answers."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    headers: Mapping[str, str] = {}  # of the answer
    fields: Mapping[str, str] = {}  # a sentence for each invalid field of a form


class BadArticle(HelpCenterError):
    """An article that cannot be published until its error is fixed."""

    def __init__(self, path: str, line: int, why: str) -> None:
        super().__init__(f"{path}:{line}: {why}" if line else f"{path}: {why}")  # a folder has no lines
        self.path, self.line, self.why = path, line, why


class BadSetting(HelpCenterError):
    """A setting that is unknown or has an invalid value."""


class BadRequest(HelpCenterError):
    """A request with an unreadable body or invalid parameters; the message names the field."""

    status = HTTPStatus.BAD_REQUEST


class Unauthorized(HelpCenterError):
    """A required token is missing or invalid."""

    status = HTTPStatus.UNAUTHORIZED
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}


class Forbidden(HelpCenterError):
    """A request whose origin or token does not permit it."""

    status = HTTPStatus.FORBIDDEN


class NotFound(HelpCenterError):
    """There is no page at this address, or no object with this id."""

    status = HTTPStatus.NOT_FOUND


class Conflict(HelpCenterError):
    """An idempotency key was used with a different body."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class FileLost(HelpCenterError):
    """An attachment of a message is no longer on disk."""

    status = HTTPStatus.CONFLICT


class TooLarge(HelpCenterError):
    """A body larger than its limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class TooManyRequests(HelpCenterError):
    """An address or an episode exceeds its rate; `retry_after` is in seconds."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.headers = {"Retry-After": str(retry_after)}


class StorageFull(HelpCenterError):
    """The disk is full, so a write was refused."""

    status = HTTPStatus.INSUFFICIENT_STORAGE


class Unavailable(HelpCenterError):
    """A required part, such as the writer or a generation, is not available now."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers: Mapping[str, str] = SOON


class BadDatabase(Unavailable):
    """The database is missing or damaged, or can't be read or written. Articles and search don't need it."""

    headers: Mapping[str, str] = {"Retry-After": "60"}


class WriteFailed(HelpCenterError):
    """A write failed with an unexpected error, which was logged."""


class BadGeneration(HelpCenterError):
    """An index generation is missing, incomplete or does not match its checksums."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers: Mapping[str, str] = SOON


Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of an article, found by a check; `count` files have it, of which `path` is the first."""

    path: str
    line: int
    why: str
    code: str
    severity: Severity = "warning"
    count: int = 1

    def __str__(self) -> str:
        files = f" ({self.count} files)" if self.count > 1 else ""
        return f"{self.path}:{self.line}: {self.why}{files}"
