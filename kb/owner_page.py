"""A page of the owner's site, fetched with care: judged addresses only, few redirects, bounded in size and time."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from kb.errors import HelpCenterError
from kb.outbound import Target, resolve

SECONDS = 8.0  # for the whole answer of one address, however slowly it comes
LARGEST = 1 << 20  # bytes of a page that are looked at
MOST_HOPS = 5
MOVED = (301, 302, 303, 307, 308)
HTML = ("text/html", "application/xhtml+xml")

Judge = Callable[[str], Target]


class Unreadable(HelpCenterError):
    """A page that could not be fetched, with the reason and what to do."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page as it came: the address at the end of all redirects, its headers in lower case, and its text."""

    url: str
    headers: tuple[tuple[str, str], ...]
    html: str

    def all(self, name: str) -> list[str]:
        """Return the values of a header, in order."""
        return [value for key, value in self.headers if key == name]


def judge(url: str, *, allow: tuple[str, ...] = (), own: frozenset[int] = frozenset()) -> Target:
    """Return where `url` leads, refusing what is not public; `own` are ports of ours on this machine: the demo shop."""
    try:
        parts = urlsplit(url)
        ours = parts.hostname in ("127.0.0.1", "::1", "localhost") and parts.port in own
    except ValueError:
        ours = False
    return resolve(url, allow=(*allow, "127.0.0.0/8", "::1/128") if ours else allow)


def fetch(url: str, *, judge: Judge) -> Fetched:
    """Return the page at `url`; raises Unreadable, or BadAddress for what must not be called.

    Each redirect is judged like the first address, and the connection goes to the very address that was judged.
    """
    return _page(*_follow(url, judge=judge))


def look(url: str, *, judge: Judge, agent: str) -> int:
    """Return the status at the end of all redirects from `url`, reading none of the page; raises as `fetch` does."""
    return _follow(url, judge=judge, agent=agent, most=0)[1]


def _follow(url: str, *, judge: Judge, **how: Any) -> tuple[str, int, list[tuple[str, str]], bytes]:
    for _ in range(MOST_HOPS + 1):
        status, headers, body = _get(judge(url), **how)
        moved = dict(headers).get("location", "") if status in MOVED else ""
        if not moved:
            return url, status, headers, body
        try:
            url = urljoin(url, moved)
        except ValueError as error:
            raise Unreadable(f"{url} leads to {moved[:100]!r}, which is no address") from error
    raise Unreadable(f"{url}: more than {MOST_HOPS} redirects; give the address at which they end")


def _page(url: str, status: int, headers: list[tuple[str, str]], body: bytes) -> Fetched:
    kind = dict(headers).get("content-type", "")
    if status != 200:
        raise Unreadable(f"{url} answered {status}; give an address that everybody can open without logging in")
    if kind.partition(";")[0].strip().lower() not in HTML:
        raise Unreadable(f"{url} is {kind or 'of no type'}, not a page; give the address of the page with your form")
    return Fetched(url, tuple(headers), body.decode(_charset(kind), "replace"))


def _get(target: Target, *, agent: str = "Shortstop", most: int = LARGEST) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return status, headers and at most so many bytes; whatever is not there after SECONDS is given up."""
    asked = {"Host": target.host_header, "User-Agent": agent, "Accept": "text/html", "Accept-Encoding": "gzip"}
    connection = http.client.HTTPConnection(target.host, target.port, timeout=SECONDS)
    try:
        raw = socket.create_connection((target.ip, target.port), timeout=SECONDS)
    except OSError as error:
        raise Unreadable(
            f"{target.host_header} cannot be reached: {error}; is the address right, and public?"
        ) from error

    def give_up() -> None:
        with suppress(OSError):
            raw.shutdown(socket.SHUT_RDWR)

    end = threading.Timer(SECONDS, give_up)
    end.daemon = True
    try:
        end.start()
        if target.scheme == "https":
            raw = ssl.create_default_context().wrap_socket(raw, server_hostname=target.host)
        connection.sock = raw
        connection.request("GET", target.path, headers=asked)
        answer = connection.getresponse()
        headers = [(name.lower(), value) for name, value in answer.getheaders()]
        return answer.status, headers, _plain(answer.read(most), dict(headers).get("content-encoding", ""))
    except (OSError, ValueError, zlib.error, http.client.HTTPException) as error:
        why = str(error) or type(error).__name__
        raise Unreadable(f"{target.host_header} gave no page within {SECONDS:.0f} seconds: {why}"[:300]) from error
    finally:
        end.cancel()
        connection.close()
        raw.close()


def _plain(body: bytes, encoding: str) -> bytes:
    """Return the body unpacked, and never more of it than LARGEST."""
    return zlib.decompressobj(47).decompress(body, LARGEST) if encoding.strip().lower() == "gzip" else body


def _charset(kind: str) -> str:
    name = kind.lower().partition("charset=")[2].strip(" \"';") or "utf-8"
    try:
        return name if "".encode(name) == b"" and "a".encode(name) == b"a" else "utf-8"
    except (LookupError, ValueError, TypeError):
        return "utf-8"
