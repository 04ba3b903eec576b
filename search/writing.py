"""Writing the files of a generation: documents, units, the words of each language, the vectors of each space."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kb.article import Article
from search import generation, passage, vectors
from search.analyzer import analyzer, codes
from search.embedder import Embedder, Space, crosses, spaces
from search.generation import Document, Manifest, SpaceFile
from search.passage import SectionLike, Unit
from search.postings import Segment, compile_postings
from search.vectors import Progress

if TYPE_CHECKING:
    from search import keyword

WORDS = "words"  # the recipe of a generation without vectors
ANALYSIS = "2"  # changes with what an article's terms are: older word indexes are not reused


@dataclass(frozen=True, slots=True)
class Content:
    """An article version with its sections, and whether it may be offered."""

    article: Article
    sections: Sequence[SectionLike]
    offers: bool = True


def nothing(done: int, total: int) -> None:
    """Report no progress."""


def write(
    work: Path,
    contents: Sequence[Content],
    *,
    previous: Path | None,
    cache: Path,
    embedder: Embedder | None,
    name: str,
    content: str,
    default_lang: str,
    extra: Mapping[str, Any],
    progress: Progress,
) -> None:
    """Write the generation of `contents` to the folder `work`, its manifest last."""
    ordered = sorted(contents, key=lambda c: (c.article.lang, c.article.id))
    per_article = [passage.units(c.article, c.sections) for c in ordered]
    units = [unit for some in per_article for unit in some]
    documents = _documents(ordered, per_article)
    generation.write_documents(work, documents)
    generation.write_units(work, units)
    _write_words(work, ordered, per_article, previous)
    files = _write_vectors(work, documents, units, cache, embedder, progress)
    Manifest(
        version=generation.VERSION,
        fingerprint=name,
        content=content,
        recipe=embedder.recipe if embedder else WORDS,
        spaces=files,
        crosses=embedder is not None and crosses(embedder),
        default_lang=default_lang,
        counts={"articles": len({d.article for d in documents}), "documents": len(documents), "units": len(units)},
        files=generation.checksums(work),
        extra={**extra, "analysis": ANALYSIS},
    ).write(work)


def _documents(contents: Sequence[Content], per_article: Sequence[Sequence[Unit]]) -> list[Document]:
    found, first = [], 0
    for content, some in zip(contents, per_article, strict=True):
        a = content.article
        found.append(
            Document(
                article=a.id,
                lang=a.lang,
                title=a.title,
                url=a.address,
                category=a.category,
                offers=content.offers,
                audience=a.audience,
                summary=a.summary,
                first=first,
                last=first + len(some),
            )
        )
        first += len(some)
    return found


def _write_words(
    work: Path, contents: Sequence[Content], per_article: Sequence[Sequence[Unit]], previous: Path | None
) -> None:
    """Bring the word index of each language up to date, from the previous generation's, and compile it."""
    from search import keyword

    numbers: dict[str, dict[str, int]] = defaultdict(dict)
    for number, content in enumerate(contents):
        numbers[content.article.lang][content.article.id] = number
    for lang, places in sorted(numbers.items()):
        hashes = {id: _hash(contents[number].article, per_article[number]) for id, number in places.items()}

        def document(
            id: str, hashes: Mapping[str, str] = hashes, places: Mapping[str, int] = places
        ) -> keyword.WordDocument:
            return keyword.WordDocument(id, hashes[id], fields(contents[places[id]].article, per_article[places[id]]))

        target = work / "keyword" / lang
        if previous is None:  # the first minute: the next generation keeps Whoosh's index, too
            segments = [keyword.counted(map(document, places))]
        else:
            known = previous / "keyword" / lang if _reusable(previous, lang) else None
            segments = _updated(target, hashes, document, previous=known)
        compile_postings(segments, places, target / "postings")


def _updated(
    target: Path, hashes: Mapping[str, str], document: Callable[[str], keyword.WordDocument], *, previous: Path | None
) -> list[Segment]:
    """Bring Whoosh's index up to date in `target`, from the previous one's if it can be used; return its postings."""
    from search import keyword

    if previous is not None:
        keyword.copy(previous / "whoosh", target / "whoosh")
        keyword.copy(previous / "segments", target / "segments")
    index = keyword.WordIndex(target / "whoosh")
    kept = index.kept()
    index.update(
        remove=sorted(id for id in kept if hashes.get(id) != kept[id]),
        add=(document(id) for id in hashes if kept.get(id) != hashes[id]),
    )
    return index.segments(target / "segments")


def _reusable(previous: Path, lang: str) -> bool:
    manifest = generation.read_manifest(previous)
    below = (f"keyword/{lang}/whoosh/", f"keyword/{lang}/segments/")
    known = any(name.startswith(below) for name in manifest.files)
    return (
        known and manifest.extra.get("analysis") == ANALYSIS and not generation.damaged(previous, manifest, below=below)
    )


def _hash(article: Article, units: Sequence[Unit]) -> str:
    parts = [article.title, article.summary, *((u.kind, u.heading, u.text) for u in units)]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def fields(article: Article, units: Sequence[Unit]) -> dict[str, Mapping[str, int]]:
    """Return how often each term is in each field of an article."""
    count = analyzer(article.lang).count
    sections = [unit for unit in units if unit.kind == "section"]
    headings = "\n".join(dict.fromkeys(unit.heading for unit in sections))
    body = "\n".join([article.summary, *(unit.text for unit in sections)])
    queries = "\n".join(article.queries)
    in_title, in_queries, in_headings, in_body = map(count, (article.title, queries, headings, body))
    return {
        "title": in_title[0],
        "queries": in_queries[0],
        "headings": in_headings[0],
        "body": in_body[0],
        "exact": Counter(codes(f"{article.title}\n{queries}\n{headings}\n{body}")),
        "names": in_title[1] + in_queries[1] + in_headings[1],
        "words": in_body[1],
    }


def _write_vectors(
    work: Path,
    documents: Sequence[Document],
    units: Sequence[Unit],
    cache: Path,
    embedder: Embedder | None,
    progress: Progress,
) -> list[SpaceFile]:
    """Encode the units of the documents that each space is for, all others' from what was encoded before."""
    owners = np.repeat(np.arange(len(documents), dtype=np.int32), [d.last - d.first for d in documents])
    files = []
    for number, space in enumerate(spaces(embedder) if embedder else ()):
        first, last = _range(documents, space.lang)
        some = slice(documents[first].first, documents[last - 1].last) if last > first else slice(0, 0)
        own = owners[some]
        texts = [unit.embedded(documents[int(owner)].title) for unit, owner in zip(units[some], own, strict=True)]
        found = _cache(cache, space).encode(texts, embedder=space.embedder, progress=progress)
        name = f"vectors.{number}.npy"
        np.save(work / name, found)
        background = vectors.background(found, own)
        files.append(SpaceFile(space.embedder.recipe, space.lang, name, first, last, background))
    return files


def _cache(folder: Path, space: Space) -> vectors.VectorCache:
    recipe = space.embedder.recipe
    return vectors.VectorCache(folder / f"{recipe}.bin", recipe=recipe, dimensions=space.embedder.dimensions)


def _range(documents: Sequence[Document], lang: str) -> tuple[int, int]:
    """Return the documents of a language, which are neighbours, or all of them where none is named."""
    numbers = [number for number, document in enumerate(documents) if not lang or document.lang == lang]
    return (numbers[0], numbers[-1] + 1) if numbers else (0, 0)
