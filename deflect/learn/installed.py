"""Write and read the learned ranking: files in the articles' repository, and questions from the store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deflect.learn.evidence import everything
from deflect.learn.lessons import Lesson
from deflect.store.database import reading
from deflect.store.database_file import is_new
from kb import progress
from kb.config import Settings
from kb.errors import BadSetting
from kb.files import shared_with_others, written_aside
from search.index import embedder
from search.index.embedder import Embedder, Vectors
from search.index.learned import FOLDER, Learned
from search.index.vectors import VectorCache
from search.text import message

FILE, HEAD = "tuning.json", "head.npz"

Encode = Callable[[Sequence[str]], Vectors]
Resets = Mapping[str, int]  # article -> the time up to which its outcomes no longer count


def read(settings: Settings) -> dict[str, Any] | None:
    """Return `tuning.json`, or None if nothing was learned; raise BadSetting if it cannot be read."""
    file = settings.articles / FOLDER / FILE
    if not file.is_file():
        return None
    try:
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if not {"recipe", "until", "resets", "articles", "weights", "questions"} <= document.keys():
            raise ValueError("keys are missing")
    except (OSError, ValueError) as error:
        raise BadSetting(f"{file} cannot be read; run 'kb tune' again, or remove its folder") from error
    return document


def write(folder: Path, taught: Learned, report: Mapping[str, Any], *, until: int, resets: Resets, **more: Any) -> None:
    """Write the head's weights and then the report to a folder kept in git; the questions stay in the store."""
    with shared_with_others():
        _write(folder, taught, report, until=until, resets=resets, **more)


def _write(
    folder: Path, taught: Learned, report: Mapping[str, Any], *, until: int, resets: Resets, **more: Any
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    counts = np.bincount(taught.solved, minlength=len(taught.articles)).tolist()
    document = {
        "recipe": taught.recipe,
        "questions": taught.questions,
        "until": until,  # microseconds: later outcomes were not learned from
        "resets": dict(sorted(resets.items())),
        "weights": dict(taught.weights),
        "articles": dict(zip(taught.articles, counts, strict=True)),  # how many questions each solved
        "report": report,
        **more,
    }
    with written_aside(folder / HEAD) as file:
        np.savez(file, centre=taught.centre, head=taught.head, meant=taught.meant)
    with written_aside(folder / FILE) as file:
        file.write(json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n")


def installed(settings: Settings, encoder: Embedder) -> Learned | None:
    """Return the learned ranking from its files and the store; None if nothing was learned for these vectors.

    Raise BadDatabase if there was a store that can't be read.
    """
    document = read(settings)
    if document is None or is_new(settings.database):
        return None
    own = next((s.embedder for s in embedder.spaces(encoder) if s.embedder.recipe == document["recipe"]), None)
    if own is None:
        return None
    articles = {id: column for column, id in enumerate(document["articles"])}
    with reading(settings) as store:
        known = everything(store)
    past = [one for one in counting(known, document["resets"], until=document["until"]) if one.article in articles]
    try:
        with np.load(settings.articles / FOLDER / HEAD) as head:
            return Learned(
                recipe=document["recipe"],
                articles=tuple(articles),
                centre=head["centre"],
                head=head["head"],
                memory=encoding(settings, own, keep=known)([text_of(one) for one in past]),
                solved=np.asarray([articles[one.article] for one in past], dtype=np.int32),
                weights=document["weights"],
                questions=document["questions"],
                meant=head["meant"],
                counts=_counts(past),
            )
    except (OSError, ValueError, KeyError) as error:
        file = settings.articles / FOLDER / HEAD
        raise BadSetting(f"{file} cannot be read; run 'kb tune' again, or remove its folder") from error


def counting(past: Iterable[Lesson], resets: Resets, *, until: int | None = None) -> list[Lesson]:
    """Return the outcomes that count: those up to `until` and, for an article that changed, after its reset."""
    return [one for one in past if one.at > resets.get(one.article, -1) and (until is None or one.at <= until)]


def _counts(past: Sequence[Lesson]) -> NDArray[np.float32] | None:
    """Return the weight of each outcome, or None if all weigh 1."""
    weights = np.asarray([one.weight for one in past], dtype=np.float32)
    return weights if (weights != 1.0).any() else None


def encoding(settings: Settings, encoder: Embedder, *, keep: Sequence[Lesson] | None = None) -> Encode:
    """Return a function that encodes questions and caches their vectors, by hash, beside those of the articles.

    With `keep`, the cached vectors of all other questions are removed, such as those of erased people.
    """
    cache = VectorCache(
        settings.data / "vectors" / f"questions-{encoder.recipe}.bin",
        recipe=encoder.recipe,
        dimensions=encoder.dimensions,
    )
    if keep is not None:
        cache.forget_others([text_of(one) for one in keep])
    return lambda texts: cache.encode(texts, embedder=encoder, progress=progress.reporter("Encoding questions"))


def text_of(lesson: Lesson) -> str:
    """Return the text of a question that is encoded, the same as for an offer."""
    return message.read(lesson.subject, lesson.body).whole
