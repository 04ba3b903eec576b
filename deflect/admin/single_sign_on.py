"""Log in through the identity provider of KB_OIDC_ISSUER, by OpenID Connect.

The provider tells who somebody is. What agents may do stays here: an admin adds each agent with the e-mail address that
the provider knows. The provider is asked for its own second factor, so ours is not asked for again.
"""

from __future__ import annotations

from typing import Any

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, current_app, redirect, request, session, url_for
from joserfc.errors import JoseError
from requests.exceptions import RequestException
from werkzeug.exceptions import MethodNotAllowed

from deflect.admin import login
from deflect.store.services import services
from deflect.tickets import accounts
from kb.config import Settings
from kb.errors import Forbidden, Unavailable

PATIENCE = 10.0  # seconds for an answer of the provider
FAULTS = (OAuthError, JoseError, RequestException, RuntimeError, KeyError, ValueError)
AGAIN = "go back to the login page and try again"


def install(app: Flask, settings: Settings) -> None:
    """Name the provider of the settings to authlib, which reads its addresses and keys at the first login."""
    oauth = OAuth(app)
    if settings.oidc_issuer:
        oauth.register(
            "provider",
            server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
            client_kwargs={"scope": "openid email", "code_challenge_method": "S256", "default_timeout": PATIENCE},
        )


def guard(blueprint: Blueprint) -> None:
    """Add the two addresses to the admin pages."""
    blueprint.add_url_rule("/sso", "sso", begin, methods=["GET"])
    blueprint.add_url_rule("/sso/back", "sso_back", back, methods=["GET"])


def begin() -> Any:
    """Send the browser to the provider."""
    _judge_request()
    session["next"] = login.inside(request.args.get("next", ""))
    where = services().settings.url.rstrip("/") + url_for("admin.sso_back")
    try:
        return _provider().authorize_redirect(where)
    except FAULTS as error:
        raise Unavailable(f"the identity provider can't be reached ({type(error).__name__}); {AGAIN}") from error


def back() -> Any:
    """Begin a session of the agent whom the provider names."""
    _judge_request()
    next = login.inside(session.get("next", ""))
    try:
        claims = _provider().authorize_access_token()["userinfo"]
    except FAULTS as error:
        raise Forbidden(
            f"the identity provider didn't confirm who you are ({type(error).__name__}); {AGAIN}"
        ) from error
    email = claims.get("email")
    here = services()
    found = accounts.of_address(here.store, here.settings, email) if isinstance(email, str) else None
    if found is None or claims.get("email_verified", True) not in (True, "true"):  # some providers send it as text
        login.note("log in failed", who=accounts.UNKNOWN)
        raise Forbidden("there is no agent with this e-mail address; ask an admin to add you on the page Agents")
    login.finish(found.name)
    return redirect(next)


def _judge_request() -> None:
    if not services().settings.oidc_issuer:
        raise Forbidden("single sign-on is not set up; KB_OIDC_ISSUER names the provider")
    if request.method != "GET":
        raise MethodNotAllowed(["GET"], "this address only answers GET")


def _provider() -> Any:
    return current_app.extensions["authlib.integrations.flask_client"].provider
