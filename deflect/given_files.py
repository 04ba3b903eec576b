"""Files given out again: saved and never shown as a page, of the kind that they were found to be, by nobody kept."""

from __future__ import annotations

from flask import Response, send_file

from deflect.attachments import path_of
from deflect.store import Row
from kb.config import Settings
from kb.errors import NotFound

POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"


def give(settings: Settings, file: Row) -> Response:
    """Return a file of a ticket; raises NotFound where its bytes are gone from the disk."""
    path = path_of(settings, file["digest"]).absolute()
    if not path.is_file():
        raise NotFound(f"the file {file['name']} is not on this disk any more; see 'kb doctor'")
    response = send_file(path, mimetype=file["media"], as_attachment=True, download_name=file["name"], etag=False)
    response.headers["Content-Type"] = file["media"]
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
