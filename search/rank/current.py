"""Open the current generation, and the next one when it is built.

A search that is under way finishes with the generation it began with.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from kb.config import Settings
from kb.errors import BadGeneration
from kb.failures import degraded
from kb.render.snapshot import Snapshot
from search.index.build import CURRENT, current_path
from search.index.embedder import Embedder
from search.index.generation import MANIFEST
from search.rank.searcher import EVERYBODY, Searcher

LOOK = 0.1  # seconds between checks of `current`; a check takes a few microseconds
FOLLOW = 0.2  # seconds between checks of a server without requests
AGAIN = 30.0  # seconds until a model that failed to load is tried again


class Current:
    """Provides the searcher of the current generation. A request keeps the searcher that it got."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._searcher: Searcher | None = None
        self._articles: tuple[Path, Snapshot] | None = None  # opened while there is no searcher yet
        self._opened = ""
        self._looked = 0.0
        self._since = 0.0
        self._refused = ""
        self._encoder: Embedder | None = None
        self._cold = False  # True if the models are loaded but have not read their files yet
        self._lock = threading.Lock()

    def get(self) -> Searcher:
        """Return the searcher of the current generation. Raise BadGeneration if no generation can be served.

        A damaged new generation does not replace a working one.
        """
        searcher = self._searcher
        if searcher is not None and time.monotonic() - self._looked < LOOK:
            return searcher
        if searcher is not None and not self._lock.acquire(blocking=False):
            return searcher  # another thread is checking
        if searcher is None:
            self._lock.acquire()
        try:
            searcher = self._look()
            if self._cold:
                self._cold = False
                threading.Thread(target=searcher.warm, daemon=True).start()
            return searcher
        finally:
            self._lock.release()

    def snapshot(self) -> Snapshot:
        """Return the articles without waiting for a model or a new generation. Raise BadGeneration without an index."""
        if self._searcher is not None:
            return self._searcher.snapshot
        path = current_path(self._settings.generations)
        if path is None:
            raise BadGeneration(f"{self._settings.generations} contains no index yet; run 'kb index'")
        if self._articles is None or self._articles[0] != path:
            self._articles = path, Snapshot.open(path)
        return self._articles[1]

    def warm(self) -> None:
        """Open the current generation, if any, and its models before a server forks, so that its workers share them."""
        with suppress(BadGeneration), self._lock:
            self._look().warm()  # not in a thread, since no thread may run while the process forks
            self._cold = False

    def follow(self, ended: threading.Event) -> None:
        """Open new generations in a thread until `ended` is set, so that no request waits for them."""
        threading.Thread(target=self._follow, args=(ended,), daemon=True).start()

    def _follow(self, ended: threading.Event) -> None:
        while not ended.wait(FOLLOW):
            with suppress(BadGeneration, OSError):
                self.get()

    def _look(self) -> Searcher:
        self._looked = time.monotonic()
        name, made = self._read()
        if self._searcher is not None and made in (self._opened, self._refused, "") and not self._worth_another_try():
            return self._searcher
        if not made:
            raise BadGeneration(
                f"{self._settings.generations} contains no index yet; run 'kb index', or wait until it is built"
            )
        self._since = time.monotonic()
        try:
            new = Searcher.open(self._settings.generations / name, settings=self._settings, encoder=self._encoder)
            new.collection.seen_by(EVERYBODY)  # made here, so that no search waits for it
            self._searcher = new
            self._opened, self._refused = made, ""
            if self._encoder is not self._searcher.encoder:
                self._encoder = self._searcher.encoder
                self._cold = True
        except (BadGeneration, OSError) as error:
            if self._read()[1] != made:  # it was replaced and removed while being opened
                return self._look()
            self._refused = made
            if self._searcher is None:
                degraded("no-index", error)
                raise BadGeneration(str(error)) from error
            degraded("old-generation", error)
        return self._searcher

    def _worth_another_try(self) -> bool:
        failed = self._searcher is not None and self._searcher.degraded == "embedder-failed"
        return failed and bool(self._opened) and time.monotonic() - self._since >= AGAIN

    def _read(self) -> tuple[str, str]:
        """Return the current generation's name, and a mark that changes if it is built again under that name."""
        try:
            name = os.readlink(self._settings.generations / CURRENT)
            return name, f"{name} {os.stat(self._settings.generations / name / MANIFEST).st_ino}"
        except OSError:
            return "", ""
