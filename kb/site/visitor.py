"""A visitor's random id, the consent to it, and the check that forms come from our own pages.

A visitor gets an id with the first search, vote or form. It is kept in a cookie for a month and contains no information
about the person. With `KB_CONSENT=ask`, there is no id before the visitor agrees, and the cookie is the consent.
Programs that identify themselves as such never get an id, so nothing is recorded about them.
"""

from __future__ import annotations

import re
import uuid

from flask import Response, after_this_request, g, request

from deflect.privacy import consent
from deflect.privacy.consent import is_machine
from deflect.store.services import services
from kb.errors import Forbidden, NotFound
from kb.site.frame import render, root

MONTH = 30 * 24 * 3600
VISITOR = re.compile(r"[0-9a-f]{32}")


def visitor() -> str | None:
    """Return the visitor's random id, making one if necessary.

    None for a visitor who has not agreed, and for a program that identifies itself as such.
    """
    if from_machine():
        return None
    if "visitor" not in g:
        known = request.cookies.get("visitor", "")
        made = None if consent.asks(services()) else _new_visitor
        g.visitor = known if VISITOR.fullmatch(known) else made and made()
    found: str | None = g.visitor
    return found


def from_machine() -> bool:
    """Return True if nobody reads the answer: by the User-Agent, for HEAD, and when a browser only fetches ahead."""
    ahead = "prefetch" in f"{request.headers.get('Sec-Purpose', '')} {request.headers.get('Purpose', '')}"
    return request.method == "HEAD" or ahead or is_machine(request.user_agent.string)


def consented() -> Response:
    """Set or delete the cookie as the visitor decided, and return a page that confirms it."""
    if not consent.asks(services()):
        raise NotFound("this help center does not ask for consent")
    agreed = request.form.get("agree") == "yes"
    response = render("consent.html", agreed=agreed, noindex=True)
    if not agreed:
        response.delete_cookie("visitor")
    elif not VISITOR.fullmatch(request.cookies.get("visitor", "")):
        _new_visitor()
    return response


def _new_visitor() -> str:
    made = uuid.uuid4().hex

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie("visitor", made, max_age=MONTH, samesite="Lax", secure=request.is_secure)
        return response

    return made


def from_our_page() -> None:
    """Raise Forbidden if another site's page sent the form, according to Sec-Fetch-Site or Origin."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    foreign = (
        site not in ("same-origin", "none") if site else origin not in (None, root(), request.url_root.rstrip("/"))
    )
    if foreign:
        raise Forbidden("this form was sent from another site; open our page and send it from there")
