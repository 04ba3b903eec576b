"""Call another server's API once, and judge its answer: taken, refused for ever, busy, or perhaps taken."""

from __future__ import annotations

import email.utils
import http.client
import logging
import re
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass

from deflect.delivery.delivery import DeliveryFailed, NotTaken, PerhapsSent
from kb.connections import why
from kb.errors import BadSetting
from kb.outbound import BadAddress, Target, Unresolved, ended_after, resolve

AGAIN = (401, 403, 407, 408, 425, 429)  # of 400 to 499: a login to mend, or not now. The others never become better
LATE = (504, 524)  # a gateway passed the request on, and the server behind it did not answer in time
LONGEST_WAIT = 3600.0  # seconds, the longest pause that a receiver may ask for
WRITTEN = re.compile(r"https?://[!-~]+", re.IGNORECASE)  # visible ASCII
log = logging.getLogger("shortstop")
SECONDS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Answer:
    """The status of an answer, its Retry-After, and as much of its body as was wanted and came."""

    status: int
    retry_after: str
    body: bytes


def target_of(url: str, *, allow: tuple[str, ...]) -> Target:
    """Resolve an address of the settings. Raise BadAddress without quoting it, because it may be a secret."""
    try:
        return resolve(url, allow=allow)
    except BadAddress as error:
        raise type(error)(str(error).replace(url, "this address")) from None


def check_address(url: str, *, setting: str, allow: tuple[str, ...]) -> None:
    """Raise BadSetting if an address cannot be called. A name that cannot be looked up now may be later."""
    if not WRITTEN.fullmatch(url):
        raise BadSetting(f"{setting} contains characters that an address cannot have; write them as %20 and the like")
    try:
        target_of(url, allow=allow)
    except Unresolved as error:
        log.warning("%s: %s; deliveries wait until it can be", setting, error)
    except BadAddress as error:
        raise BadSetting(f"{setting}: {error}") from error


def exchange(
    target: Target, method: str, body: bytes | None, headers: dict[str, str], *, timeout: float, longest: int
) -> Answer:
    """Send a request and return the answer, which must come within `timeout` seconds after the request.

    Raise PerhapsSent if it doesn't come although the whole request was sent, and DeliveryFailed if it was not sent.
    The connection goes to the checked IP address; TLS verifies the certificate against the host name.
    """
    who = target.host_header
    connection = http.client.HTTPConnection(target.host, target.port, timeout=timeout)
    try:
        connection.sock = _connected(target, timeout=timeout)
        connection.request(method, target.path, body=body, headers=headers)
    except (OSError, ValueError, http.client.HTTPException) as error:
        connection.close()
        raise DeliveryFailed(why(error, who=who)) from error
    raw, latest = connection.sock, time.monotonic() + timeout
    end = ended_after(timeout, lambda: raw)
    try:
        answer = connection.getresponse()
        status, retry_after = answer.status, answer.headers.get("Retry-After", "")
        with suppress(OSError, ValueError, http.client.HTTPException):  # the status is known; without a body, no id
            return Answer(status, retry_after, answer.read(longest))
        return Answer(status, retry_after, b"")
    except (OSError, ValueError, http.client.HTTPException) as error:
        late = TimeoutError() if time.monotonic() >= latest else error  # the timer closes the connection
        raise PerhapsSent(f"{why(late, who=who)} after it had received the whole request") from error
    finally:
        end.cancel()
        connection.close()
        raw.close()


def refusal(answer: Answer, *, who: str, now: float, said: str = "") -> DeliveryFailed:
    """Return the failure that an answer's status means; `now` is in seconds since 1970."""
    wait = pause(answer.retry_after, now=now)
    hint = ", a redirect, which is not followed" if 300 <= answer.status < 400 else ""
    sentence = f"{who} answered {answer.status}{hint}{f': {said}' if said else ''}"
    if 400 <= answer.status < 500 and answer.status not in AGAIN:
        return NotTaken(sentence)
    if answer.status in LATE:
        return PerhapsSent(sentence)
    return DeliveryFailed(f"{sentence}; it asks us to wait {wait:.0f} seconds" if wait else sentence, wait=wait)


def pause(retry_after: str, *, now: float) -> float:
    """Return the seconds that a Retry-After asks to wait, at most an hour. Return 0 if it says nothing usable.

    >>> [pause(text, now=0.0) for text in ("120", "1e9", "-5", "9" * 5000, "Thu, 01 Jan 1970 00:01:00 GMT", "soon")]
    [120.0, 0.0, 0.0, 0.0, 60.0, 0.0]
    """
    text = retry_after.strip()
    if SECONDS.fullmatch(text):
        return min(float(text), LONGEST_WAIT)
    with suppress(ValueError, TypeError, OverflowError):
        return min(max(email.utils.parsedate_to_datetime(text).timestamp() - now, 0.0), LONGEST_WAIT)
    return 0.0


def _connected(target: Target, *, timeout: float) -> socket.socket:
    raw = socket.create_connection((target.ip, target.port), timeout=timeout)
    try:
        if target.scheme == "https":
            return ssl.create_default_context().wrap_socket(raw, server_hostname=target.host)
    except BaseException:
        raw.close()
        raise
    return raw
