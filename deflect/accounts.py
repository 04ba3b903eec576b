"""The agents' account: one user, `admin`, whose password is set by the operator and known here only as a hash."""

from __future__ import annotations

import hashlib
import hmac

from werkzeug.security import check_password_hash, generate_password_hash

from deflect import clock
from deflect.store import Store
from deflect.writer import writer_for
from kb.config import Settings
from kb.errors import BadSetting

USER = "admin"
SHORTEST = 8
NOBODY = generate_password_hash("nobody", method="scrypt")  # a wrong user name costs as long as a wrong password


def set_password(settings: Settings, password: str) -> None:
    """Keep the hash of a new password; raises BadSetting when it is too short."""
    if len(password) < SHORTEST:
        raise BadSetting(f"the password has fewer than {SHORTEST} characters; choose a longer one")
    store = Store.open(settings.database)
    writer = writer_for(store, settings.writer_socket)
    try:
        writer.call("set_password", id=USER, hash=generate_password_hash(password, method="scrypt"), now=clock.now())
    finally:
        writer.close()
        store.close()


def has_password(settings: Settings) -> bool:
    """Say whether somebody can log in."""
    if settings.admin_password:
        return True
    store = Store.open(settings.database)
    try:
        return stamp(store, settings) is not None
    finally:
        store.close()


def matches(store: Store, settings: Settings, *, user: str, password: str) -> bool:
    """Say whether this is the agent; takes as long for a wrong name as for a wrong password."""
    if settings.admin_password:
        same = hmac.compare_digest(_digest(settings.admin_password), _digest(password))
        return same and user == USER
    row = store.one("SELECT hash FROM admins WHERE id = ?", [USER])
    right = check_password_hash(row["hash"] if row else NOBODY, password)
    return bool(row) and right and user == USER


def stamp(store: Store, settings: Settings) -> str | None:
    """Return what changes with the password, so that older sessions end; None where there is no password."""
    if settings.admin_password:
        return hmac.new(store.secret("session").encode(), settings.admin_password.encode(), hashlib.sha256).hexdigest()[
            :16
        ]
    row = store.one("SELECT changed FROM admins WHERE id = ?", [USER])
    return str(row["changed"]) if row else None


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
