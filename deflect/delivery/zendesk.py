"""The sink that creates tickets in Zendesk through its API, with the requester's trail as an internal note."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from deflect.delivery.calls import Answer, exchange, refusal, target_of
from deflect.delivery.delivery import Carried, Delivery, DeliveryFailed, NotTaken, PerhapsSent
from kb.config import Settings
from kb.errors import BadSetting
from kb.outbound import Target
from kb.strict import loads, plain

TIMEOUT = 15.0  # seconds
LONGEST_ANSWER = 1 << 20
LOGIN, CONFLICT = (401, 403), 409  # neither is the ticket's fault
USUAL_WAIT = 60.0  # seconds, if a rate limit doesn't say how long
NOTE = "Looked at before writing, by the same account or in the same browser"


@dataclass(frozen=True, slots=True)
class ZendeskSink:
    """Creates a ticket with our id as `external_id`, by which a repeated delivery finds it."""

    url: str
    user: str
    token: str = field(repr=False)
    allow: tuple[str, ...] = ()
    name: str = "zendesk"

    @classmethod
    def from_settings(cls, settings: Settings) -> ZendeskSink:
        """Return the sink that the settings describe."""
        if not (settings.zendesk_url and settings.zendesk_user and settings.zendesk_token):
            raise BadSetting("the sink zendesk needs KB_ZENDESK_URL, KB_ZENDESK_USER and KB_ZENDESK_TOKEN")
        return cls(
            settings.zendesk_url.rstrip("/"), settings.zendesk_user, settings.zendesk_token, settings.allow_networks
        )

    def deliver(self, delivery: Delivery) -> str:
        """Create the ticket and its note unless they exist. Return Zendesk's ticket number."""
        found = self._call("GET", f"/api/v2/tickets.json?external_id={quote(delivery.ticket, safe='')}")
        known = [one for one in _list(found, "tickets") if one.get("external_id") == delivery.ticket]
        if known:
            number = _number(known[0])
        else:
            uploads = self._upload(delivery)
            made = self._call("POST", "/api/v2/tickets.json", ticket(delivery, uploads), key=delivery.id)
            number = _number(made.get("ticket"))
        if delivery.again:
            if not self._has_note(number, delivery):
                uploads = self._upload(delivery)
                self._call("PUT", f"/api/v2/tickets/{number}.json", further(delivery, uploads))
            return number
        if (delivery.trail or delivery.verified) and not self._has_note(number, delivery):
            self._call("PUT", f"/api/v2/tickets/{number}.json", note(delivery))
        return number

    def _upload(self, delivery: Delivery) -> dict[Carried, str]:
        """Upload the files and return a token for each accepted one. Zendesk deletes uploads that no comment uses."""
        tokens: dict[Carried, str] = {}
        for file in delivery.files:
            if (data := file.data()) is None:
                continue
            path = f"/api/v2/uploads.json?filename={quote(file.name, safe='')}"
            try:
                upload = self._call("POST", path, data, media=file.media).get("upload")
            except NotTaken:
                continue
            token = upload.get("token") if isinstance(upload, dict) else None
            if isinstance(token, str) and token:
                tokens[file] = token
        return tokens

    def _has_note(self, number: str, delivery: Delivery) -> bool:
        comments = _list(self._call("GET", f"/api/v2/tickets/{number}/comments.json"), "comments")
        notes = [str(one.get("plain_body") or one.get("body")) for one in comments if not one.get("public", True)]
        return any(delivery.id in body for body in notes)

    def _call(
        self,
        method: str,
        path: str,
        sent: dict[str, Any] | bytes | None = None,
        *,
        key: str = "",
        media: str = "application/json",
    ) -> dict[str, Any]:
        """Call Zendesk's API and return the JSON answer. Raise DeliveryFailed for any other answer."""
        target = target_of(self.url + path, allow=self.allow)
        secret = base64.b64encode(f"{self.user}/token:{self.token}".encode()).decode()
        headers = {"Authorization": f"Basic {secret}", "Accept": "application/json", "Host": target.host_header}
        headers |= {"User-Agent": "Shortstop"} | ({"Idempotency-Key": key} if key else {})
        body = json.dumps(sent, ensure_ascii=False).encode() if isinstance(sent, dict) else sent
        headers |= {"Content-Type": media} if body is not None else {}
        try:
            return _read(target, exchange(target, method, body, headers, timeout=TIMEOUT, longest=LONGEST_ANSWER))
        except PerhapsSent as error:
            if key or method == "PUT":
                raise
            raise DeliveryFailed(error.reason) from error  # reading and uploading change no ticket


def ticket(delivery: Delivery, uploads: Mapping[Carried, str]) -> dict[str, Any]:
    """Return the request that creates a ticket, with the requester's address and our id as `external_id`."""
    lines = [f"{name}: {value}" for name, value in sorted(delivery.fields.items()) if value not in (None, "")]
    about = "\n".join([*lines, *([f"page: {delivery.page}"] if delivery.page else [])])
    body = f"{delivery.body}\n\n--\n{about}" if about else delivery.body
    comment = _with_files(delivery, uploads, {"body": body})
    requester = {"email": delivery.email, "name": delivery.name or delivery.email}
    known = {"category": delivery.category, "segment": delivery.segment}
    tags = ["shortstop", *(f"{name}_{value}".replace(" ", "_") for name, value in known.items() if value)]
    made = {"subject": delivery.subject, "comment": comment, "requester": requester}
    return {"ticket": made | {"external_id": delivery.ticket, "tags": tags}}


def note(delivery: Delivery) -> dict[str, Any]:
    """Return the request that adds the trail as an internal note. The delivery's id in it shows that it was added."""
    signed = f"Signed in as {delivery.verified}.\n" if delivery.verified else ""
    lines = "\n".join(f"- {line}" for line in delivery.trail) or "- nothing"
    return {"ticket": {"comment": {"public": False, "body": f"{signed}{NOTE} ({delivery.id}):\n{lines}"}}}


def further(delivery: Delivery, uploads: Mapping[Carried, str]) -> dict[str, Any]:
    """Return the request that adds a later e-mail as an internal note, because a public comment would be e-mailed."""
    who = delivery.email if delivery.author == "requester" else "another address"
    comment = {"public": False, "body": f"E-mail of {who} ({delivery.id}):\n{delivery.body}"}
    return {"ticket": {"comment": _with_files(delivery, uploads, comment)}}


def _with_files(delivery: Delivery, uploads: Mapping[Carried, str], comment: dict[str, Any]) -> dict[str, Any]:
    """Return a comment with the uploaded files, and a line for each file that was not uploaded."""
    left = "\n".join(file.line() for file in delivery.files if file not in uploads)
    said = {"body": f"{comment['body']}\n\n{left}"} if left else {}
    return comment | said | ({"uploads": list(uploads.values())} if uploads else {})


def _read(target: Target, answer: Answer) -> dict[str, Any]:
    who, status = target.host_header, answer.status
    if status in LOGIN:
        raise DeliveryFailed(f"{who} answered {status}; see KB_ZENDESK_USER and KB_ZENDESK_TOKEN")
    if not 200 <= status < 300:
        said = plain(answer.body[:400].decode("utf-8", "replace"), longest=200)
        failed = refusal(answer, who=who, now=time.time(), said=said)
        if status == CONFLICT:
            raise DeliveryFailed(str(failed))
        raise DeliveryFailed(str(failed), wait=failed.wait or USUAL_WAIT) if status == 429 else failed
    try:
        document = loads(answer.body)
    except ValueError as error:
        raise DeliveryFailed(f"{who} answered {status} with a body that is not JSON") from error
    if not isinstance(document, dict):
        raise DeliveryFailed(f"{who} answered {status} with JSON that is not an object")
    return document


def _list(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = document.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _number(made: Any) -> str:
    number = made.get("id") if isinstance(made, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 1 << 63:
        raise DeliveryFailed("Zendesk answered without a ticket number")
    return str(number)
