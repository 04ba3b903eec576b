"""Log agents in and send the forms of the admin pages with a test client."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from deflect.store.services import EXTENSION, Services
from deflect.store.writer import opened
from deflect.tickets import accounts
from kb.config import Settings

PASSWORD = "only for tests"


def services_of(app: Flask) -> Services:
    """Return the services that an application's requests share."""
    found: Services = app.extensions[EXTENSION]
    return found


def token(client: FlaskClient, path: str = "/admin/login") -> str:
    """Return the CSRF token of a page's forms, "" if there are none."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    return found[1] if found else ""


def log_in(client: FlaskClient, password: str = PASSWORD, **fields: str) -> TestResponse:
    """Send the login form, as `admin` unless `fields` has another user."""
    form = {"user": "admin", "password": password, "csrf_token": token(client)} | fields
    return client.post("/admin/login", data=form)


def choose(settings: Settings, password: str, user: str = "admin") -> None:
    """Set a password as `kb admin password` does."""
    with opened(settings) as (store, writer):
        accounts.set_password(store, writer, settings, user, password=password, who=accounts.OPERATOR)


def submit(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Send a form with its CSRF token and follow redirects."""
    return client.post(path, data={"csrf_token": token(client, "/admin/outbox?"), **fields}, follow_redirects=True)
