"""The demo shop: a page for each way of using the widget, under the strictest policy that the widget works with.

`kb serve` opens it on the next port, so that it has another origin. Both applications run in one process, and `ByPort`
chooses between them by the port of the socket. The pages and their texts are in `demo_pages`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request
from werkzeug.exceptions import NotFound

from kb.languages import direction
from kb.site.demo_pages import FORM_PAGES, GOODS, PAGES, WORDS

PORT = "DEMO_PORT"  # configuration key of the shop's port, if it runs
THEMES = ("auto", "light", "dark")
LANGUAGES = {code: WORDS[code]["name"] for code in sorted(WORDS)}

blueprint = Blueprint("demo", __name__)


@blueprint.get("/demo")
def go() -> Any:
    """Redirect to the shop on the next port."""
    port = current_app.config.get(PORT)
    if port is None:
        raise NotFound("The demo shop isn't running because the port after the help center's is taken.")
    return redirect(f"http://{urlsplit(request.host_url).hostname}:{port}/")


def create_shop(*, help_port: int) -> Flask:
    """Return the shop's application. Its pages load only their own style and script, and files of the help center."""
    app = Flask("kb.site", static_folder=None)

    def center() -> str:
        return f"http://{urlsplit(request.host_url).hostname}:{help_port}"

    def page(name: str, *, status: int = 200) -> Response:
        asked = {"lang": request.args.get("lang", "en"), "theme": request.args.get("theme", "auto")}
        lang = asked["lang"] if asked["lang"] in WORDS and name in FORM_PAGES else "en"
        theme = asked["theme"] if asked["theme"] in THEMES else "auto"

        def link(path: str, **other: str) -> str:
            values = {"lang": lang, "theme": theme} | other
            kept = {key: value for key, value in values.items() if (key, value) not in NORMAL}
            return path + (f"?{urlencode(kept)}" if kept else "")

        nonce = secrets.token_urlsafe(16)
        html = render_template(
            "demo.html", name=name, pages=PAGES, goods=GOODS, help=center(), words=WORDS[lang], dir=direction(lang),
            langs=LANGUAGES, themes=THEMES, lang=lang, theme=theme, nonce=nonce, link=link,
            good=next((one for one in GOODS if one.shape == request.args.get("item")), GOODS[0]),
            is_order="order" in request.args,
        )  # fmt: skip
        response = Response(html, status=status)
        response.headers["Content-Security-Policy"] = policy(center(), nonce=nonce)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    for name in PAGES:
        app.add_url_rule(f"/{name}", name or "start", partial(page, name))
    app.add_url_rule("/app/<path:view>", "view", lambda view: page("app"))  # the app's own script reads the address
    app.add_url_rule("/sent", "sent", lambda: page("sent"), methods=["POST"])
    app.register_error_handler(404, lambda _: page("missing", status=404))
    return app


NORMAL = (("lang", "en"), ("theme", "auto"))


def policy(center: str, *, nonce: str) -> str:
    """Return the strictest Content-Security-Policy that the widget works under.

    `nonce` allows the page's own style, and the scripts of its editor, dialog and app.
    """
    return (
        f"default-src 'none'; script-src {center} 'nonce-{nonce}'; connect-src {center}; img-src {center}; "
        f"style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'; "
        "trusted-types help-widget"
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
