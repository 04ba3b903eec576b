"""A failed connection is described in a sentence, without the names of Python's errors."""

from __future__ import annotations

import errno
import os
import socket
import ssl

import pytest

from kb.connections import why

ERRORS = [
    (ConnectionRefusedError(111, "Connection refused"), "refuses connections"),
    (socket.gaierror(-2, "Name or service not known"), "cannot be found"),
    (TimeoutError("timed out"), "did not answer in time"),
    (ConnectionResetError(104, "Connection reset by peer"), "closed the connection"),
    (OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH)), "cannot be reached (No route to host)"),
    (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"), "cannot agree with us on TLS"),
    (ValueError("chunk"), "answered with something unreadable"),
]


@pytest.mark.parametrize(("error", "said"), ERRORS)
def test_an_error_becomes_a_sentence(error: Exception, said: str) -> None:
    sentence = why(error, who="mail.example:25")
    assert sentence.startswith("mail.example:25 ")
    assert said in sentence
    assert "Errno" not in sentence
