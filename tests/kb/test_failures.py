"""Every exception has one answer: a status, a sentence and headers."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from werkzeug.exceptions import BadRequestKeyError, ClientDisconnected, MethodNotAllowed

from deflect.tickets.contact import BadMessage
from kb import errors
from kb.failures import OURS, Failure, failure


@pytest.mark.parametrize(
    ("error", "status", "headers"),
    [
        (errors.BadRequest("k is no number"), 400, {}),
        (errors.Unauthorized("no token"), 401, {"WWW-Authenticate": "Bearer"}),
        (errors.TooManyRequests("too often", retry_after=7), 429, {"Retry-After": "7"}),
        (errors.Unavailable("no writer"), 503, {"Retry-After": "5"}),
        (errors.BadGeneration("no index"), 503, {"Retry-After": "5"}),
        (errors.StorageFull("no room"), 507, {}),
        (errors.BadSetting("no such setting"), 500, {}),
    ],
)
def test_an_error_of_ours_is_answered_as_its_class_says(
    error: errors.HelpCenterError, status: int, headers: dict[str, str]
) -> None:
    assert failure(error) == Failure(HTTPStatus(status), str(error), headers)


def test_a_message_that_cannot_be_sent_names_its_fields() -> None:
    assert failure(BadMessage({"email": "It is missing."})).fields == {"email": "It is missing."}


def test_a_refusal_of_werkzeug_keeps_what_the_next_try_needs() -> None:
    found = failure(MethodNotAllowed(["POST"], "only POST"))
    assert found == Failure(HTTPStatus.METHOD_NOT_ALLOWED, "only POST", {"Allow": "POST"})
    assert failure(BadRequestKeyError("secret")).status == 400


def test_half_a_request_is_a_timeout() -> None:
    assert failure(ClientDisconnected()).status == 408


@pytest.mark.parametrize("kind", [ValueError, TypeError, KeyError, OSError, ZeroDivisionError])
def test_any_other_error_is_ours_and_is_logged_with_its_frames_and_without_its_message(
    kind: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    words = "secret"
    try:
        raise kind(words)
    except kind as error:
        found = failure(error, during="POST api.tickets")
    assert found == Failure(HTTPStatus.INTERNAL_SERVER_ERROR, OURS)
    assert f"POST api.tickets: {kind.__name__}" in caplog.text
    assert "raise kind(words)" in caplog.text
    assert "secret" not in caplog.text
