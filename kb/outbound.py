"""Send requests to other sites: resolve an address once, check its IPs, and connect to the checked IP."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from kb.errors import HelpCenterError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Sequence[str]]

WRAPPED = (  # ranges of IPv6 that embed an IPv4 address: mapped, compatible, translated (two), 6to4; see TEREDO
    (ipaddress.ip_network("::ffff:0:0/96"), 0),
    (ipaddress.ip_network("::/96"), 0),
    (ipaddress.ip_network("64:ff9b::/96"), 0),
    (ipaddress.ip_network("64:ff9b:1::/48"), 0),
    (ipaddress.ip_network("2002::/16"), 80),
)
TEREDO = ipaddress.ip_network("2001::/32")
# Special ranges that Python 3.11 takes for global: relays of 6to4 (RFC 7526), protocol assignments (RFC 6890),
# documentation (RFC 9637) and segment routing (RFC 9602).
SPECIAL = tuple(map(ipaddress.ip_network, ("192.88.99.0/24", "192.0.0.0/24", "3fff::/20", "5f00::/16")))


class BadAddress(HelpCenterError):
    """An address that the server must not call, or that cannot be resolved."""


class Unresolved(BadAddress):
    """An address whose name cannot be looked up, perhaps only now."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address to call: connect to `ip`, and use `host` for TLS and the Host header."""

    scheme: str
    host: str
    port: int
    ip: str
    path: str

    @property
    def host_header(self) -> str:
        """The Host header, with the port unless it is the default of the scheme."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == {"http": 80, "https": 443}[self.scheme] else f"{name}:{self.port}"


def is_loopback(host: str) -> bool:
    """Return True if a host name or an IP address is this machine.

    >>> is_loopback("127.0.0.1"), is_loopback("shop.localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def resolve(url: str, *, allow: Iterable[str] = (), resolver: Resolver | None = None) -> Target:
    """Resolve `url` to one IP address; raise BadAddress with the reason if it must not be called.

    Every IP address of the name must be public or within `allow`. Because the checked address is the one that is
    called, a name cannot resolve to another address between the check and the call.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError as error:
        raise BadAddress(f"{url} is not a valid address") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise BadAddress(f"{url} must begin with http:// or https:// and contain no user name")
    networks = [ipaddress.ip_network(text, strict=False) for text in allow]
    ips = (resolver or _look_up)(parts.hostname, port)
    for ip in ips:
        if not permitted(ip, networks):
            which = ip if ip == parts.hostname else f"{parts.hostname} is {ip}, which"
            raise BadAddress(
                f"{which} is not a public address; KB_ALLOW_NETWORKS lists the private networks that may be reached"
            )
    if not ips:
        raise BadAddress(f"{parts.hostname} has no address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port, ips[0], path)


def permitted(ip: str, networks: Sequence[Network]) -> bool:
    """Return True if `ip`, or the IPv4 address embedded in it, is public or allowed."""
    address = ipaddress.ip_address(ip.split("%")[0])
    return all(
        _public(one) or any(one in net for net in networks if net.version == one.version) for one in _unwrapped(address)
    )


def _public(address: Address) -> bool:
    site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    special = any(address in network for network in SPECIAL if network.version == address.version)
    return address.is_global and not (special or address.is_multicast or address.is_reserved or site_local)


def _unwrapped(address: Address) -> list[Address]:
    """Return the IPv4 address embedded in an IPv6 address, or else the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in TEREDO:
            return [ipaddress.IPv4Address(~int(address) & 0xFFFFFFFF)]
        for network, shift in WRAPPED:
            if address in network and int(address) > 1:
                return [ipaddress.IPv4Address(int(address) >> shift & 0xFFFFFFFF)]
    return [address]


def _look_up(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unresolved(f"{host} cannot be resolved ({error})") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


SECONDS = 8.0  # for the whole response of one address
LARGEST = 1 << 20  # bytes of a page that are read
MOST_HOPS = 5
MOVED = (301, 302, 303, 307, 308)
HTML = ("text/html", "application/xhtml+xml")

Judge = Callable[[str], Target]


class Unreadable(HelpCenterError):
    """A page that could not be fetched; the message has the reason and a remedy."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A fetched page: its address after all redirects, its headers with names in lower case, and its text."""

    url: str
    headers: tuple[tuple[str, str], ...]
    html: str

    def all(self, name: str) -> list[str]:
        """Return the values of a header, in order."""
        return [value for key, value in self.headers if key == name]


def judge(url: str, *, allow: tuple[str, ...] = (), own: frozenset[int] = frozenset()) -> Target:
    """Resolve `url`, refusing private addresses; `own` are ports allowed on this machine (the demo shop)."""
    try:
        parts = urlsplit(url)
        ours = parts.hostname in ("127.0.0.1", "::1", "localhost") and parts.port in own
    except ValueError:
        ours = False
    return resolve(url, allow=(*allow, "127.0.0.0/8", "::1/128") if ours else allow)


def fetch(url: str, *, judge: Judge) -> Fetched:
    """Return the page at `url`; raise Unreadable if it cannot be read, BadAddress if it must not be called.

    Each redirect is resolved and checked like the first address, and called at the checked IP.
    """
    return _page(*_follow(url, judge=judge))


def look(url: str, *, judge: Judge, agent: str) -> int:
    """Return the status of `url` after all redirects, without reading the page; raise errors as `fetch` does."""
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
            raise Unreadable(f"{url} redirects to {moved[:100]!r}, which is not a valid address") from error
    raise Unreadable(f"{url} has more than {MOST_HOPS} redirects; give the address at which they end")


def _page(url: str, status: int, headers: list[tuple[str, str]], body: bytes) -> Fetched:
    kind = dict(headers).get("content-type", "")
    if status != 200:
        raise Unreadable(f"{url} returned {status}; give an address that opens without logging in")
    if kind.partition(";")[0].strip().lower() not in HTML:
        raise Unreadable(
            f"{url} is {kind or 'of no type'}, not an HTML page; give the address of the page with your form"
        )
    return Fetched(url, tuple(headers), body.decode(_charset(kind), "replace"))


def _get(target: Target, *, agent: str = "Shortstop", most: int = LARGEST) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return the status, the headers and at most `most` bytes of the body; give up after SECONDS."""
    asked = {"Host": target.host_header, "User-Agent": agent, "Accept": "text/html", "Accept-Encoding": "gzip"}
    connection = http.client.HTTPConnection(target.host, target.port, timeout=SECONDS)
    try:
        raw = socket.create_connection((target.ip, target.port), timeout=SECONDS)
    except OSError as error:
        raise Unreadable(
            f"{target.host_header} cannot be reached: {error}; check that the address is right and public"
        ) from error

    end = ended_after(SECONDS, lambda: raw)
    try:
        if target.scheme == "https":
            raw = ssl.create_default_context().wrap_socket(raw, server_hostname=target.host)
        connection.sock = raw
        connection.request("GET", target.path, headers=asked)
        answer = connection.getresponse()
        headers = [(name.lower(), value) for name, value in answer.getheaders()]
        return answer.status, headers, _plain(answer.read(most), dict(headers).get("content-encoding", ""))
    except (OSError, ValueError, zlib.error, http.client.HTTPException) as error:
        said = str(error) or type(error).__name__
        raise Unreadable(f"{target.host_header} returned no page within {SECONDS:.0f} seconds: {said}"[:300]) from error
    finally:
        end.cancel()
        connection.close()
        raw.close()


def ended_after(seconds: float, connection: Callable[[], socket.socket]) -> threading.Timer:
    """Shut a connection down after a time, because a time-out alone begins again with every byte. Return the timer.

    `connection` returns the socket at that time, because TLS replaces it.
    """

    def give_up() -> None:
        with suppress(OSError):
            connection().shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    return timer


def _plain(body: bytes, encoding: str) -> bytes:
    """Return the decompressed body, at most LARGEST bytes of it."""
    return zlib.decompressobj(47).decompress(body, LARGEST) if encoding.strip().lower() == "gzip" else body


def _charset(kind: str) -> str:
    name = kind.lower().partition("charset=")[2].strip(" \"';") or "utf-8"
    try:
        return name if "".encode(name) == b"" and "a".encode(name) == b"a" else "utf-8"
    except (LookupError, ValueError, TypeError):
        return "utf-8"
