"""Headers in which a proxy names the address that the visitor asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SCHEMES = ("http", "https")


class Forwarded(ProxyFix):
    """Believes X-Forwarded-Proto and X-Forwarded-Host of `proxies` trusted proxies.

    Many proxies hand on the visitor's own X-Forwarded-Host. So only the host of KB_URL is believed; any other would end
    up in the links of pages, which a cache may give to other visitors.
    """

    def __init__(self, app: WSGIApplication, *, proxies: int, url: str) -> None:
        super().__init__(app, x_for=0, x_proto=proxies, x_host=proxies)  # deflect.api.http finds the client's address
        self._ours = urlsplit(url.lower()).netloc

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, without the headers that are not believed."""
        if any(host != self._ours for host in _listed(environ, "HTTP_X_FORWARDED_HOST")):
            del environ["HTTP_X_FORWARDED_HOST"]
        if any(scheme not in SCHEMES for scheme in _listed(environ, "HTTP_X_FORWARDED_PROTO")):
            del environ["HTTP_X_FORWARDED_PROTO"]
        return super().__call__(environ, start_response)


def _listed(environ: WSGIEnvironment, name: str) -> list[str]:
    return [value.strip().lower() for value in environ.get(name, "").split(",")] if name in environ else []
