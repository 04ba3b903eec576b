"""Passwords of agents: which are accepted, and how they are stored and compared."""

from __future__ import annotations

import hashlib
import re

from werkzeug.security import check_password_hash, generate_password_hash

from deflect.store.tokens import same
from kb.errors import BadRequest

SHORTEST, LONGEST = 8, 1000
JUDGED = 72  # characters that decide how easy a password is to guess
EASY = 100_000_000  # a password that is found in fewer guesses is refused (score 3 of zxcvbn, Wheeler 2016)
OURS = (  # words that are easy to guess here, and common passwords that zxcvbn doesn't know
    "shortstop", "admin", "agent", "help", "center", "support", "desk", "helpdesk", "helpcenter", "service", "customer",
    "ticket", "passwort", "contraseña", "пароль", "йцукен", "密码",
)  # fmt: skip
METHOD = "scrypt"
NOBODY = generate_password_hash("nobody", method=METHOD)  # compared when there is no hash, to take as long


def judge(password: str, *, known: tuple[str, ...] = ()) -> None:
    """Raise BadRequest for a short or common password, or one made of the `known` words, such as the agent's name."""
    from zxcvbn import zxcvbn  # its lists of words take 70 ms

    if len(password) < SHORTEST:
        raise BadRequest(f"the password has fewer than {SHORTEST} characters; choose a longer one")
    words = [part for text in known for part in (text, text.partition("@")[0], *re.split(r"\W+", text)) if part]
    if zxcvbn(password[:JUDGED], user_inputs=[*words, *OURS])["guesses"] < EASY:
        raise BadRequest(
            "this password is easy to guess; choose a longer one, such as four words that don't belong together"
        )


def hash_of(password: str) -> str:
    """Return the hash of a password to store."""
    return generate_password_hash(password[:LONGEST], method=METHOD)


def fits(hash: str | None, password: str) -> bool:
    """Return True if a password has this hash. Without a hash it takes as long, and returns False."""
    return check_password_hash(hash or NOBODY, password[:LONGEST]) and hash is not None


def is_same(one: str, other: str) -> bool:
    """Return True if two passwords are the same. It takes as long as `fits`, so that nobody sees which is compared."""
    fits(None, other)
    return same(_digest(one), _digest(other))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
