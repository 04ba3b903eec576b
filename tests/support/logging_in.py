"""Browsers in which an agent logs in and sends forms, as the admin pages show them."""

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
    """Return what the requests of an application share."""
    found: Services = app.extensions[EXTENSION]
    return found


def token(client: FlaskClient, path: str = "/admin/login") -> str:
    """Return the token that the forms of a page carry."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    return found[1] if found else ""


def log_in(client: FlaskClient, password: str = PASSWORD, **fields: str) -> TestResponse:
    """Send the form of the login, as `admin` unless told otherwise."""
    form = {"user": "admin", "password": password, "csrf_token": token(client)} | fields
    return client.post("/admin/login", data=form)


def choose(settings: Settings, password: str, user: str = "admin") -> None:
    """Set a password as the command does."""
    with opened(settings) as (store, writer):
        accounts.set_password(store, writer, settings, user, password=password, who=accounts.OPERATOR)


def submit(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Send a form as a page shows it, and go where that leads."""
    return client.post(path, data={"csrf_token": token(client, "/admin/outbox?"), **fields}, follow_redirects=True)
