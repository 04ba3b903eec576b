"""The sink that posts tickets as signed webhooks, after checking the address that the URL resolves to."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deflect.delivery.calls import exchange, refusal, target_of
from deflect.delivery.delivery import Carried, Delivery
from deflect.store.clock import SECOND, to_rfc3339
from deflect.store.tokens import same
from kb.config import Settings
from kb.errors import BadSetting
from kb.strict import loads, plain

PREFIX = "whsec_"
TOLERANCE = 300  # seconds that a receiver's clock may differ
STAMP = re.compile(r"[0-9]{1,12}")


def sign(secret: str, *, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three headers of a webhook; `timestamp` is in seconds."""
    content = f"{id}.{timestamp}.".encode() + body
    digest = hmac.new(_key(secret), content, hashlib.sha256).digest()
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def verify(secret: str, *, headers: Mapping[str, str], body: bytes, now: int) -> bool:
    """Return True if a webhook's signature is valid and at most five minutes old. For receivers."""
    stamp = headers.get("webhook-timestamp", "")
    if not STAMP.fullmatch(stamp) or abs(now - int(stamp)) > TOLERANCE:
        return False
    wanted = sign(secret, id=headers.get("webhook-id", ""), timestamp=int(stamp), body=body)["webhook-signature"]
    return any(same(wanted, given) for given in headers.get("webhook-signature", "").split())


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise BadSetting(
            "webhook_secret must be whsec_ followed by base64; make one with: echo whsec_$(openssl rand -base64 32)"
        ) from error


TIMEOUT = 10.0  # seconds
LONGEST_ANSWER = 64 * 1024
LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class WebhookSink:
    """Posts each delivery as JSON, with the same webhook-id at every try. Redirects are not followed."""

    url: str
    secret: str = field(repr=False)
    allow: tuple[str, ...] = ()
    clock: Callable[[], float] = time.time
    name: str = "webhook"

    @classmethod
    def from_settings(cls, settings: Settings) -> WebhookSink:
        """Return the sink that the settings describe."""
        if not settings.webhook_url or not settings.webhook_secret:
            raise BadSetting("the sink webhook needs KB_WEBHOOK_URL and KB_WEBHOOK_SECRET")
        _key(settings.webhook_secret)  # report a bad secret at the start, not at the first ticket
        return cls(settings.webhook_url, settings.webhook_secret, settings.allow_networks)

    def deliver(self, delivery: Delivery) -> str:
        """Post the ticket. Return the `id` in the receiver's JSON answer, or ""."""
        target = target_of(self.url, allow=self.allow)
        body = json.dumps(document(delivery), ensure_ascii=False).encode()
        headers = sign(self.secret, id=f"msg_{delivery.id}", timestamp=int(self.clock()), body=body)
        headers |= {"Content-Type": "application/json", "User-Agent": "Shortstop", "Host": target.host_header}
        answer = exchange(target, "POST", body, headers, timeout=TIMEOUT, longest=LONGEST_ANSWER)
        if not 200 <= answer.status < 300:
            raise refusal(answer, who=target.host_header, now=self.clock())
        return _id(answer.body)


def document(delivery: Delivery) -> dict[str, Any]:
    """Return the JSON document to post: type, time, and the ticket with its message."""
    ticket = {
        "id": delivery.ticket,
        "subject": delivery.subject,
        "requester": {"email": delivery.email, "name": delivery.name},
        "category": delivery.category,
        "channel": delivery.channel,
        "verified": delivery.verified,
        "segment": delivery.segment,
        "lang": delivery.lang,
        "page": delivery.page,
        "fields": dict(delivery.fields),
        "message": {"id": delivery.id, "author": delivery.author, "body": delivery.body},
        "attachments": [attachment(file) for file in delivery.files],
        "trail": list(delivery.trail),
    }
    kind = "ticket.replied" if delivery.again else "ticket.created"
    return {"type": kind, "timestamp": to_rfc3339(delivery.created), "data": ticket}


def attachment(file: Carried) -> dict[str, Any]:
    """Return the JSON of a file. `url` opens it until `expires`; both are null if KB_URL is not set."""
    about = {"id": file.id, "name": file.name, "type": file.media, "size": file.size, "sha256": file.digest}
    expires = to_rfc3339(file.expires * SECOND) if file.link else None
    return about | {"url": file.link or None, "expires": expires}


def _id(answer: bytes) -> str:
    """Return the `id` of a JSON answer, or "" if it has none that is text or a whole number."""
    try:
        document = loads(answer)
    except ValueError:
        return ""
    id = document.get("id") if isinstance(document, dict) else None
    return plain(id, longest=LONGEST_ID) if isinstance(id, (str, int)) and not isinstance(id, bool) else ""
