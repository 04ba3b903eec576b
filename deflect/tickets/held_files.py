"""Files of a form that is not sent yet: a signed list goes along with the form, and is good for an hour."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import astuple

from deflect.store.attachments import GONE, LIFE, Attachment, Refused, is_there
from deflect.store.services import Services

LONGEST = 20_000  # characters of a list


def hold(services: Services, files: Sequence[Attachment], *, now: float | None = None) -> str:
    """Return the list of files to give back with the form; "" for none."""
    if not files:
        return ""
    expires = int(now or time.time()) + LIFE
    data = json.dumps([expires, *(astuple(file) for file in files)]).encode()
    return f"{base64.urlsafe_b64encode(data).decode()}.{_signature(services, data)}"


def held(services: Services, token: str, *, now: float | None = None) -> tuple[Attachment, ...]:
    """Return the files of a list, which stay for another hour; none where nobody here made it.

    Raises Refused when it is too old, or a file of it is gone.
    """
    text, _, signature = token.partition(".")
    if not text or len(token) > LONGEST:
        return ()
    try:
        data = base64.b64decode(text.encode("ascii", "replace"), altchars=b"-_", validate=True)
    except ValueError:
        return ()
    if not hmac.compare_digest(signature.encode(), _signature(services, data).encode()):
        return ()
    expires, *rows = json.loads(data)
    files = tuple(Attachment(*row) for row in rows)
    lost = [file for file in files if expires < (now or time.time()) or not is_there(services.settings, file)]
    if lost:
        raise Refused(GONE, services.settings, name=", ".join(file.name for file in lost))
    return files


def _signature(services: Services, data: bytes) -> str:
    secret = bytes.fromhex(services.store.secret("session"))
    return hmac.new(secret, b"held files " + data, hashlib.sha256).hexdigest()
