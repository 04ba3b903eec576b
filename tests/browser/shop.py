"""A fake help center that can be slow, down or wrong, and a shop on another origin that embeds its widget."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, request
from playwright.sync_api import Page
from werkzeug.serving import BaseWSGIServer, make_server

from kb.site import widget

PAGES = Path(__file__).parent / "pages"
HTML = """<h1 id="top">Reset</h1><p>Two ways back into your account.</p><h2 id="by-phone">By phone</h2>
<p>Choose <em>Text me a code</em>. See <a href="#top">the top</a> or <a href="/en/articles/other">another</a>.</p>
<p><img src="/files/step.png" alt="The button" width="40" height="20"></p>
<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>""" + "".join(
    f"<p>Line {n} of the article.</p>" for n in range(40)
)
GIF = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")


def card(number: int, *, score: float = 0.8, anchor: str = "by-phone") -> dict[str, Any]:
    """Return a hit in the API's format."""
    id = f"account/answer-{number}"
    return {
        "article": id, "lang": "en", "title": f"Answer {number}", "url": f"/en/articles/{id}#{anchor}",
        "anchor": anchor, "heading": "By phone", "score": score,
        "snippet": [
            {"text": "Choose ", "mark": False}, {"text": "a code", "mark": True}, {"text": " & wait.", "mark": False},
        ],
    }  # fmt: skip


def way(channel: str, address: str = "", why: str = "") -> dict[str, Any]:
    """Return a channel in the API's format."""
    return {"channel": channel, "why": why, "address": address}


@dataclass
class Help:
    """The fake help center's answers, and the requests it got."""

    cards: list[dict[str, Any]] = field(default_factory=lambda: [card(1), card(2), card(3)])
    status: int = 200  # of every API answer
    promoted: list[dict[str, Any]] = field(default_factory=list)  # shown where `cards` is empty
    popular: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, Any] = field(
        default_factory=lambda: {"most": 3, "each": 1, "total": 2, "accept": ".png,.pdf,.txt"}
    )
    why: str = ""  # a sentence with which the ticket is refused
    names: list[list[str]] = field(default_factory=list)  # of the files of each ticket
    mode: str | None = None  # of the widget, from the owner's contexts
    channels: list[dict[str, Any]] = field(default_factory=lambda: [way("web")])  # open to the visitor
    token: str = "signed"  # the accepted token
    gate: threading.Event = field(default_factory=threading.Event)  # if cleared, offers wait
    asked: list[dict[str, Any]] = field(default_factory=list)
    offers: list[dict[str, Any]] = field(default_factory=list)
    contexts: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    tickets: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)  # messages of the shop's own form
    origin: str = ""
    shop: str = ""
    policy: str = ""  # of pages with csp=manual
    pages: dict[str, str] = field(default_factory=dict)  # HTML by name, served without a policy
    made: str = ""  # the page made.html
    refusing: int = 0  # events' requests that are still answered with 503
    took: threading.Condition = field(default_factory=threading.Condition)

    def note(self, where: list[dict[str, Any]], what: dict[str, Any]) -> None:
        """Add a request to a list, and wake waiting tests."""
        with self.took:
            where.append(what)
            self.took.notify_all()

    def types(self) -> list[str]:
        """Return the types of the events so far."""
        return [event["type"] for event in self.events]

    def until(self, came: Callable[[], bool], why: Callable[[], object] = lambda: "") -> None:
        """Wait at most ten seconds until `came()` is true; an IndexError counts as false, as in an empty list."""

        def there() -> bool:
            with suppress(IndexError):
                return came()
            return False

        with self.took:
            assert self.took.wait_for(there, 10), why()

    def wait(self, type: str, *, times: int = 1) -> dict[str, Any]:
        """Wait for `times` events of a type, and return the last one."""
        self.until(lambda: self.types().count(type) >= times, lambda: f"no {type} among {self.types()}")
        return [event for event in self.events if event["type"] == type][-1]


def sent() -> dict[str, Any]:
    """Return the JSON of a request, whatever its type."""
    found = request.get_json(force=True, silent=True) if request.method == "POST" else None
    return found if isinstance(found, dict) else {}


def help_app(help: Help) -> Flask:
    """Return the fake help center, with the widget's real files and the API's routes."""
    app = Flask("help", static_folder=None)
    app.register_blueprint(widget.blueprint)

    @app.before_request
    def _() -> Response | tuple[Response, int] | None:
        if not request.path.startswith("/api/"):
            return None
        help.note(help.asked, {"path": request.path, "method": request.method, "cookies": dict(request.cookies)})
        if request.method == "OPTIONS":
            return Response(status=204)
        told = request.headers.get("Authorization", "").removeprefix("Bearer ") or sent().get("token")
        if told not in (None, help.token) and request.path != "/api/v1/events":
            return jsonify({"title": "Unauthorized", "status": 401, "detail": "as the test wants it"}), 401
        if help.status != 200:
            return jsonify({"title": "No", "status": help.status, "detail": "as the test wants it"}), help.status
        return None

    @app.after_request
    def _(response: Response) -> Response:
        if request.path.startswith("/api/"):
            free = request.path not in ("/api/v1/events", "/api/v1/tickets")
            if free or request.headers.get("Origin") == help.shop:
                response.headers["Access-Control-Allow-Origin"] = "*" if free else help.shop
            response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Idempotency-Key"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    @app.post("/api/v1/offers")
    def _offers() -> Response:
        cards, gate = help.cards, help.gate
        help.note(help.offers, sent())
        gate.wait(20)
        return jsonify({"episode": "e-1", "abstained": not cards, "degraded": None, "ranker": "fake", "cards": cards})

    @app.post("/api/v1/events")
    def _events() -> tuple[Response, int]:
        document = sent()
        if help.refusing:
            help.refusing -= 1
            return jsonify({"status": 503}), 503
        if request.headers.get("Origin") != help.shop:
            return jsonify({"status": 403}), 403
        given = {name: document.get(name) for name in ("visitor", "token", "email")}
        given["content_type"] = request.content_type
        for event in document["events"]:
            help.note(help.events, event | given)
        return jsonify({"stored": len(document["events"]), "refused": []}), 202

    @app.post("/api/v1/tickets")
    def _tickets() -> tuple[Response, int]:
        key = request.headers["Idempotency-Key"]
        if help.why:
            errors = [{"field": "files", "why": help.why}]
            return jsonify({"title": "Bad", "status": 422, "detail": help.why, "errors": errors}), 422
        document = request.get_json() if request.is_json else json.loads(request.form["ticket"])
        help.names.append([one.filename or "" for one in request.files.getlist("files")])
        help.note(help.tickets, document | {"key": key})
        return jsonify({"ticket": "T-2345", "channel": "web"}), 201

    @app.route("/api/v1/search", methods=["GET", "POST"])
    @app.route("/api/v1/complete", methods=["GET", "POST"])
    def _search() -> Response:
        q = (sent() or request.args)["q"]
        hits = [] if "nothing" in q else help.cards
        return jsonify({"query": q, "lang": "en", "stage": "all", "degraded": None, "ranker": "fake", "hits": hits})

    @app.route("/api/v1/context", methods=["GET", "POST"])
    def _context() -> Response:
        help.note(help.contexts, sent() or request.args.to_dict())
        form = any(one["channel"] == "web" for one in help.channels)
        lists = {"hits": help.cards, "promoted": help.promoted, "popular": help.popular}
        return jsonify({"mode": help.mode, "form": form, "channels": help.channels, "files": help.files} | lists)

    @app.route("/api/v1/articles/<path:id>", methods=["GET", "POST"])
    def _article(id: str) -> Response:
        return jsonify(
            {
                "article": id, "lang": (sent() or request.args)["lang"], "title": "Reset your password", "html": HTML,
                "revision": "r7", "headings": [], "url": f"/en/articles/{id}",
            }
        )  # fmt: skip

    @app.get("/files/<name>")
    def _file(name: str) -> Response:
        return Response(GIF, content_type="image/gif")

    return app


def shop_app(help: Help) -> Flask:
    """Return the shop: the pages of `pages/` with the help center's origin, under the policy named by `csp`.

    Without `csp`, a strict policy allows the page's own scripts and styles by nonce.
    """
    app = Flask("shop", static_folder=None)

    @app.get("/<name>.html")
    def _page(name: str) -> Response:
        if name in help.pages:
            return Response(help.pages[name].replace("HELP", help.origin), content_type="text/html; charset=utf-8")
        text = help.made if name == "made" else (PAGES / f"{name}.html").read_text(encoding="utf-8")
        ours = f"connect-src {help.origin}; img-src {help.origin}; form-action 'self'"
        policies = {
            "": f"default-src 'none'; script-src {help.origin} 'nonce-n0nce'; style-src 'nonce-n0nce'; "
            f"frame-src 'self'; {ours}",
            "strict": f"default-src 'none'; script-src {help.origin}; {ours}",
            "nonce": f"default-src 'none'; script-src 'nonce-n0nce' 'strict-dynamic'; {ours}",
            "types": f"default-src 'none'; script-src {help.origin}; {ours}; "
            "require-trusted-types-for 'script'; trusted-types help-widget",
            "deaf": f"default-src 'none'; script-src {help.origin}",
        }
        response = Response(text.replace("HELP", help.origin), content_type="text/html; charset=utf-8")
        policies["manual"] = help.policy
        if (name := request.args.get("csp", "")) in policies:
            response.headers["Content-Security-Policy"] = policies[name]
        if name == "coep":
            response.headers["Cross-Origin-Embedder-Policy"] = "require-corp"
            response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        return response

    @app.get("/favicon.ico")
    def _icon() -> Response:
        return Response(status=204)

    @app.post("/send")
    def _send() -> str:
        help.note(help.posts, request.form.to_dict())
        return "<!doctype html><title>Thanks</title><p>Thank you."

    return app


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve an application on a free port of loopback, and yield its origin."""
    server: BaseWSGIServer = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


@contextmanager
def shop_and_help() -> Iterator[Help]:
    """Serve both; the shop is also another site, localhost instead of 127.0.0.1."""
    help = Help()
    help.gate.set()
    with serving(help_app(help)) as origin, serving(shop_app(help)) as shop:
        help.origin, help.shop = origin, shop.replace("127.0.0.1", "localhost")
        yield help
        help.gate.set()


def until_kept(page: Page, text: str) -> None:
    """Wait until the browser keeps a text: its file comes after the first question, often after the cards."""
    page.wait_for_function("(text) => JSON.stringify({ ...sessionStorage }).includes(text)", arg=text)
