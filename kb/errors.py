"""The errors that a person can do something about: each message says what is wrong, where, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

SOON = {"Retry-After": "5"}  # seconds


class HelpCenterError(Exception):
    """The base of our errors; `kb.failures` makes answers of them."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    headers: Mapping[str, str] = {}  # of the answer
    fields: Mapping[str, str] = {}  # a sentence for each field of a form that is wrong


class BadArticle(HelpCenterError):
    """An article that cannot be published as it stands."""

    def __init__(self, path: str, line: int, why: str) -> None:
        super().__init__(f"{path}:{line}: {why}" if line else f"{path}: {why}")  # a folder has no lines
        self.path, self.line, self.why = path, line, why


class BadSetting(HelpCenterError):
    """A setting that is unknown or has a value it cannot have."""


class BadRequest(HelpCenterError):
    """A request whose body or parameters cannot be read; the message names the field."""

    status = HTTPStatus.BAD_REQUEST


class Unauthorized(HelpCenterError):
    """A token that is missing where one is needed, or that cannot be believed."""

    status = HTTPStatus.UNAUTHORIZED
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}


class Forbidden(HelpCenterError):
    """A request from an origin, or with a token, that may not do this."""

    status = HTTPStatus.FORBIDDEN


class NotFound(HelpCenterError):
    """Nothing is at this address or under this id."""

    status = HTTPStatus.NOT_FOUND


class Conflict(HelpCenterError):
    """The same idempotency key came with another body."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class FileLost(HelpCenterError):
    """A file that was to go with a message and is no longer on disk."""

    status = HTTPStatus.CONFLICT


class TooLarge(HelpCenterError):
    """A body over its cap."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class TooManyRequests(HelpCenterError):
    """An address or an episode over its rate; `retry_after` is in seconds."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.headers = {"Retry-After": str(retry_after)}


class StorageFull(HelpCenterError):
    """The disk has no room for what was to be kept."""

    status = HTTPStatus.INSUFFICIENT_STORAGE


class Unavailable(HelpCenterError):
    """A part that this needs (the writer, a generation) does not answer at the moment."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers: Mapping[str, str] = SOON


class WriteFailed(HelpCenterError):
    """A write that failed for a reason that nobody foresaw; it was logged."""


class BadGeneration(HelpCenterError):
    """An index generation that is missing, incomplete or does not match its checksums."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers: Mapping[str, str] = SOON


Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding; `count` is how many files have it, the first of them being named."""

    path: str
    line: int
    why: str
    code: str
    severity: Severity = "warning"
    count: int = 1

    def __str__(self) -> str:
        files = f" ({self.count} files)" if self.count > 1 else ""
        return f"{self.path}:{self.line}: {self.why}{files}"
