"""The application: everything is built here, once, and errors become a page or a problem document here alone."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestTimeout
from werkzeug.middleware.proxy_fix import ProxyFix

from deflect.admin import admin, login
from deflect.admin.report_pages import ReportCache
from deflect.api import api, context, downloads, headers, http, metrics
from deflect.offers.popular import Popular
from deflect.store.database import Store
from deflect.store.services import EXTENSION, Limiter, Services, add_state, services
from deflect.store.writer import RemoteWriter, Writer
from deflect.tickets.uploads import Uploads
from kb import config, i18n
from kb.config import Settings
from kb.errors import HelpCenterError, NotFound
from kb.render.topics import Topics
from kb.site import demo, feed, frame, views, widget
from kb.site.article_page import ArticlePages
from search.rank.current import Current

LONGEST_FORM = 480 * 1024  # bytes: 50,000 characters of any script, as forms encode them; the API's own cap is smaller
log = logging.getLogger("shortstop")


def create_app(settings: Settings, *, writer: Writer | None = None) -> Flask:
    """Return the application; without `writer` it writes through the background process of `kb serve`."""
    store = Store.open(settings.database)
    app = Flask("kb.site", static_folder=str(config.static_folder()), static_url_path="/static")
    app.config.update(MAX_CONTENT_LENGTH=LONGEST_FORM, SEND_FILE_MAX_AGE_DEFAULT=3600)
    app.extensions[EXTENSION] = Services(
        settings=settings,
        current=Current(settings),
        store=store,
        writer=writer or RemoteWriter(settings.writer_socket),
        limiter=Limiter(),
    )
    add_state(app, ArticlePages(), Popular(store), ReportCache(store), Topics(), Uploads())
    if proxies := settings.trusted_proxies:  # the address of who asks is counted by deflect.api.http
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=0, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    headers.protect(app)
    metrics.install(app)
    i18n.install(app)
    login.install(app, store)
    app.teardown_appcontext(frame.let_go)
    store.close()  # each process reads on connections of its own
    for part in (api, metrics, admin, views, feed, widget, demo, context, downloads):
        app.register_blueprint(part.blueprint)
    app.add_url_rule("/healthz", "healthz", health)
    app.register_error_handler(HelpCenterError, _failed)
    app.register_error_handler(HTTPException, _failed)
    app.register_error_handler(ClientDisconnected, _stopped)
    app.register_error_handler(Exception, _broken)
    return app


def health() -> tuple[Response, int]:
    """Tell a load balancer whether searches are answered, and from which generation and revision of the articles."""
    try:
        searcher = services().current.get()
    except HelpCenterError as error:
        return jsonify(ready=False, generation=None, revision=None, why=str(error)), 503
    return jsonify(ready=True, generation=searcher.generation, revision=searcher.collection.manifest.content), 200


def _failed(error: HelpCenterError | HTTPException) -> Any:
    if request.path.startswith("/api/"):
        return http.problem(error)
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        return error.get_response()
    status = int(error.status if isinstance(error, HelpCenterError) else error.code or 500)
    if isinstance(error, NotFound) or status == 404:
        return views.missing()
    message = str(error) if isinstance(error, HelpCenterError) else str(error.description or "")
    response = views.failed(status, message)
    for name, value in http.error_headers(error).items():
        response.headers[name] = value
    return response


def _stopped(_error: ClientDisconnected) -> Any:
    """Answer who sent half a request and then nothing: the socket's receive timeout ends the wait."""
    return _failed(RequestTimeout())


def _broken(error: Exception) -> Any:
    """Log what nobody foresaw, without what the visitor wrote, and say that it is our fault."""
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s %s: %s\n%s", request.method, request.endpoint, type(error).__name__, where)
    return _failed(HelpCenterError("something failed on our side; it was logged, please try again later"))
