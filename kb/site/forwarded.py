"""Headers in which a proxy names the address that the visitor asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from werkzeug.middleware.proxy_fix import ProxyFix

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
SCHEMES = ("http", "https")


class Forwarded:
    """Believes X-Forwarded-Proto and X-Forwarded-Host of `proxies` trusted proxies.

    Many proxies hand on the visitor's own X-Forwarded-Host. So only the host of KB_URL is believed; any other would end
    up in the links of pages, which a cache may give to other visitors.
    """

    def __init__(self, app: Wsgi, *, proxies: int, url: str) -> None:
        self._app = ProxyFix(app, x_for=0, x_proto=proxies, x_host=proxies)  # deflect.api.http finds the address
        self._host = urlsplit(url.lower()).netloc

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        """Answer a request, without the headers that are not believed."""
        if any(host != self._host for host in _listed(environ, "HTTP_X_FORWARDED_HOST")):
            del environ["HTTP_X_FORWARDED_HOST"]
        if any(scheme not in SCHEMES for scheme in _listed(environ, "HTTP_X_FORWARDED_PROTO")):
            del environ["HTTP_X_FORWARDED_PROTO"]
        return self._app(environ, start)


def _listed(environ: dict[str, Any], name: str) -> list[str]:
    return [value.strip().lower() for value in environ.get(name, "").split(",")] if name in environ else []
