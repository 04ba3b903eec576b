"""The demo shop: a contact page with the widget, under the strictest policy that the widget works with.

`kb serve` opens it on the next port, so that it has another origin. Both applications run in one process, and `ByPort`
chooses between them by the port of the socket.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request
from werkzeug.exceptions import NotFound

from kb.languages import direction

PORT = "DEMO_PORT"  # configuration key of the shop's port, if it runs
WORDS = {
    "en": ("Write to us", "Subject", "Message", "E-mail", "Send", "Thank you, we have your message."),
    "es": ("Escríbanos", "Asunto", "Mensaje", "Correo", "Enviar", "Gracias, tenemos su mensaje."),
    "de": ("Schreiben Sie uns", "Betreff", "Nachricht", "E-Mail", "Senden", "Danke, Ihre Nachricht ist da."),
    "ar": ("اكتب إلينا", "الموضوع", "الرسالة", "البريد الإلكتروني", "إرسال", "شكرًا، وصلتنا رسالتك."),
}
THEMES = ("auto", "light", "dark")

blueprint = Blueprint("demo", __name__)


@blueprint.get("/demo")
def go() -> Any:
    """Redirect to the shop on the next port."""
    port = current_app.config.get(PORT)
    if port is None:
        raise NotFound("The demo shop isn't running because the port after the help center's is taken.")
    return redirect(f"http://{urlsplit(request.host_url).hostname}:{port}/")


def create_shop(*, help_port: int) -> Flask:
    """Return the shop's application. Its pages load only their own style and files of the help center."""
    app = Flask("kb.site", static_folder=None)

    def center() -> str:
        return f"http://{urlsplit(request.host_url).hostname}:{help_port}"

    def page(kind: str, *, status: int = 200) -> Response:
        lang, theme = request.args.get("lang", "en"), request.args.get("theme", "auto")
        known = {
            "lang": lang if lang in WORDS else "en",
            "theme": theme if theme in THEMES else "auto",
            "nonce": secrets.token_urlsafe(16),
        }
        html = render_template(
            "demo.html", kind=kind, help=center(), words=WORDS[known["lang"]], dir=direction(known["lang"]),
            langs=sorted(WORDS), themes=THEMES, **known,
        )  # fmt: skip
        response = Response(html, status=status)
        response.headers["Content-Security-Policy"] = policy(center(), nonce=known["nonce"])
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    app.add_url_rule("/", "contact", lambda: page("contact"))
    app.add_url_rule("/order", "order", lambda: page("order"))
    app.add_url_rule("/sent", "sent", lambda: page("sent"), methods=["POST"])
    app.register_error_handler(404, lambda _: page("missing", status=404))
    return app


def policy(center: str, *, nonce: str) -> str:
    """Return the strictest Content-Security-Policy that the widget works under; `nonce` allows the page's style."""
    return (
        f"default-src 'none'; script-src {center}; connect-src {center}; img-src {center}; style-src 'nonce-{nonce}'; "
        "form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types help-widget"
    )


class ByPort:
    """A WSGI application that serves the shop on its port and the help center on every other port."""

    def __init__(self, app: Flask, *, help_port: int) -> None:
        self.app, self.shop, self.port = app, create_shop(help_port=help_port), str(help_port + 1)
        app.config[PORT] = help_port + 1

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Choose the application by the socket's port, which a client cannot forge in headers."""
        app = self.shop if environ["SERVER_PORT"] == self.port else self.app
        return app(environ, start_response)
