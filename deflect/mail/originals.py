"""Keep the original of each e-mail, so that nothing is lost if its text was decoded wrongly.

An original is compressed, encrypted and stored beside the attachments. Its random key is in the row of the e-mail only:
once the row is erased, the file and every copy of the file are unreadable.
"""

from __future__ import annotations

import os
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from deflect.mail.message import LARGEST
from deflect.store.attachments import keep_sealed, path_of
from deflect.store.database import Row, Store
from kb.config import Settings
from kb.errors import NotFound, StorageFull
from kb.failures import degraded

OF_TICKET = "SELECT id, message, original, seal FROM mails WHERE ticket = ? AND original IS NOT NULL"
ONE = "SELECT id, ticket, message, original, seal FROM mails WHERE id = ? OR message = ?"
NONCE = 12  # bytes at the start of a sealed file


def keep_raw(settings: Settings, raw: bytes) -> dict[str, str]:
    """Store an e-mail of at most LARGEST bytes, the rest is cut. Return its columns of the table `mails`.

    Return an empty dictionary if the disk is full: a ticket is worth more than the original of its e-mail. A file whose
    columns are never stored in a row is removed after an hour.
    """
    key, nonce = AESGCM.generate_key(256), os.urandom(NONCE)
    sealed = nonce + AESGCM(key).encrypt(nonce, zlib.compress(raw[:LARGEST]), None)
    try:
        return {"original": keep_sealed(settings, sealed), "seal": key.hex()}
    except StorageFull as error:
        degraded("no-original", error)
        return {}


def read_raw(settings: Settings, row: Row) -> bytes:
    """Return the e-mail of a row of the table `mails`. Raise NotFound if it was not kept, is missing or is damaged."""
    if not row["original"]:
        raise NotFound("the original of this e-mail was not kept")
    try:
        sealed = path_of(settings, row["original"]).read_bytes()
        return zlib.decompress(AESGCM(bytes.fromhex(row["seal"])).decrypt(sealed[:NONCE], sealed[NONCE:], None))
    except (OSError, InvalidTag, ValueError, zlib.error) as error:
        raise NotFound("the original of this e-mail is missing from the disk or damaged; run 'kb doctor'") from error


def of_ticket(store: Store, ticket: str) -> dict[str, Row]:
    """Return the e-mails of a ticket whose originals were kept, by the id of their message."""
    return {row["message"]: row for row in store.rows(OF_TICKET, [ticket])}


def one(store: Store, id: str) -> Row:
    """Return the e-mail with an id, or the e-mail of a message. Raise NotFound if there is none."""
    found = store.one(ONE, [id, id])
    if found is None:
        raise NotFound(f"there is no e-mail {id}; 'kb export mails' lists them")
    return found
