"""Write the files of an index generation.

A generation lists its documents by language and id, and their passages (title, questions, sections) in the same order.
Neighbouring documents form a bundle, which has one file of passages and one of vectors per space. A bundle that has not
changed since the previous generation is linked. In other bundles, unchanged articles keep their passages and vectors,
and only the rest is encoded. Encoding and the word index run in parallel. Whoosh updates the word index, which is then
compiled to postings; a search reads only these. The manifest is written last; a folder without it is no generation.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kb.content.article import Article
from kb.files import link_or_copy
from kb.progress import Report, silent
from kb.render.bundles import Bundle, bundles
from kb.render.rendered import Section
from search.index import generation, passage, vectors
from search.index.embedder import Embedder, Space, crosses, spaces
from search.index.generation import Checksums, Document, Manifest, SpaceFile, passages_file, vectors_file
from search.index.passage import Passage
from search.index.postings import Segment, compile_postings
from search.index.reuse import ANALYSIS, Before, Fresh, Kept, Share
from search.text import joins
from search.text.analyzer import analyzer, codes, releases

if TYPE_CHECKING:
    from search.index import keyword

WORDS = "words"  # the recipe of a generation without vectors


@dataclass(frozen=True, slots=True)
class Encoding:
    """How to encode texts: the embedder, if any, and the folder that caches its vectors."""

    embedder: Embedder | None
    cache: Path
    progress: Report = silent


@dataclass(frozen=True, slots=True)
class About:
    """The part of a manifest that can't be derived from the files."""

    name: str  # of the generation
    content: str  # a hash of the articles
    default_lang: str
    extra: Mapping[str, Any] = field(default_factory=dict)


class Filing:
    """Writes the bundles of a new generation to `work`. Unchanged ones are linked from the previous generation."""

    def __init__(
        self, work: Path, documents: Sequence[Document], shares: Sequence[Share], *, before: Before | None
    ) -> None:
        self._work, self._documents, self._before = work, documents, before
        self.bundles = bundles([document.version for document in documents])
        self._shares = {bundle: shares[bundle.first : bundle.last] for bundle in self.bundles}
        self._same = frozenset(b for b in self.bundles if before is not None and before.has(b, self._shares[b]))

    def write_passages(self) -> None:
        """Write the passages, and arrays of their ends in the files and of their kinds."""
        (self._work / "units").mkdir()
        sizes, kinds = [np.zeros(1, dtype=np.int64)], [np.zeros(0, dtype=np.uint8)]
        for bundle in self.bundles:
            name = passages_file(bundle)
            if self._before is not None and bundle in self._same:
                link_or_copy(self._before.folder / name, self._work / name)
                lengths, of = self._before.passages_of(bundle)
            else:
                blocks = [share.block() for share in self._shares[bundle]]
                (self._work / name).write_bytes(b"".join(text for text, _, _ in blocks))
                lengths = np.asarray([length for _, lengths, _ in blocks for length in lengths], dtype=np.int64)
                of = np.asarray([kind for _, _, kinds in blocks for kind in kinds], dtype=np.uint8)
            sizes.append(lengths)
            kinds.append(of)
        np.save(self._work / generation.ENDS, np.cumsum(np.concatenate(sizes)))
        np.save(self._work / generation.PASSAGE_KINDS, np.concatenate(kinds))

    def write_vectors(self, encoding: Encoding) -> list[SpaceFile]:
        """Write the vectors of each space: linked or reused from the previous generation, cached, or encoded."""
        found = enumerate(spaces(encoding.embedder) if encoding.embedder else ())
        return [self._write_space(f"vectors/{number}", space, encoding) for number, space in found]

    def _write_space(self, folder: str, space: Space, encoding: Encoding) -> SpaceFile:
        (self._work / folder).mkdir(parents=True)
        recipe, dimensions = space.embedder.recipe, space.embedder.dimensions
        own = [bundle for bundle in self.bundles if space.lang in ("", self._documents[bundle.first].lang)]
        written = [bundle for bundle in own if not self._linked(bundle, recipe, folder)]
        known = {n: share.vectors(recipe) for bundle in written for n, share in self._numbered(bundle)}
        new = [(n, share) for bundle in written for n, share in self._numbered(bundle) if known[n] is None]
        texts = [p.embedded(self._documents[n].title) for n, share in new for p in share.passages()]
        encoded = np.empty((0, dimensions), dtype=np.float32)
        if texts:
            cache = vectors.VectorCache.of(encoding.cache, space.embedder)
            encoded = cache.encode(texts, embedder=space.embedder, progress=encoding.progress)
        ends = np.cumsum([share.count for _, share in new])
        known |= {n: encoded[end - share.count : end] for (n, share), end in zip(new, ends, strict=True)}
        for bundle in written:
            parts = (known[n] for n in range(bundle.first, bundle.last))
            rows = np.concatenate([part for part in parts if part is not None], dtype="<f4")
            np.save(self._work / vectors_file(folder, bundle), rows)
        first, last = (own[0].first, own[-1].last) if own else (0, 0)
        return SpaceFile(recipe, space.lang, folder, dimensions, first, last, self._background(folder, own))

    def _numbered(self, bundle: Bundle) -> Iterable[tuple[int, Share]]:
        return enumerate(self._shares[bundle], bundle.first)

    def _linked(self, bundle: Bundle, recipe: str, folder: str) -> bool:
        """Link a bundle's vectors from the previous generation. Return False if it has none of this recipe."""
        found = self._before.vectors_of(bundle, recipe) if self._before is not None and bundle in self._same else None
        if found is not None:
            link_or_copy(found, self._work / vectors_file(folder, bundle))
        return found is not None

    def _background(self, folder: str, own: Sequence[Bundle]) -> float:
        """Return the mean cosine of passages of different articles, from an even sample of all files."""
        some = self._documents[own[0].first : own[-1].last] if own else []
        owners = np.repeat(np.arange(len(some), dtype=np.int32), [document.last - document.first for document in some])
        numbers, found, first = vectors.even(len(owners)), [], 0
        for bundle in own:
            rows = np.asarray(np.load(self._work / vectors_file(folder, bundle), mmap_mode="r"))
            found.append(rows[numbers[(numbers >= first) & (numbers < first + len(rows))] - first])
            first += len(rows)
        return vectors.background(np.concatenate(found), owners[numbers]) if found else 0.0


@dataclass(frozen=True, slots=True)
class Content:
    """An article version with its sections.

    If the previous generation has it unchanged, `kept` holds its passages and `sections` is not read.
    """

    article: Article
    sections: Sequence[Section]
    offers: bool = True  # False in a category without offers
    source: str = ""  # identifies the file's content
    kept: Kept | None = None

    def share(self) -> Share:
        """Return the article's passages, kept or new."""
        return self.kept or Fresh(passage.passages(self.article, self.sections))


def write(
    work: Path,
    contents: Sequence[Content],
    *,
    about: About,
    encoding: Encoding,
    before: Before | None = None,
    checksums: Checksums | None = None,
    beside: Callable[[], None] = lambda: None,
) -> None:
    """Write the generation of `contents` to the folder `work`, its manifest last.

    `beside` waits for the files that other threads write to the folder. It is called before the checksums are computed.
    """
    ordered = sorted(contents, key=lambda c: (c.article.lang, c.article.id))
    shares = [content.share() for content in ordered]
    documents = _documents(ordered, shares)
    generation.write_documents(work, documents)
    filing = Filing(work, documents, shares, before=before)
    filing.write_passages()
    with ThreadPoolExecutor(1) as other:  # the encoder releases the GIL
        written = other.submit(filing.write_vectors, encoding)
        write_words(work, ordered, before=before, shares=shares)
        found = written.result()
    checksums = checksums or Checksums()
    beside()
    files = generation.checksums_below(work, checksums)
    embedder = encoding.embedder
    Manifest(
        version=generation.VERSION,
        fingerprint=about.name,
        content=about.content,
        recipe=embedder.recipe if embedder else WORDS,
        bundles=filing.bundles,
        spaces=found,
        crosses=embedder is not None and crosses(embedder),
        default_lang=about.default_lang,
        counts=_counts(documents),
        files=files,
        extra={**about.extra, "analysis": ANALYSIS, "vouched": checksums.vouched(work, files)},
    ).write(work)


def _counts(documents: Sequence[Document]) -> dict[str, int]:
    passages = documents[-1].last if documents else 0
    return {"articles": len({d.article for d in documents}), "documents": len(documents), "units": passages}


def _documents(contents: Sequence[Content], shares: Sequence[Share]) -> list[Document]:
    found, first = [], 0
    for content, share in zip(contents, shares, strict=True):
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
                last=first + share.count,
                source=content.source,
            )
        )
        first += share.count
    return found


def write_words(
    work: Path, contents: Sequence[Content], *, before: Before | None, shares: Sequence[Share] | None = None
) -> None:
    """Update the word index of each language from the previous generation, and compile it."""
    from search.index import keyword

    shares = [content.share() for content in contents] if shares is None else shares
    numbers: dict[str, dict[str, int]] = defaultdict(dict)
    for number, content in enumerate(contents):
        numbers[content.article.lang][content.article.id] = number
    for lang, places in sorted(numbers.items()):
        articles = {id: (contents[number], shares[number]) for id, number in places.items()}
        target = work / "keyword" / lang
        if before is None:  # saves time on the first build; the next generation also writes Whoosh's index
            segments = [keyword.counted(_document(*article) for article in articles.values())]
        else:
            segments = _updated(target, articles, lang=lang, before=before)
        limited = any(content.article.audience for content, _ in articles.values())
        compile_postings(segments, places, target / "postings", limited=limited)


def _document(content: Content, share: Share) -> keyword.WordDocument:
    from search.index import keyword

    article, passages = content.article, share.passages()
    return keyword.WordDocument(article.id, _hash(article, passages), fields(article, passages))


def _updated(
    target: Path, articles: Mapping[str, tuple[Content, Share]], *, lang: str, before: Before
) -> list[Segment]:
    """Update Whoosh's index in `target` from the previous one, if any. Return its postings."""
    from search.index import keyword

    there = before.indexed(lang)
    if there:
        keyword.copy(before.folder / "keyword" / lang / "whoosh", target / "whoosh")
        keyword.copy(before.folder / "keyword" / lang / "segments", target / "segments")
    index = keyword.WordIndex(target / "whoosh")
    unchanged = {id for id in there & articles.keys() if articles[id][0].kept is not None}
    made_again = index.hashes(there & articles.keys() - unchanged)
    unchanged |= {
        id for id, hash in made_again.items() if hash == _hash(articles[id][0].article, articles[id][1].passages())
    }
    index.update(
        remove=sorted(there - unchanged),
        add=(_document(*article) for id, article in articles.items() if id not in unchanged),
    )
    return index.segments(target / "segments", before.segments.setdefault(lang, {}))


def _hash(article: Article, passages: Sequence[Passage]) -> str:
    parts = [article.title, article.summary, *((p.kind, p.heading, p.text) for p in passages)]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def fields(article: Article, passages: Sequence[Passage]) -> dict[str, Mapping[str, int]]:
    """Return the count of each term in each field of an article."""
    count = analyzer(article.lang).count
    sections = [p for p in passages if p.kind == "section"]
    headings = "\n".join(dict.fromkeys(p.heading for p in sections))
    body = "\n".join([article.summary, *(p.text for p in sections)])
    queries = "\n".join((*article.queries, *article.names))
    in_title, in_queries, in_headings, in_body = map(count, (article.title, queries, headings, body))
    found = codes(f"{article.title}\n{queries}\n{headings}\n{body}")
    names = (article.title, *article.queries, *headings.split("\n"))
    return {
        "title": in_title[0],
        "queries": in_queries[0],
        "headings": in_headings[0],
        "body": in_body[0],
        "joined": joins.forms(analyzer(article.lang), names=names, body=body),
        "exact": Counter([*found, *(release for code in found for release in releases(code))]),
        "names": in_title[1] + in_queries[1] + in_headings[1],
        "words": in_body[1],
    }
