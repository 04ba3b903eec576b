"""The demo shop: a contact page with the widget on it, under the strictest policy that the widget works with.

`kb serve` opens it on the port after its own, so that it is another origin. Both are one process: `ByPort` chooses the
application by the port of the socket.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request
from werkzeug.exceptions import NotFound

from kb.languages import direction

PORT = "DEMO_PORT"  # key of the configuration: where the shop listens, if it does
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
    """Lead to the shop on the next port."""
    port = current_app.config.get(PORT)
    if port is None:
        raise NotFound("The demo shop isn't running because the port after the help center's is taken.")
    return redirect(f"http://{urlsplit(request.host_url).hostname}:{port}/")


def create_shop(*, help_port: int) -> Flask:
    """Return the shop. Its pages load nothing but their own style and files of the help center on the same host."""
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
    """Return the strictest Content-Security-Policy that the widget works under, with a style of the page's own."""
    return (
        f"default-src 'none'; script-src {center}; connect-src {center}; img-src {center}; style-src 'nonce-{nonce}'; "
        "form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types help-widget"
    )


class ByPort:
    """The shop on its port, the help center on every other."""

    def __init__(self, app: Flask, *, help_port: int) -> None:
        self.app, self.shop, self.port = app, create_shop(help_port=help_port), str(help_port + 1)
        app.config[PORT] = help_port + 1

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request by the port of the socket, which a client cannot choose by its headers."""
        app = self.shop if environ["SERVER_PORT"] == self.port else self.app
        return app(environ, start_response)
