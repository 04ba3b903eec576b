"""Serve the attachments of tickets as downloads, which browsers neither open as a page nor cache.

The media type was detected when the file was checked; it does not depend on the file's name.
"""

from __future__ import annotations

from flask import Blueprint, Response, request, send_file

from deflect.api import headers
from deflect.store import attachments
from deflect.store.database import Row
from deflect.store.services import services
from deflect.tickets import file_links
from kb.config import Settings
from kb.errors import NotFound

FILE_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"

blueprint = Blueprint("downloads", __name__)


@blueprint.get("/attachments/<id>")
def linked_file(id: str) -> Response:
    """Return the attachment of a signed link, such as the help desk gets. Raise NotFound if the link has expired."""
    here = services()
    may = file_links.opens_ticket_file(here.store, id, request.args.get("key", ""))
    found = attachments.one(here.store, id) if may else None
    if found is None:
        raise NotFound("this link has expired, or the file was deleted")
    return give_file(here.settings, found)


def give_file(settings: Settings, file: Row) -> Response:
    """Return an attachment as a download. Raise NotFound if it is missing from the disk."""
    path = attachments.path_of(settings, file["digest"]).absolute()
    if not path.is_file():
        raise NotFound(f"the file {file['name']} is missing from the disk; run 'kb doctor'")
    response = send_file(path, mimetype=file["media"], as_attachment=True, download_name=file["name"], etag=False)
    response.headers["Content-Type"] = file["media"]
    return _as_download(response)


def give_bytes(data: bytes, *, name: str) -> Response:
    """Return bytes of any kind as a download."""
    response = Response(data, mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return _as_download(response)


def _as_download(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return headers.keep(response)
