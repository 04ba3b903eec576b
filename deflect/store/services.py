"""The services that every request needs, and the state that an application keeps between requests.

`kb.site.app.create_app` creates both once for each application, so that two applications in one process share nothing.
The classes of state, such as the cache of the report, belong to rooms above this one. `add_state` gives an application
one value of each class, and `state(Class)` returns it during a request. Each value has its own lock, because a worker
answers several requests at a time.
"""

from __future__ import annotations

import ipaddress
import math
import mmap
import secrets
import struct
import threading
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

from flask import Flask, current_app

from deflect.store.database import Store
from deflect.store.writer import Writer
from kb.config import Settings

SLOTS = 1 << 16  # 16 bytes each: 1 MB
PROBES = 8
SLOT = struct.Struct("<Qd")  # a hash of the name and the client, and the time when its use is back to zero


class Limiter:
    """Limits rates with the generic cell rate algorithm: `rate` requests at once, then one every `60 / rate` seconds.

    Processes share the table without a lock, so that a killed worker cannot block the others. If two workers count the
    same client in the same microsecond, one request too many may pass. When the table is full, the client with the
    least use makes room.
    """

    def __init__(self) -> None:
        self._table = mmap.mmap(-1, SLOTS * SLOT.size)
        self._key = secrets.token_bytes(16)
        self._lock = threading.Lock()

    def wait(self, name: str, who: str, *, rate: int, now: float) -> float:
        """Count a request and return 0, or return the seconds to wait without counting it. Rate 0 means no limit."""
        if rate <= 0:
            return 0.0
        pause = 60.0 / rate
        tag = self._tag(name, who)
        with self._lock:
            place, used_until = self._find(tag, now=now)
            over = max(used_until, now) + pause - now - 60.0
            if over > 1e-6:
                return over
            SLOT.pack_into(self._table, place, tag, max(used_until, now) + pause)
        return 0.0

    def _tag(self, name: str, who: str) -> int:
        digest = blake2b(f"{name} {who}".encode("utf-8", "replace"), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest, "little") or 1

    def _find(self, tag: int, *, now: float) -> tuple[int, float]:
        """Return the place and time of `tag`, otherwise a free place or the place of the client with the least use."""
        best, least = 0, math.inf
        for probe in range(PROBES):
            place = (tag + probe) % SLOTS * SLOT.size
            found, used_until = SLOT.unpack_from(self._table, place)
            if found == tag:
                return place, min(used_until, now + 60.0)  # if the clock was set back, don't block clients for long
            if used_until < least:
                best, least = place, used_until
        return best, 0.0


def network(address: str) -> str:
    """Return the network that counts as one client: an IPv4 address, or a customer's /64 of IPv6 addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


if TYPE_CHECKING:
    from search.rank.current import Current

EXTENSION = "shortstop"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Services:
    """The settings, the current index, the store for reading, the writer for writing, and the rate limiter."""

    settings: Settings
    current: Current
    store: Store
    writer: Writer
    limiter: Limiter


def services() -> Services:
    """Return the services of the current application."""
    found: Services = current_app.extensions[EXTENSION]
    return found


def add_state(app: Flask, *values: object) -> None:
    """Add state to an application: one value of each class."""
    for value in values:
        app.extensions[_name(type(value))] = value


def state(kind: type[T]) -> T:
    """Return the current application's state of a class."""
    found: T = current_app.extensions[_name(kind)]
    return found


def _name(kind: type) -> str:
    """Return the key of a class among Flask's extensions, such as "shortstop.popular"."""
    return f"{EXTENSION}.{kind.__name__.lower()}"
