"""Addresses that the server itself calls: resolved once, judged, and then called at exactly what was judged."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from kb.errors import HelpCenterError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Sequence[str]]

WRAPPED = (  # ranges of IPv6 that carry an IPv4 address: mapped, compatible, translated (two), 6to4, Teredo
    (ipaddress.ip_network("::ffff:0:0/96"), 0),
    (ipaddress.ip_network("::/96"), 0),
    (ipaddress.ip_network("64:ff9b::/96"), 0),
    (ipaddress.ip_network("64:ff9b:1::/48"), 0),
    (ipaddress.ip_network("2002::/16"), 80),
)
TEREDO = ipaddress.ip_network("2001::/32")


class BadAddress(HelpCenterError):
    """An address that the server must not call, or that nobody answers to."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address to call: the connection goes to `ip`, TLS and the Host header to `host`."""

    scheme: str
    host: str
    port: int
    ip: str
    path: str

    @property
    def host_header(self) -> str:
        """The Host header, with the port where it is not the scheme's own."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == {"http": 80, "https": 443}[self.scheme] else f"{name}:{self.port}"


def resolve(url: str, *, allow: Iterable[str] = (), resolver: Resolver | None = None) -> Target:
    """Return where `url` leads, pinned to one address; raises BadAddress with the reason.

    Each of the name's addresses must be public or within `allow`: a name with one private address is refused
    whole, and since the judged address is the one called, a name that changes between two looks gains nothing.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError as error:
        raise BadAddress(f"{url}: this is no address") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise BadAddress(f"{url}: only http:// and https:// without a user name are called")
    networks = [ipaddress.ip_network(text, strict=False) for text in allow]
    ips = (resolver or _look_up)(parts.hostname, port)
    for ip in ips:
        if not permitted(ip, networks):
            raise BadAddress(
                f"{parts.hostname} is {ip}, which is not public; KB_ALLOW_NETWORKS lists private networks to reach"
            )
    if not ips:
        raise BadAddress(f"{parts.hostname}: this name has no address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port, ips[0], path)


def permitted(ip: str, networks: Sequence[Network]) -> bool:
    """Say whether `ip`, and the IPv4 address that it may carry, is public or allowed."""
    address = ipaddress.ip_address(ip.split("%")[0])
    return all(
        _public(one) or any(one in net for net in networks if net.version == one.version) for one in _unwrapped(address)
    )


def _public(address: Address) -> bool:
    site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not (address.is_multicast or address.is_reserved or site_local)


def _unwrapped(address: Address) -> list[Address]:
    """Return what is really reached: the IPv4 address that an IPv6 one carries, else the address itself."""
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
        raise BadAddress(f"{host}: this name is not known ({error})") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
