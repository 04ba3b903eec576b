"""The application factory, `create_app`.

It opens the store, makes the services that all requests share, and registers the site, the admin pages, the API and the
widget. An unhandled error becomes a problem document below /api/ and a page elsewhere.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, request

from deflect.admin import admin, login, single_sign_on
from deflect.admin.report_pages import ReportCache
from deflect.api import api, context, downloads, headers, http, metrics
from deflect.offers.popular import Popular
from deflect.store.database import opened_if_possible
from deflect.store.services import EXTENSION, Limiter, Services, add_state
from deflect.store.trial import Trial
from deflect.store.writer import RemoteWriter, Writer
from deflect.tickets.uploads import Uploads
from kb import config, i18n
from kb.config import Settings
from kb.errors import BadDatabase
from kb.failures import failure
from kb.render.topics import Topics
from kb.site import brand, demo, frame, health, views, widget
from kb.site.article_page import ArticlePages
from kb.site.forwarded import Forwarded
from search.rank.current import Current

LONGEST_FORM = 480 * 1024  # bytes, for 50,000 characters of any script in form encoding; the API's limit is smaller


def create_app(settings: Settings, *, writer: Writer | None = None) -> Flask:
    """Return the application. Without `writer`, it writes through the background process of `kb serve`."""
    store = opened_if_possible(settings.database)
    app = Flask("kb.site", static_folder=str(config.static_folder()), static_url_path="/static")
    app.config.update(MAX_CONTENT_LENGTH=LONGEST_FORM, SEND_FILE_MAX_AGE_DEFAULT=3600)
    app.extensions[EXTENSION] = Services(
        settings=settings,
        current=Current(settings),
        store=store,
        writer=writer or RemoteWriter(settings.writer_socket),
        limiter=Limiter(),
    )
    add_state(app, ArticlePages(), Popular(store), ReportCache(store), Topics(), Trial(), Uploads())
    if proxies := settings.trusted_proxies:
        app.wsgi_app = Forwarded(app.wsgi_app, proxies=proxies, url=settings.url)  # type: ignore[method-assign]
    headers.protect(app)
    metrics.install(app)
    i18n.install(app)
    brand.install(app)
    login.install(app)
    single_sign_on.install(app, settings)
    app.teardown_appcontext(frame.let_go)
    store.close()  # each process opens its own connections
    for part in (api, metrics, health, admin, views, brand, widget, demo, context, downloads):
        app.register_blueprint(part.blueprint)
    app.register_error_handler(Exception, _failed)
    return app


def _failed(error: Exception) -> Response:
    """Answer an error as a problem document below /api/, and as a page elsewhere."""
    found = failure(error, during=f"{request.method} {request.endpoint}")
    if request.path.startswith("/api/"):
        return http.problem(found)
    if found.status == HTTPStatus.NOT_FOUND:
        return views.missing()
    response = views.failed(found.status, found.sentence, database=isinstance(error, BadDatabase))
    response.headers.update(found.headers)
    return response
