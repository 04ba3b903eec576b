"""Second factors of agents: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for a lost phone."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence

from sqlite_utils import Database

from deflect.offers.episode import new_id
from deflect.store import clock
from deflect.store.clock import SECOND
from deflect.store.database import Row, Store
from deflect.store.tokens import same
from deflect.store.writer import Writer, write
from deflect.tickets.ticket_writes import audit
from kb.errors import BadRequest

STEP = 30  # seconds that a code is shown
SPENT = 10  # recovery codes that an agent gets
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_secret() -> str:
    """Return a random secret for an authenticator app, in base 32."""
    import pyotp

    return pyotp.random_base32()


def address(secret: str, *, name: str, title: str) -> str:
    """Return the otpauth:// address that an authenticator app reads from a QR code."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=title)


def picture(text: str) -> str:
    """Return a QR code as a data: address of an SVG image."""
    import segno

    return segno.make(text, error="m").svg_data_uri(scale=5, border=4, light="white")


def needs(store: Store, name: str) -> bool:
    """Return True if an agent has a second factor."""
    return store.one("SELECT 1 FROM second_factors WHERE id = ?", [name]) is not None


def having(store: Store) -> frozenset[str]:
    """Return the names of the agents with a second factor."""
    return frozenset(row["id"] for row in store.rows("SELECT id FROM second_factors"))


def add(store: Store, writer: Writer, name: str, *, secret: str, code: str, entry: str) -> list[str]:
    """Store a secret that the agent's app knows, and return the recovery codes. Raise BadRequest for a wrong code."""
    step = _step_of(secret, code, after=0, now=clock.now())
    if step is None:
        raise BadRequest("this code is wrong; type the newest code of the app, and check the clock of your phone")
    codes = ["".join(secrets.choice(LETTERS) for _ in range(10)) for _ in range(SPENT)]
    kept = [_digest(code) for code in codes]
    writer.run(keep_factor, id=name, secret=secret, step=step, recovery=kept, entry=entry, now=clock.now())
    return codes


def remove(writer: Writer, name: str, *, who: str, entry: str) -> bool:
    """Remove an agent's second factor; return False if there was none."""
    return bool(writer.run(drop_factor, id=name, who=who, entry=entry, now=clock.now())["removed"])


def accepts(store: Store, writer: Writer, name: str, code: str) -> bool:
    """Return True if the code is the agent's. Each code works once."""
    row = store.one("SELECT secret, step, recovery FROM second_factors WHERE id = ?", [name])
    if row is None:
        return False
    step, entry = _step_of(row["secret"], code, after=row["step"], now=clock.now()), new_id()
    if step is not None:
        return bool(writer.run(spend_step, id=name, step=step, entry=entry)["spent"])
    digest = next((kept for kept in json.loads(row["recovery"]) if same(kept, _digest(code))), None)
    return digest is not None and bool(writer.run(spend_recovery, id=name, digest=digest, entry=entry)["spent"])


def _step_of(secret: str, code: str, *, after: int, now: int) -> int | None:
    """Return the time step of a code, None if it is wrong or not later than `after`. One step of drift is accepted."""
    import pyotp

    typed, current = "".join(code.split()), now // SECOND // STEP
    totp = pyotp.TOTP(secret)
    right = [step for step in (current, current - 1, current + 1) if same(totp.at(step * STEP), typed)]
    return next((step for step in right if step > after), None)


def _digest(code: str) -> str:
    """Return the hash of a recovery code, which is random, so that a slow hash adds nothing."""
    return hashlib.sha256("".join(code.split()).lower().replace("-", "").encode("utf-8", "replace")).hexdigest()


@write()
def keep_factor(db: Database, *, id: str, secret: str, step: int, recovery: Sequence[str], entry: str, now: int) -> Row:
    """Store an agent's second factor, in place of an earlier one."""
    db.execute(
        "INSERT OR REPLACE INTO second_factors (id, secret, step, recovery, entry, created) VALUES (?, ?, ?, ?, ?, ?)",
        [id, secret, step, json.dumps(list(recovery)), entry, now],
    )
    audit(db, id=entry, who=id, did="add second factor", what=id, now=now)
    return {}


@write()
def drop_factor(db: Database, *, id: str, who: str, entry: str, now: int) -> Row:
    """Remove an agent's second factor."""
    removed = db.execute("DELETE FROM second_factors WHERE id = ?", [id]).rowcount
    if removed:
        audit(db, id=entry, who=who, did="remove second factor", what=id, now=now)
    return {"removed": removed}


@write()
def spend_step(db: Database, *, id: str, step: int, entry: str) -> Row:
    """Mark the code of a time step as used, once; `entry` tells a repeated call from a second use."""
    sql = "UPDATE second_factors SET step = ?, entry = ? WHERE id = ? AND (step < ? OR entry = ?)"
    return {"spent": db.execute(sql, [step, entry, id, step, entry]).rowcount}


@write()
def spend_recovery(db: Database, *, id: str, digest: str, entry: str) -> Row:
    """Remove a recovery code, once."""
    row = db.execute("SELECT recovery, entry FROM second_factors WHERE id = ?", [id]).fetchone()
    left = json.loads(row["recovery"]) if row else []
    if row and row["entry"] == entry:
        return {"spent": 1}
    if digest not in left:
        return {"spent": 0}
    left.remove(digest)
    db.execute("UPDATE second_factors SET recovery = ?, entry = ? WHERE id = ?", [json.dumps(left), entry, id])
    return {"spent": 1}
