"""Say in a sentence why a connection to another server failed."""

from __future__ import annotations

import socket
import ssl


def why(error: BaseException, *, who: str) -> str:
    """Return why a connection to `who`, a host with its port, failed.

    >>> why(ConnectionRefusedError(111, "Connection refused"), who="mail.example:25")
    'mail.example:25 refuses connections'
    """
    if isinstance(error, ConnectionRefusedError):
        return f"{who} refuses connections"
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return f"{who} cannot be found; check the name, and that this machine can look names up"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of {who} is not valid: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"{who} cannot agree with us on TLS ({getattr(error, 'reason', '') or 'no reason given'})"
    if isinstance(error, TimeoutError):
        return f"{who} did not answer in time"
    if isinstance(error, (ConnectionError, EOFError)):
        return f"{who} closed the connection"
    if isinstance(error, OSError) and error.strerror:
        return f"{who} cannot be reached ({error.strerror})"
    return f"{who} answered with something unreadable ({type(error).__name__})"
