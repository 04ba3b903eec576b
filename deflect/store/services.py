"""The services that every request needs, and the state that an application keeps between requests.

`kb.site.app.create_app` makes both once for each application, so that two applications in one process share nothing.
The classes of state, such as the cache of the report, belong to rooms above this one. `add_state` gives an application
one value of each class, and `state(Class)` returns it during a request. Each value holds its own lock, since a worker
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
SLOT = struct.Struct("<Qd")  # a hash of who asks, and the time at which that one has used up nothing


class Limiter:
    """Counts by generic cell rate: `rate` at once, then one each `60 / rate` seconds.

    No lock is held between processes, so that a worker killed at any moment blocks nobody; two workers that count
    the same address in the same microsecond may let one request too many through. When the table is full,
    whoever has used least makes room.
    """

    def __init__(self) -> None:
        self._table = mmap.mmap(-1, SLOTS * SLOT.size)
        self._key = secrets.token_bytes(16)
        self._lock = threading.Lock()

    def wait(self, name: str, who: str, *, rate: int, now: float) -> float:
        """Count one request and return 0; or, uncounted, return the seconds until it would pass. Rate 0 never waits."""
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
        """Return the place of `tag` and its time, or a free place, or that of whoever has used least."""
        best, least = 0, math.inf
        for probe in range(PROBES):
            place = (tag + probe) % SLOTS * SLOT.size
            found, used_until = SLOT.unpack_from(self._table, place)
            if found == tag:
                return place, min(used_until, now + 60.0)  # a clock that was set back must not lock anybody out
            if used_until < least:
                best, least = place, used_until
        return best, 0.0


def network(address: str) -> str:
    """Return what counts as one address: an IPv4 address, or the /64 that an IPv6 customer has to himself."""
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
    """Settings, the current index, the store to read, the writer to write, and the rate limits."""

    settings: Settings
    current: Current
    store: Store
    writer: Writer
    limiter: Limiter


def services() -> Services:
    """Return the services of the application that answers this request."""
    found: Services = current_app.extensions[EXTENSION]
    return found


def add_state(app: Flask, *values: object) -> None:
    """Give an application its own state: one value of each class."""
    for value in values:
        app.extensions[_name(type(value))] = value


def state(kind: type[T]) -> T:
    """Return the state of a class that belongs to the application that answers this request."""
    found: T = current_app.extensions[_name(kind)]
    return found


def _name(kind: type) -> str:
    """Return the key of a class among Flask's extensions, such as "shortstop.popular"."""
    return f"{EXTENSION}.{kind.__name__.lower()}"
