"""Store attachments on disk under their SHA-256, before the rows that refer to them are written."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from deflect.store.database import Row, Store
from deflect.store.file_kinds import KINDS, MB, kind_of
from kb.config import Settings
from kb.errors import BadRequest, StorageFull

RESERVE = 100 * MB  # bytes of free disk space that files leave for messages
LIFE = 3600  # seconds that a file without a ticket stays, for example from a form that was never sent
LONGEST_NAME = 120  # bytes in UTF-8
DIGEST = re.compile(r"[0-9a-f]{64}")
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

HAS = "SELECT 1 FROM attachments WHERE digest = :digest UNION ALL SELECT 1 FROM mails WHERE original = :digest LIMIT 1"

NOT_TAKEN = (
    "This file type isn't accepted. Send a picture (PNG, JPEG, GIF, WebP, HEIC), a PDF, a plain text file, "
    "a log, a CSV, or a Word, Excel or OpenDocument file without macros."
)
EMPTY = "This file is empty."
TOO_BIG = "This file is larger than %(each)s MB."
TOO_MANY = "You can attach at most %(most)s files."
TOO_MUCH = "Together, the files are larger than %(total)s MB."
NO_ROOM = "Files can't be saved right now. Send your message without them, or try again later."
NONE_TAKEN = "You can't attach files here."
GONE = "This file was only kept for an hour. Please choose it again."
SENTENCES = (NOT_TAKEN, EMPTY, TOO_BIG, TOO_MANY, TOO_MUCH, NO_ROOM, NONE_TAKEN, GONE)  # pages translate them


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file on disk: its cleaned name, detected media type, size in bytes, and SHA-256 in hex."""

    name: str
    media: str
    size: int
    digest: str


class Refused(BadRequest):
    """A refused file. `sentence` is one of SENTENCES, to be filled in from `limits`; `name` is the file's name."""

    def __init__(self, sentence: str, settings: Settings, *, name: str = "") -> None:
        self.sentence, self.limits, self.name = sentence, limits(settings), name
        super().__init__((f"{name}: " if name else "") + sentence % self.limits)


def limits(settings: Settings) -> dict[str, int]:
    """Return the limits: the number of files of a message, and the MB of each file and of all files."""
    return {"most": settings.attachments, "each": settings.attachments_each, "total": settings.attachments_total}


def folder(settings: Settings) -> Path:
    """Return the folder of all attachments."""
    return settings.data / "attachments"


def path_of(settings: Settings, digest: str) -> Path:
    """Return the path of the file with a digest. The file may not exist."""
    return place_of(folder(settings), digest)


def place_of(base: Path, digest: str) -> Path:
    """Return the path for a digest below the folder `base`."""
    return base / digest[:2] / digest


def keep(settings: Settings, data: bytes, *, name: str) -> Attachment:
    """Store one file on disk. Raise Refused, or StorageFull if the disk is full.

    The caller writes the row next (`deflect.tickets.ticket_writes`). A file without a row is removed after an hour.
    """
    incoming = Incoming(settings)
    incoming.write(data)
    return incoming.finish(name)


def keep_sealed(settings: Settings, data: bytes) -> str:
    """Store encrypted bytes on disk, without the checks of an attachment. Return their SHA-256 in hex.

    Raise StorageFull if the disk is full. The caller writes the row next, as for `keep`.
    """
    incoming = Incoming(settings, largest=len(data))
    incoming.write(data)
    return incoming.finish_sealed()


class Incoming:
    """A file being uploaded. It is written to a temporary file, which is deleted above the size limit."""

    def __init__(self, settings: Settings, *, largest: int | None = None) -> None:
        self.settings = settings
        self.size = 0
        self._largest = settings.attachments_each * MB if largest is None else largest
        self._hash = hashlib.sha256()
        self._file: BinaryIO | None = None
        self._path = folder(settings) / "tmp" / secrets.token_hex(16)
        self._full = False

    def write(self, data: bytes) -> int:
        """Write the next bytes. `finish` raises the error, if any."""
        self.size += len(data)
        if self._full or self.size > self._largest:
            self.drop()
            return len(data)
        try:
            file = self._file or self._begin()
            file.write(data)
        except OSError as error:
            self._gave_up(error)
        else:
            self._hash.update(data)
        return len(data)

    def finish(self, name: str) -> Attachment:
        """Move the file to its final path and return it. Delete it and raise Refused or StorageFull on an error."""
        with self._ending():
            return self._finished(name)

    def finish_sealed(self) -> str:
        """Move the file to its final path and return its SHA-256. Delete it and raise StorageFull on an error."""
        with self._ending():
            return self._moved(self._whole())

    def drop(self) -> None:
        """Delete the temporary file."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._path.unlink(missing_ok=True)
            self._file = None

    @contextmanager
    def _ending(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._gave_up(error)
            raise StorageFull(NO_ROOM) from error
        finally:
            self.drop()

    def _finished(self, name: str) -> Attachment:
        given = clean(name)
        if self.size > self._largest:
            raise Refused(TOO_BIG, self.settings, name=given)
        if not self.size:
            raise Refused(EMPTY, self.settings, name=given)
        file = self._whole()
        media = kind_of(self._path)
        if media is None:
            raise Refused(NOT_TAKEN, self.settings, name=given)
        return Attachment(clean(name, media), media, self.size, self._moved(file))

    def _whole(self) -> BinaryIO:
        """Return the complete temporary file. Raise StorageFull if the disk was full."""
        if self._full or self._file is None:
            raise StorageFull(NO_ROOM)
        self._file.flush()
        return self._file

    def _moved(self, file: BinaryIO) -> str:
        """Move the file to its final path, so that it survives a power failure. Return its digest."""
        os.fsync(file.fileno())
        digest = self._hash.hexdigest()
        place = path_of(self.settings, digest)
        place.parent.mkdir(exist_ok=True, mode=0o700)
        os.replace(self._path, place)  # replaces an older copy too, which renews its age
        for touched in (place.parent, place.parent.parent):
            _sync(touched)
        return digest

    def _begin(self) -> BinaryIO:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if shutil.disk_usage(self._path.parent).free < RESERVE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._file = os.fdopen(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "wb")
        return self._file

    def _gave_up(self, error: OSError) -> None:
        """Remember that the disk is full. Raise any other error again."""
        self.drop()
        if error.errno not in FULL:
            raise error
        self._full = True


def check_all(settings: Settings, files: Iterable[Attachment]) -> tuple[Attachment, ...]:
    """Return the files of a message without duplicates. Raise Refused if they are too many, or too large together."""
    kept = tuple(dict.fromkeys(files))
    if kept and not settings.attachments:
        raise Refused(NONE_TAKEN, settings)
    if len(kept) > settings.attachments:
        raise Refused(TOO_MANY, settings)
    if sum(file.size for file in kept) > settings.attachments_total * MB:
        raise Refused(TOO_MUCH, settings)
    return kept


def is_there(settings: Settings, file: Attachment) -> bool:
    """Return True if a file is still on disk. If so, it stays for another hour."""
    try:
        os.utime(path_of(settings, file.digest))
    except OSError:
        return False
    return True


def rows(files: Iterable[Attachment], *, new: Callable[[], str]) -> list[Row]:
    """Return the rows of a message's files, for `deflect.tickets.ticket_writes.keep_message`. `new` creates an id."""
    return [{"id": new(), "place": place, **asdict(file)} for place, file in enumerate(files, 1)]


def clean(name: str, media: str = "") -> str:
    """Return a file name that is safe to save: no path, no control or direction marks, at most 120 bytes.

    Its extension matches the media type.

    >>> clean("C:\\\\temp\\\\invoice.pdf"), clean("photo.exe", "image/png"), clean("../..", "text/plain")
    ('invoice.pdf', 'photo.exe.png', 'file.txt')
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    plain = "".join("_" if c in '<>:"|?*' else c for c in last if c.isprintable())
    stem, dot, end = plain.rstrip(" .").rpartition(".")
    if not dot or not 1 <= len(end) <= 8:
        stem, end = f"{stem}{dot}{end}", ""
    ends = KINDS.get(media, ())
    if ends and f".{end.lower()}" not in ends:
        stem, end = f"{stem}.{end}".strip(".") if end else stem, ends[0][1:]
    stem = stem.encode()[: LONGEST_NAME - 9].decode(errors="ignore").strip(" .") or "file"
    stem = f"_{stem}" if DEVICES.match(f"{stem}.") else stem
    return f"{stem}.{end}" if end else stem


def of_ticket(store: Store, ticket: str) -> list[Row]:
    """Return the attachments of a ticket, oldest first."""
    return store.rows("SELECT * FROM attachments WHERE ticket = ? ORDER BY created, place, id", [ticket])


def of_message(store: Store, message: str) -> list[Row]:
    """Return the files of one message."""
    return store.rows("SELECT * FROM attachments WHERE message = ? ORDER BY place, id", [message])


def one(store: Store, id: str) -> Row | None:
    """Return the file with this id, or None."""
    return store.one("SELECT * FROM attachments WHERE id = ?", [id])


def strays(settings: Settings, store: Store, *, before: float) -> Iterator[str]:
    """Yield the digests of files without a ticket or an e-mail, last touched before `before`.

    Deletes temporary files as old.
    """
    for path in _old(folder(settings).glob("tmp/*"), before):
        path.unlink(missing_ok=True)
    for path in _old(folder(settings).glob("[0-9a-f][0-9a-f]/*"), before):
        if DIGEST.fullmatch(path.name) and store.one(HAS, {"digest": path.name}) is None:
            yield path.name


def missing(settings: Settings, store: Store) -> list[Row]:
    """Return the attachments and the original e-mails of tickets whose files are missing from the disk."""
    found = store.rows(
        """
        SELECT DISTINCT digest, name, ticket FROM attachments
        UNION SELECT original, 'original e-mail', ticket FROM mails WHERE original IS NOT NULL AND ticket IS NOT NULL
        ORDER BY ticket, name
        """
    )
    return [row for row in found if not path_of(settings, row["digest"]).is_file()]


def _old(paths: Iterable[Path], before: float) -> Iterator[Path]:
    for path in paths:
        with suppress(OSError):
            if path.stat().st_mtime < before:
                yield path


def _sync(path: Path) -> None:
    """Flush a folder's entries to disk, so that a renamed file survives a power failure."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
