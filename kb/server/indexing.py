"""`kb index`: the articles as they are now become the current generation, by one builder at a time."""

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
from kb.files import locked
from kb.render.snapshot import Snapshot
from kb.server import origin
from search.index import build, embedder, generation, learned
from search.index.embedder import BadModel, Embedder
from search.index.generation import Stamps, stamps
from search.index.learned import Learned

BUILD_THREADS = 2
LONG = 10.0  # seconds of a build that leaves half a gigabyte behind, which no later one needs


class Indexer:
    """Builds generations of a folder of articles; one that stays knows most of the next from the last."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._parsed = Parsed(settings.data / "articles.jsonl")
        self._memory = build.Memory()
        self._encoder: Embedder | None = None
        self._models: Stamps = frozenset()

    def refresh(self, *, words_only: bool, now: datetime) -> dict[str, Any]:
        """Build what is missing and make it current; return what was done, with a sentence.

        With `words_only` a generation that has the same articles is good enough, with vectors or without. An embedder
        that cannot be had leaves the help center with words only, and the sentence says why.
        """
        began = time.monotonic()
        settings, memory = self._settings, self._memory
        settings.generations.mkdir(parents=True, exist_ok=True)
        with locked(settings.generations / ".lock"):
            shelf = library.load(settings.articles, default_lang=settings.lang, parsed=self._parsed)
            encoder, why = (None, "") if words_only else self._encoder_or_reason()
            before = build.current_path(settings.generations)
            taught = _taught(settings, encoder)
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
        """Read now what the next generation will take over from this one."""
        self._memory.before(build.current_path(self._settings.generations))

    def _encoder_or_reason(self) -> tuple[Embedder | None, str]:
        """Return the embedder, the one that is loaded already while its files are as they were."""
        models = stamps(self._settings.data / "models", Path(self._settings.embedder.removeprefix(embedder.AUTO)))
        if self._encoder is not None and models == self._models:
            return self._encoder, ""
        self._encoder, why = encoder_or_reason(self._settings)
        self._models = models if why == "" else frozenset()
        return self._encoder, why


def refresh(settings: Settings, *, words_only: bool, now: datetime) -> dict[str, Any]:
    """Build what is missing and make it current, once; return what `Indexer.refresh` does."""
    return Indexer(settings).refresh(words_only=words_only, now=now)


def stay(settings: Settings, line: socket.socket, say: Callable[[dict[str, Any]], None]) -> None:
    """Look at the articles for each byte that arrives on `line`, and answer it with one, until that is closed.

    An error ends the process: whoever asks starts another, which knows nothing that may be wrong.
    """
    indexer = Indexer(settings)
    gc.disable()  # tens of thousands of articles are not garbage: they are gone through while nobody waits
    while asked := line.recv(1):
        done = indexer.refresh(words_only=False, now=datetime.now(UTC))
        say(done)
        line.send(asked)
        indexer.prepare()
        gc.collect()
        if done["seconds"] > LONG:
            with suppress(AttributeError):  # of glibc
                ctypes.CDLL(None).malloc_trim(0)


def forget_questions(settings: Settings, *, now: datetime) -> str:
    """Build the index anew where something was learned, and keep no older one; return a sentence, empty otherwise.

    What was learned remembers questions as vectors, in the index and in the cache beside it.
    """
    from deflect.learn import installed

    if installed.read(settings) is None:
        return ""
    refresh(settings, words_only=False, now=now)
    build.prune(settings.generations, keep=0)
    return "the index was rebuilt without them"


def _taught(settings: Settings, encoder: Embedder | None) -> Learned | None:
    """Return what was learned and fits the embedder, if anything."""
    if encoder is None or not (settings.articles / learned.FOLDER).is_dir():
        return None
    from deflect.learn import installed  # half a second of imports, which an author who saves a file need not wait for

    return installed.installed(settings, encoder)


def encoder_or_reason(settings: Settings) -> tuple[Embedder | None, str]:
    """Return the embedder that builds vectors, or None and why there is none."""
    try:
        return embedder.load(settings.embedder, models=settings.data / "models", threads=BUILD_THREADS, build=True), ""
    except BadModel as error:
        return None, f"; words only, because {error}"


def _serves(
    path: Path, shelf: Library, *, encoder: Embedder | None, taught: Learned | None, now: datetime, memory: build.Memory
) -> bool:
    """Return True if the generation in `path` is whole, has these articles, and vectors where they are wanted."""
    if encoder is None:
        recipe, taught = generation.read_manifest(path).recipe, learned.load(path)
    else:
        recipe = encoder.recipe
    return path.name == build.fingerprint(shelf, recipe=recipe, now=now, taught=taught) and build.intact(path, memory)


def _without_page(path: Path, shelf: Library, *, now: datetime) -> list[str]:
    """Return a sentence for each published article that could not be rendered and so has no page."""
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
    counts = ", ".join(f"{count:,} {name}" for name, count in sorted(manifest.counts.items()))
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
