"""Read forms with files, and keep the files on disk while a visitor corrects the form.

A multipart form is parsed while it arrives: texts go to memory, up to a cap, and files go to disk. A refused file does
not stop the others. If the form has an error, it returns to the visitor with a signed list of the files on disk, which
then need no second upload. The list expires after an hour. At most half of a worker's threads store large forms at a
time, so a slow disk does not occupy all of them.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import astuple, dataclass, field
from hashlib import sha256
from typing import IO, Any, cast

from flask import Request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.exceptions import HTTPException
from werkzeug.formparser import FormDataParser
from werkzeug.sansio.multipart import NEED_DATA, Data, Epilogue, Field, File, MultipartDecoder

from deflect.store.attachments import GONE, LIFE, NONE_TAKEN, TOO_MANY, Attachment, Incoming, Refused, is_there
from deflect.store.file_kinds import MB
from deflect.store.services import Services, state
from kb.config import Settings
from kb.errors import BadRequest, HelpCenterError, StorageFull, TooLarge, Unavailable

MULTIPART = "multipart/form-data"
FIELD = "files"  # the name of the file parts in the form and in the API
PATIENCE = 3  # read and discard up to 3 times the cap of all files, so that the form can return the text
BUFFER = 64 * 1024  # bytes that the parser buffers
MOST_PARTS = 100


@dataclass(frozen=True, slots=True)
class Posted:
    """A posted form: its texts, the stored files, and the errors of refused files."""

    texts: Mapping[str, str]
    files: tuple[Attachment, ...] = ()
    refused: tuple[HelpCenterError, ...] = ()


def has_files(asked: Request) -> bool:
    """Return True if a request is a multipart form, which may contain files."""
    return asked.mimetype == MULTIPART


def read(asked: Request, settings: Settings, *, longest_text: int, taking: bool = True) -> Posted:
    """Read a multipart form and write its files to disk, or discard them unless `taking`.

    Raise TooLarge without reading a form that is far too large, Unavailable if half of the threads already read large
    forms, and BadRequest if the parts cannot be parsed.
    """
    most = longest_text + settings.attachments * BUFFER + PATIENCE * settings.attachments_total * MB
    if (asked.content_length or 0) > most:
        raise TooLarge("the files are far too large; send fewer or smaller ones")
    asked.max_content_length = most
    large = asked.content_length is None or asked.content_length > longest_text
    reading = _Reading(settings, asked.stream, longest_text, taking=taking)
    with state(Uploads).turn(max(1, settings.threads // 2)) if large else nullcontext(), reading:
        return reading.posted(asked)


def first_texts(asked: Request, *, longest_text: int) -> dict[str, str]:
    """Return the texts of a form that come before its first file, so that a form too large to read keeps them.

    The rest is not read. The result is empty if the parts cannot be parsed or the texts are too long.
    """
    asked.max_content_length = sys.maxsize
    boundary = asked.mimetype_params.get("boundary", "").encode("ascii", "replace")
    decoder = MultipartDecoder(boundary, max_form_memory_size=longest_text, max_parts=MOST_PARTS)
    texts: dict[str, str] = {}
    try:
        for name, value in _fields(decoder, asked.stream):
            texts[name] = value.decode("utf-8", "replace")
    except (ValueError, HTTPException):  # among them a client that stops sending
        return {}
    return texts


def _fields(decoder: MultipartDecoder, stream: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    name, value = "", b""
    while True:
        event = decoder.next_event()
        if event is NEED_DATA:
            decoder.receive_data(stream.read(BUFFER) or None)
        elif isinstance(event, (File, Epilogue)):
            return
        elif isinstance(event, Field):
            name, value = event.name, b""
        elif isinstance(event, Data):
            value += event.data
            if not event.more_data:
                yield name, value


@dataclass
class _Reading:
    """A form that is being read. It limits the bytes of texts, and deletes unfinished files at the end."""

    settings: Settings
    stream: IO[bytes]
    longest_text: int
    taking: bool = True
    came: int = 0
    filed: int = 0
    open: list[_Part] = field(default_factory=list)

    def __enter__(self) -> None:
        """Do nothing: the work is in __exit__."""

    def __exit__(self, *_: object) -> None:
        for part in self.open:
            part.file.drop()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes for the parser. Raise TooLarge if the texts exceed their cap."""
        data = self.stream.read(size)
        self.came += len(data)
        if self.came - self.filed > self.longest_text + 2 * BUFFER:
            raise TooLarge("the texts of the form are too long; shorten them")
        return data

    def begin(
        self, total_content_length: object, content_type: object, filename: str | None, content_length: object = None
    ) -> IO[bytes]:
        """Return a file object for the parser to write to. The parser calls this with these argument names."""
        named = bool(filename)
        part = _Part(self, named=named, taken=self._takes(named))
        self.open.append(part)
        return cast(IO[bytes], part)

    def _takes(self, named: object) -> bool:
        return bool(named) and self.taking and self._named() < self.settings.attachments

    def _named(self) -> int:
        return sum(part.named for part in self.open)

    def posted(self, asked: Request) -> Posted:
        """Parse the form and return its texts, files and errors."""
        parser = FormDataParser(
            stream_factory=cast(Any, self.begin),
            max_form_memory_size=self.longest_text + 2 * BUFFER,  # includes the buffered part of a file
            max_form_parts=MOST_PARTS,
            silent=False,
        )
        try:
            _, texts, parts = parser.parse(
                cast(IO[bytes], self), asked.mimetype, asked.content_length, asked.mimetype_params
            )
        except ValueError as error:
            raise BadRequest("the parts of the form cannot be read") from error
        if sum(len(text.encode("utf-8", "replace")) for text in texts.values()) > self.longest_text:
            raise TooLarge("the texts of the form are too long; shorten them")
        files: list[Attachment] = []
        refused: list[HelpCenterError] = []
        for sent in parts.getlist(FIELD):
            part = cast(_Part, sent.stream)
            if part.taken:
                try:
                    files.append(part.file.finish(sent.filename or ""))
                except (Refused, StorageFull) as error:
                    refused.append(error)
        if self._named() > self.settings.attachments:
            refused.append(Refused(TOO_MANY if self.settings.attachments else NONE_TAKEN, self.settings))
        return Posted(dict(texts.items()), tuple(files), tuple(refused))


class _Part:
    """A file of the form. Writes go to disk, or are discarded if there are too many files."""

    def __init__(self, reading: _Reading, *, named: bool, taken: bool) -> None:
        self.reading, self.named, self.taken = reading, named, taken
        self.file = Incoming(reading.settings)

    def write(self, data: bytes) -> int:
        """Write the next bytes."""
        self.reading.filed += len(data)
        return self.file.write(data) if self.taken else len(data)

    def seek(self, _offset: int) -> int:
        """Do nothing: the parser rewinds a complete file, which is not needed here."""
        return 0


class Uploads:
    """Limits the number of large forms that an application reads at a time."""

    def __init__(self) -> None:
        self._reading = 0
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, most: int) -> Iterator[None]:
        """Count a large form while it is read. Raise Unavailable if `most` are being read already."""
        with self._lock:
            if self._reading >= most:
                raise Unavailable("too many files are being uploaded; try again in a minute")
            self._reading += 1
        try:
            yield
        finally:
            with self._lock:
                self._reading -= 1


def hold(services: Services, files: Sequence[Attachment]) -> str:
    """Return a signed list of files to put into the form, or "" if there are none."""
    return _list(services).dumps([astuple(file) for file in files]) if files else ""


def held(services: Services, token: str) -> tuple[Attachment, ...]:
    """Return the files of a signed list, or none for "".

    Raise Refused if the signature is invalid, the list has expired, or one of its files is no longer on disk.
    """
    if not token:
        return ()
    try:
        rows, signed = _list(services).loads(token, return_timestamp=True)
    except BadData as error:
        raise Refused(GONE, services.settings) from error
    files = tuple(Attachment(*row) for row in rows)
    expired = time.time() - signed.timestamp() > LIFE
    lost = [file for file in files if expired or not is_there(services.settings, file)]
    if lost:
        raise Refused(GONE, services.settings, name=", ".join(file.name for file in lost))
    return files


def _list(services: Services) -> URLSafeTimedSerializer:
    how = {"key_derivation": "hmac", "digest_method": sha256}
    return URLSafeTimedSerializer(services.store.secret("session"), b"held files", signer_kwargs=how)
