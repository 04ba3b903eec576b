"""Login to the admin pages: sessions, protection of their forms, and limits on attempts.

A session is a row in the database and a signed cookie with its id. It ends after two hours without a request, after
twelve hours in any case, on logout, and when the agent's password changes. A form must have the CSRF token of its
session. Attempts to log in are counted against the address.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Request, Response, flash, g, redirect, render_template, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_wtf.csrf import CSRFError, CSRFProtect

from deflect.admin import known_browser, refusals, ticket_form
from deflect.api.http import client_address, limit
from deflect.offers.episode import new_id
from deflect.store import clock
from deflect.store.clock import HOUR
from deflect.store.services import EXTENSION, network, services
from deflect.tickets import accounts, second_factors, ticket_writes
from deflect.tickets.accounts import FIRST, Agent
from kb.errors import BadRequest, Forbidden, HelpCenterError, TooManyRequests
from kb.outbound import is_loopback

PATH = "/admin"
LIFETIME = 12 * HOUR
IDLE = timedelta(hours=2)
LONGEST_FORM = 2_000_000  # bytes of an agent's form, so that a text that is too long to be sent is kept as a draft
OPEN = ("admin.login", "admin.code", "admin.sso", "admin.sso_back")  # pages of agents who are not logged in yet
WRONG = "The name or the password is wrong."
ENDED = "your session has ended, so nothing was changed; log in again"
STALE = "your session has ended, or your browser blocks cookies; load the page again, and allow cookies for this site"
PLAIN = (
    "your browser dropped the session cookie, because this page is open over plain http; open it over https, or "
    "through a tunnel as described on the login page"
)
HOST = re.compile(r"(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?", re.ASCII | re.IGNORECASE)
csrf = CSRFProtect()


class Sessions(SecureCookieSessionInterface):
    """Signed cookies that browsers send over HTTPS only, except to the machine itself. Only admin pages have them."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of an admin page, or None without a database, which has the key."""
        if not request.path.startswith(PATH):
            return None
        try:
            app.secret_key = app.extensions[EXTENSION].store.secret("session")
        except HelpCenterError:  # the page itself raises it again
            return None
        return super().open_session(app, request)

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return True unless the request is plain http to the machine itself."""
        return request.is_secure or not _is_loopback(request.host)


def install(app: Flask) -> None:
    """Set the session cookie and the CSRF tokens of the application. Only admin pages use them."""
    app.session_interface = Sessions()
    app.config.update(
        SESSION_COOKIE_NAME="admin",
        SESSION_COOKIE_PATH=PATH,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=IDLE,
        WTF_CSRF_CHECK_DEFAULT=False,  # the guard below checks admin pages; visitors' forms have no session
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
    )
    csrf.init_app(app)


def guard(blueprint: Blueprint) -> None:
    """Open the blueprint's pages to logged-in agents only, and accept only forms that these pages showed."""
    blueprint.before_request(_before)
    blueprint.after_request(_after)
    blueprint.add_url_rule("/login", view_func=login, methods=["GET", "POST"])
    blueprint.add_url_rule("/logout", view_func=logout, methods=["POST"])


def login() -> Any:
    """Show the form, or begin a session under a new id."""
    here = services()
    if request.method != "POST" or not accounts.agents(here.store, here.settings):
        return _form(None, status=200)
    user, password = request.form.get("user", "")[:300], request.form.get("password", "")
    tried = accounts.find(here.store, here.settings, user)
    try:
        limit(here, "logins", rate=here.settings.rate_logins)
        known_browser.limit_account(here, tried.name if tried else user)
    except TooManyRequests as error:
        sentence = f"Too many attempts. Try again in {error.retry_after} seconds."
        return _form(sentence, status=error.status, headers=error.headers)
    found = accounts.matches(here.store, here.settings, user=user, password=password)
    if found is None:
        note("log in failed", who=tried.name if tried else accounts.UNKNOWN)
        return _form(WRONG, status=401)
    if second_factors.needs(here.store, found.name):
        session["half"] = [found.name, accounts.stamp(here.store, here.settings, found.name), clock.now()]
        return redirect(url_for("admin.code", next=inside(request.form.get("next", ""))))
    finish(found.name)
    return redirect(inside(request.form.get("next", "")))


def logout() -> Any:
    """End the session; copies of its cookie stop working too."""
    services().writer.run(accounts.end_session, id=_hash(session.get("sid", "")))
    if g.agent:
        note("log out", who=g.agent)
    ticket_form.clear_session()
    return redirect(url_for("admin.login"))


def agent() -> Agent | None:
    """Return the logged-in agent, or None if the session is unknown, too old, or older than the password."""
    sid = session.get("sid")
    if not isinstance(sid, str):
        return None
    here = services()
    row = here.store.one("SELECT who, stamp, created FROM sessions WHERE id = ?", [_hash(sid)])
    if (
        row is None
        or row["created"] < clock.now() - LIFETIME
        or row["stamp"] != accounts.stamp(here.store, here.settings, row["who"])
    ):
        return None
    return accounts.find(here.store, here.settings, row["who"])


def finish(name: str) -> None:
    """Begin a session of an agent who has proven all that is asked for, and remember the browser."""
    begin(name)
    known_browser.remember(services(), name)
    note("log in", who=name)


def only_admins() -> None:
    """Raise Forbidden unless the agent is an admin."""
    if g.role != "admin":
        raise Forbidden("only admins can do this; the page Agents lists them")


def begin(name: str) -> None:
    """Begin a session of an agent, under a new id."""
    adopted = ticket_form.adopt_waiting(name)
    ticket_form.clear_session()  # drops the old id and its form token
    if adopted:
        one = "Your text is kept as a draft. It isn’t sent yet."
        flash(one if adopted == 1 else f"Your {adopted} texts are kept as drafts. They aren’t sent yet.")
    session.permanent = True
    session["sid"] = secrets.token_urlsafe(32)
    here, now = services(), clock.now()
    stamp, id = accounts.stamp(here.store, here.settings, name), _hash(session["sid"])
    here.writer.run(accounts.begin_session, id=id, who=name, stamp=stamp or "", now=now, before=now - LIFETIME)


def _before() -> Any:
    g.agent = g.role = None
    services().store.one("SELECT 1 FROM secrets")  # raises BadDatabase: without a database no page can be shown
    if found := agent():
        g.agent, g.role = found.name, found.role
        request.max_content_length = LONGEST_FORM
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        if g.agent is None and (path := ticket_form.leave_waiting()):
            return redirect(url_for("admin.login", next=path))
        try:
            _check_form()
        except BadRequest as error:
            if request.endpoint != "admin.login":
                raise
            return _form(refusals.sentence(str(error)), status=error.status)
        g.checked = True  # the form is from a page of this session
    if g.agent is None and request.endpoint not in OPEN:
        if request.endpoint == "admin.tickets.keep" or refusals.typed():
            raise BadRequest(ENDED)
        return redirect(url_for("admin.login", next=request.path if request.method in ("GET", "HEAD") else None))
    return None


def _check_form() -> None:
    """Raise BadRequest with the likely reason unless a page of this session showed the form."""
    try:
        csrf.protect()
    except CSRFError as error:
        raise BadRequest(PLAIN if _loses_cookies() else STALE) from error


def _after(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _form(sentence: str | None, *, status: int, headers: Mapping[str, str] | None = None) -> Any:
    here = services()
    names = [agent.name for agent in accounts.agents(here.store, here.settings)]
    return (
        render_template(
            "admin/login.html",
            sentence=sentence,
            known=bool(names),
            user=request.form.get("user", FIRST if names == [FIRST] else "")[:300],  # never reveals other names
            plain=_loses_cookies(),
            tunnel=_tunnel(request.host),
            next=inside(request.values.get("next", "")),
            single_sign_on=bool(here.settings.oidc_issuer),
        ),
        status,
        headers or {},
    )


def note(did: str, *, who: str, what: str = "") -> None:
    """Record an action in the audit log with its object or, without `what`, with the client's network."""
    address = client_address(request, trusted_proxies=services().settings.trusted_proxies)
    what = what or network(address)
    services().writer.run(ticket_writes.audit, id=new_id(), who=who, did=did, what=what, now=clock.now())


def inside(path: str) -> str:
    """Return the admin page to go to after the login, never an address on another site.

    >>> inside("/admin/tickets/T1")
    '/admin/tickets/T1'
    """
    below = path.startswith("/admin/") and "\\" not in path and not urlsplit(path).netloc and path.isprintable()
    return path if below and ".." not in path else "/admin/"


def _hash(sid: str) -> str:
    """Return the id of a session in the database, from which the cookie cannot be derived."""
    return hashlib.sha256(sid.encode()).hexdigest()


def _loses_cookies() -> bool:
    """Return True if the browser drops the session's cookie: the request uses plain http from another machine.

    X-Forwarded-Proto is accepted from any proxy, because the result only controls a warning.
    """
    behind_tls = request.headers.get("X-Forwarded-Proto", "").strip() == "https"
    return not request.is_secure and not _is_loopback(request.host) and not behind_tls


def _tunnel(host: str) -> tuple[str, str]:
    """Return the SSH command for a tunnel to this server, and the local address to open.

    >>> _tunnel("192.168.1.5:8000")
    ('ssh -L 8000:192.168.1.5:8000 192.168.1.5', 'http://localhost:8000/admin/')
    """
    known = HOST.fullmatch(host)
    name, port = (known[1], known[2] or "80") if known else ("SERVER", "8000")
    own = port if int(port) > 1023 else "8000"  # lower ports need root
    return f"ssh -L {own}:{name}:{port} {name.strip('[]')}", f"http://localhost:{own}/admin/"


def _is_loopback(host: str) -> bool:
    return is_loopback(urlsplit(f"//{host}").hostname or "")
