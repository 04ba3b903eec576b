"""`kb index`: build a generation of the articles and make it current. Only one builder runs at a time."""

from __future__ import annotations

import ctypes
import gc
import socket
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kb import progress
from kb.config import Settings
from kb.content import library
from kb.content.cache import Parsed
from kb.content.library import Library
from kb.errors import BadDatabase
from kb.failures import degraded
from kb.files import locked
from kb.render.snapshot import Snapshot
from kb.server import origin
from search.index import build, embedder, generation, learned
from search.index.embedder import BadModel, Embedder
from search.index.generation import Stamps, stamps
from search.index.learned import Learned

BUILD_THREADS = 2
LONG = 10.0  # seconds; a longer build leaves half a gigabyte of unused memory, which is freed
NAMES = {"units": "passages"}  # in the sentence; manifests keep the old name


class Indexer:
    """Builds generations of a folder of articles, and reuses the last generation for the next."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._parsed = Parsed(settings.data / "articles.jsonl")
        self._memory = build.Memory()
        self._encoder: Embedder | None = None
        self._models: Stamps = frozenset()

    def refresh(self, *, words_only: bool, now: datetime) -> dict[str, Any]:
        """Build a generation if needed and make it current; return a report.

        With `words_only`, a generation of the same articles is good enough, with or without vectors. If the embedder
        cannot be loaded, the generation has words only, and the sentence in the report gives the reason.
        """
        began = time.monotonic()
        settings, memory = self._settings, self._memory
        settings.generations.mkdir(parents=True, exist_ok=True)
        with locked(settings.generations / ".lock"):
            shelf = library.load(settings.articles, default_lang=settings.lang, parsed=self._parsed)
            encoder, why = (None, "") if words_only else self._encoder_or_reason()
            before = build.current_path(settings.generations)
            taught = _taught(settings, encoder, before=before)
            if before and _serves(before, shelf, encoder=encoder, taught=taught, now=now, memory=memory):
                origin.remember(settings)
                return _report(before, shelf, now=now, built=False, why=why, seconds=time.monotonic() - began)
            label = "Indexing" if encoder is None else "Embedding"
            path = build.build(
                shelf,
                settings.generations,
                embedder=encoder,
                taught=taught,
                now=now,
                progress=progress.reporter(label),
                memory=memory,
            )
            origin.remember(settings)
            build.activate(path)
            build.prune(settings.generations)
        return _report(path, shelf, now=now, built=True, why=why, seconds=time.monotonic() - began)

    def prepare(self) -> None:
        """Read the parts of the current generation that the next one will reuse."""
        self._memory.before(build.current_path(self._settings.generations))

    def _encoder_or_reason(self) -> tuple[Embedder | None, str]:
        """Return the embedder and "", or None and the reason; reuse a loaded embedder while its files are unchanged."""
        models = stamps(self._settings.data / "models", Path(self._settings.embedder.removeprefix(embedder.AUTO)))
        if self._encoder is not None and models == self._models:
            return self._encoder, ""
        self._encoder, why = encoder_or_reason(self._settings)
        self._models = models if why == "" else frozenset()
        return self._encoder, why


def refresh(settings: Settings, *, words_only: bool, now: datetime) -> dict[str, Any]:
    """Run `Indexer.refresh` once and return its report."""
    return Indexer(settings).refresh(words_only=words_only, now=now)


def stay(settings: Settings, line: socket.socket, say: Callable[[dict[str, Any]], None]) -> None:
    """Refresh the index for each byte that arrives on `line` and send the byte back, until `line` is closed.

    An error ends the process. The caller then starts a new one, which shares no state with it.
    """
    indexer = Indexer(settings)
    gc.disable()  # collecting among tens of thousands of articles takes long, so collect only when no one waits
    while asked := line.recv(1):
        done = indexer.refresh(words_only=False, now=datetime.now(UTC))
        say(done)
        line.send(asked)
        indexer.prepare()
        gc.collect()
        if done["seconds"] > LONG:
            with suppress(AttributeError):  # only glibc has malloc_trim
                ctypes.CDLL(None).malloc_trim(0)


def forget_questions(settings: Settings, *, now: datetime) -> str:
    """Rebuild the index if it has a learned ranking, and remove older generations; return a sentence, or "".

    A learned ranking keeps questions as vectors, in the index and in the cache beside it.
    """
    from deflect.learn import installed

    if installed.read(settings) is None:
        return ""
    refresh(settings, words_only=False, now=now)
    build.prune(settings.generations, keep=0)
    return "the index was rebuilt without them"


def _taught(settings: Settings, encoder: Embedder | None, *, before: Path | None) -> Learned | None:
    """Return the learned ranking that fits the embedder, or None.

    Its questions are in the database. While that can't be read, the ranking of the generation `before` is kept.
    """
    if encoder is None or not (settings.articles / learned.FOLDER).is_dir():
        return None
    from deflect.learn import installed  # half a second of imports, which authors should not wait for

    try:
        return installed.installed(settings, encoder)
    except BadDatabase as error:
        degraded("no-database", error)
        known = learned.load(before) if before else None
        return known if known and known.recipe in {s.embedder.recipe for s in embedder.spaces(encoder)} else None


def encoder_or_reason(settings: Settings) -> tuple[Embedder | None, str]:
    """Return the embedder and "", or None and the reason why there is none."""
    try:
        return embedder.load(settings.embedder, models=settings.data / "models", threads=BUILD_THREADS, build=True), ""
    except BadModel as error:
        return None, f"; words only, because {error}"


def _serves(
    path: Path, shelf: Library, *, encoder: Embedder | None, taught: Learned | None, now: datetime, memory: build.Memory
) -> bool:
    """Return True if the generation in `path` is intact and has these articles, with vectors if there is an encoder."""
    if encoder is None:
        recipe, taught = generation.read_manifest(path).recipe, learned.load(path)
    else:
        recipe = encoder.recipe
    return path.name == build.fingerprint(shelf, recipe=recipe, now=now, taught=taught) and build.intact(path, memory)


def _without_page(path: Path, shelf: Library, *, now: datetime) -> list[str]:
    """Return a sentence for each published article that has no page because it could not be rendered."""
    with closing(Snapshot.open(path)) as snapshot:
        pages = snapshot.versions()
    missing = [article for article in shelf.published(now) if article.version not in pages]
    return [f"{article.path}:1: the text cannot be rendered; run 'kb check' to see why" for article in missing]


def _report(path: Path, shelf: Library, *, now: datetime, built: bool, why: str, seconds: float) -> dict[str, Any]:
    manifest = generation.read_manifest(path)
    errors = [str(problem) for problem in shelf.problems if problem.severity == "error"]
    errors += _without_page(path, shelf, now=now)
    how = "words only" if manifest.recipe == build.WORDS else "words and vectors"
    what = f"built in {seconds:.1f} s" if built else "up to date"
    counts = ", ".join(f"{count:,} {NAMES.get(name, name)}" for name, count in sorted(manifest.counts.items()))
    lines = [f"index {path.name}: {counts}; {how}; {what}{why}", *(f"left out: {error}" for error in errors)]
    return {
        "built": built,
        "generation": path.name,
        "counts": dict(manifest.counts),
        "vectors": manifest.recipe != build.WORDS,
        "left_out": errors,
        "seconds": round(seconds, 3),
        "sentence": "\n".join(lines),
    }
