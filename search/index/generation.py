"""An index generation on disk: its manifest, documents and passages, and a check of its files."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb import processes
from kb.content.article import Version
from kb.errors import BadGeneration
from kb.render.bundles import Bundle
from search.index.passage import Kind, Passage

VERSION = 7  # of the files; generations of another version are built again, never read
MANIFEST = "manifest.json"
SETTLED = 20_000_000  # nanoseconds; two changes to a file within this time may have the same mtime
YOUNG = 60.0  # seconds after a build during which the builder's checksums are trusted
ENDS, PASSAGE_KINDS = "units.ends.npy", "units.kinds.npy"
KINDS: tuple[Kind, ...] = ("title", "query", "section")

Stamp = tuple[int, int, int, int]  # device, inode, size, mtime in nanoseconds
Stamps = frozenset[tuple[str, Stamp]]
# Passages as lines of a file: their text, the length of each in bytes, the kind of each.
Block = tuple[bytes, Sequence[int], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Document:
    """One language of one article. Its passages are numbered from `first` up to but not including `last`."""

    article: str
    lang: str
    title: str
    url: str
    category: str
    offers: bool
    audience: tuple[str, ...]
    summary: str
    first: int
    last: int
    source: str = ""  # identifies the file's content, so that the next generation can reuse its passages

    @property
    def version(self) -> Version:
        """The article's id and the language."""
        return Version(self.article, self.lang)


_AUDIENCE = [field.name for field in fields(Document)].index("audience")


@dataclass(frozen=True, slots=True)
class SpaceFile:
    """The vectors of one recipe, for all passages of the documents from `first` up to but not including `last`."""

    recipe: str
    lang: str  # of its questions and documents; empty for all languages
    folder: str  # of its files, one per bundle of documents
    dimensions: int
    first: int
    last: int
    background: float  # mean cosine of passages of different documents


@dataclass(frozen=True, slots=True)
class Manifest:
    """The sources of a generation and the checksums of its files. It is written last."""

    version: int
    fingerprint: str
    content: str
    recipe: str  # of the embedder, or "words"
    bundles: Sequence[Bundle]  # neighbouring documents that share a file of passages, and one of vectors
    spaces: Sequence[SpaceFile]
    crosses: bool  # True if the vectors find texts in other languages
    default_lang: str
    counts: Mapping[str, int]
    files: Mapping[str, str]  # path below the generation -> sha256
    extra: Mapping[str, Any]

    def vectors(self, space: SpaceFile) -> list[tuple[Bundle, str]]:
        """Return the bundles of a space in order, each with the file of its vectors."""
        own = [bundle for bundle in self.bundles if space.first <= bundle.first and bundle.last <= space.last]
        return [(bundle, vectors_file(space.folder, bundle)) for bundle in own]

    def write(self, folder: Path) -> None:
        """Write the manifest, which completes the generation."""
        (folder / MANIFEST).write_text(json.dumps(asdict(self), indent=1, sort_keys=True), encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of the generation in `folder`. Raise BadGeneration if there is none of our version."""
    try:
        read = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if read.get("version") != VERSION:
            raise BadGeneration(f"{folder} was built by another version; run 'kb index'")
        spaces = [SpaceFile(**space) for space in read["spaces"]]
        return Manifest(**(read | {"spaces": spaces, "bundles": [Bundle(**bundle) for bundle in read["bundles"]]}))
    except FileNotFoundError as error:
        raise BadGeneration(f"{folder} contains no index generation; run 'kb index'") from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadGeneration(f"{folder / MANIFEST} cannot be read; run 'kb index'") from error


def stamps(*folders: Path) -> Stamps:
    """Return the path of each file in the folders, with its device, inode, size and mtime."""
    found = set()
    for path in (path for folder in folders if folder.is_dir() for path in folder.rglob("*")):
        with suppress(OSError):
            found.add((str(path), _stamp(path.stat())))
    return frozenset(found)


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def searched(name: str) -> bool:
    """Return True if a search reads the file. Only the next build reads the others."""
    return "/whoosh/" not in name and "/segments/" not in name


class Checksums:
    """The sha256 of files. A file is read again only if its inode, size or mtime changes."""

    def __init__(self) -> None:
        self._known: dict[Stamp, str] = {}

    def of(self, path: Path) -> str:
        """Return the sha256 of a file, or "" if it can't be read."""
        try:
            with path.open("rb") as file:
                found = os.fstat(file.fileno())
                stamp = _stamp(found)
                if stamp in self._known:
                    return self._known[stamp]
                checksum = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""
        if time.time_ns() - found.st_mtime_ns > SETTLED:
            self._known[stamp] = checksum
        return checksum

    def of_all(self, paths: Sequence[Path]) -> list[str]:
        """Return the sha256 of several files, read by two threads."""
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(self.of, paths))

    def forget_others(self, folder: Path) -> None:
        """Forget the checksums of files that are not below `folder`."""
        kept = {stamp for _, stamp in stamps(folder)}
        self._known = {stamp: checksum for stamp, checksum in self._known.items() if stamp in kept}

    def vouched(self, folder: Path, names: Iterable[str]) -> dict[str, Any]:
        """Return the files that other processes of the same `kb serve` needn't read again, with their stamps."""
        known = {name: list(_stamp((folder / name).stat())) for name in names}
        known = {name: stamp for name, stamp in known.items() if tuple(stamp) in self._known}
        return {"family": processes.word(), "files": known} if processes.word() else {}


def _vouched(folder: Path, manifest: Manifest, name: str) -> bool:
    """Return True if the builder in the same `kb serve` has just computed the checksum, and the file is unchanged.

    This saves time because a new generation is opened right after its build. A process that opens it more than YOUNG
    seconds later reads every file.
    """
    told = manifest.extra.get("vouched", {})
    with suppress(OSError):
        young = abs(time.time() - (folder / MANIFEST).stat().st_mtime) < YOUNG
        ours = young and bool(processes.word()) and told.get("family") == processes.word()
        return ours and told["files"].get(name) == list(_stamp((folder / name).stat()))
    return False


def damaged(
    folder: Path,
    manifest: Manifest,
    *,
    which: Callable[[str], bool] | None = None,
    checksums: Checksums | None = None,
    trusting: bool = False,
) -> list[str]:
    """Return the files that do not match their checksums in the manifest. `which` selects the files to check.

    With `trusting`, files that the builder in the same `kb serve` has just read are not read again.
    """
    names = filter(which, manifest.files)  # None keeps all names, since none is empty
    wanted = sorted(name for name in names if not (trusting and _vouched(folder, manifest, name)))
    found = (checksums or Checksums()).of_all([folder / name for name in wanted])
    return [name for name, checksum in zip(wanted, found, strict=True) if checksum != manifest.files[name]]


def checksums_below(folder: Path, checksums: Checksums | None = None) -> dict[str, str]:
    """Return the sha256 of every file below `folder`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith("LOCK"))
    found = (checksums or Checksums()).of_all(files)
    return {path.relative_to(folder).as_posix(): checksum for path, checksum in zip(files, found, strict=True)}


def write_documents(folder: Path, documents: Iterable[Document]) -> None:
    """Write one document per line: a list of its values, in the order of the fields."""
    values = attrgetter(*(field.name for field in fields(Document)))
    encode = json.JSONEncoder(ensure_ascii=False).encode
    lines = (encode(values(document)) for document in documents)
    (folder / "documents.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def read_documents(folder: Path) -> list[Document]:
    """Return the documents that `write_documents` wrote."""
    lines = (folder / "documents.jsonl").read_bytes().splitlines()
    rows = json.loads(b"[" + b",".join(lines) + b"]")  # a third of the time of parsing each line
    for row in rows:
        row[_AUDIENCE] = tuple(row[_AUDIENCE])
    return [Document(*row) for row in rows]


def block(passages: Sequence[Passage]) -> Block:
    """Encode passages as lines of their file."""
    rows = [json.dumps([passage.anchor, passage.heading, passage.text], ensure_ascii=False) for passage in passages]
    lines = [row.encode("utf-8", "replace") + b"\n" for row in rows]
    return b"".join(lines), [len(line) for line in lines], [KINDS.index(passage.kind) for passage in passages]


def passages_file(bundle: Bundle) -> str:
    """Return the file of a bundle's passages, relative to the generation."""
    return f"units/{bundle.name}.jsonl"


def vectors_file(folder: str, bundle: Bundle) -> str:
    """Return the file of a bundle's vectors in the space with this folder, relative to the generation."""
    return f"{folder}/{bundle.name}.npy"


class Passages(Sequence[tuple[str, str, str]]):
    """The (anchor, heading, text) of every passage, read from mapped files on demand."""

    def __init__(self, folder: Path, bundles: Sequence[Bundle], documents: Sequence[Document]) -> None:
        self._ends: NDArray[np.int64] = np.asarray(np.load(folder / ENDS, mmap_mode="r"))
        self.kinds: NDArray[np.uint8] = np.asarray(np.load(folder / PASSAGE_KINDS, mmap_mode="r"))
        self._firsts = [documents[bundle.first].first for bundle in bundles]
        self._files: list[mmap.mmap] = []
        for bundle in bundles:
            with (folder / passages_file(bundle)).open("rb") as file:
                self._files.append(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def __len__(self) -> int:
        return len(self.kinds)

    def __getitem__(self, number: Any) -> Any:
        if not 0 <= number < len(self):
            raise IndexError(number)
        return tuple(json.loads(self._bytes(number, number + 1)))

    def _bytes(self, first: int, last: int) -> bytes:
        place = bisect_right(self._firsts, first) - 1
        offset = int(self._ends[self._firsts[place]])
        return self._files[place][int(self._ends[first]) - offset : int(self._ends[last]) - offset]

    def lengths(self, first: int, last: int) -> NDArray[np.int64]:
        """Return the length in bytes of each passage from `first` up to but not including `last`."""
        return np.diff(self._ends[first : last + 1])

    def block(self, first: int, last: int) -> Block:
        """Return one document's passages, from `first` up to but not including `last`, as lines of their file."""
        return self._bytes(first, last), self.lengths(first, last).tolist(), self.kinds[first:last].tolist()


def complete(folder: Path) -> Iterator[Path]:
    """Yield the generations in `folder`, newest first."""
    if not folder.is_dir():
        return
    found = [path for path in folder.iterdir() if (path / MANIFEST).is_file() and not path.is_symlink()]
    yield from sorted(found, key=lambda path: (path / MANIFEST).stat().st_mtime_ns, reverse=True)
