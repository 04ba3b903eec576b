"""A cookie of the browsers in which an agent has logged in, so that attempts by others don't lock the agent out.

Attempts to log in are limited by account too, since an attacker may use many addresses. A browser that has logged in
before counts for itself, as do programs on the same machine, such as an SSH tunnel. The cookie opens no page.
"""

from __future__ import annotations

import ipaddress
import secrets
from datetime import timedelta

from flask import Response, after_this_request, current_app, request

from deflect.api.http import client_address, count
from deflect.store.services import Services
from deflect.store.tokens import same, signature
from deflect.tickets.accounts import folded

COOKIE = "admin-browser"
LIFE = timedelta(days=180)
MORE = 3  # times the rate of an address, at which an account's attempts from unknown browsers are refused


def limit_account(services: Services, account: str) -> None:
    """Count an attempt to log in to an account. Raise TooManyRequests. An unknown account counts like a known one."""
    address = client_address(request, trusted_proxies=services.settings.trusted_proxies)
    rate, name = services.settings.rate_logins, folded(account)
    if browser := _browser_of(services, name):
        count(services, "logins", f"browser {browser}", rate=rate)
    elif not _is_local(address):
        count(services, "logins", f"account {name}", rate=MORE * rate)


def remember(services: Services, account: str) -> None:
    """Give the browser a cookie for an account that it has logged in to."""
    browser = secrets.token_hex(16)
    value = f"{browser}.{_mark(services, folded(account), browser)}"
    secure = current_app.session_interface.get_cookie_secure(current_app)

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(COOKIE, value, max_age=LIFE, path="/admin", httponly=True, samesite="Lax", secure=secure)
        return response


def _browser_of(services: Services, name: str) -> str:
    """Return the browser's id if it has logged in to the account, else ""."""
    browser, _, given = request.cookies.get(COOKIE, "").partition(".")
    return browser if given and same(given, _mark(services, name, browser)) else ""


def _mark(services: Services, name: str, browser: str) -> str:
    return signature(services.store.secret("session"), f"browser {name}\0{browser}".encode("utf-8", "replace"))


def _is_local(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
