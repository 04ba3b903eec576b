"""Who a ticket belongs to: keys that somebody proved, and keys that only perhaps lead to the same person.

Proven are the id of a token signed by the owner's server, and an address of that token or one that answered from the
ticket (`deflect.mail.threads.proves`). A typed address and a browser are not: anyone may type an address, and people
share browsers. So agents see as one person's only what a proven key leads to. The rest is perhaps the same person's,
shown apart with its reason, and an agent may set it apart for good.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from deflect.store.database import Row, Store

SAME_BROWSER, SAME_ADDRESS = "same browser", "same address typed"
BROWSER = "This browser"  # the name of what was done in it

# A proven address joins tickets, unless several signed ids have it: then it joins those without an id.
OWN = """
    WITH of_address AS (
        SELECT id, signed FROM tickets
        WHERE :proven AND address = :address AND (proven = 'token' OR (proven = 'reply' AND signed IS NULL))
    )
    SELECT id FROM tickets
    WHERE id = :id OR signed = :signed
       OR id IN (SELECT id FROM of_address WHERE (signed IS NULL AND :signed IS NULL)
                 OR (SELECT count(DISTINCT signed) FROM of_address) = 1)
    ORDER BY created DESC, id LIMIT 200
    """
NEAR = """
    SELECT id, coalesce(signed, address) AS key, email, verified, address, browser FROM tickets
    WHERE (browser = :browser OR address = :address) AND id NOT IN (SELECT value FROM json_each(:own))
    ORDER BY created DESC, id LIMIT 100
    """


@dataclass(frozen=True, slots=True)
class Near:
    """Perhaps the same person as a ticket's requester: a key, how to name it, the reasons, and its tickets."""

    key: str
    name: str
    why: tuple[str, ...]
    tickets: tuple[str, ...] = ()
    apart: bool = False  # an agent said that it is another person

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys under which an agent's word about it is kept."""
        return (self.key, *(f"ticket:{id}" for id in self.tickets))


@dataclass(frozen=True, slots=True)
class Identity:
    """A ticket's proven `keys` and `tickets`, and what is `near` them."""

    keys: tuple[str, ...]
    tickets: tuple[str, ...]
    near: tuple[Near, ...]


def proven_keys(ticket: Row) -> tuple[str, ...]:
    """Return the keys of a ticket that somebody proved, strongest first."""
    return tuple(filter(None, (ticket["signed"], ticket["address"] if _is_proven(ticket) else None)))


def marks(ticket: Row) -> tuple[str, ...]:
    """Return the keys that an agent's word about a requester may name; a new word is kept under the first."""
    return tuple(dict.fromkeys((*proven_keys(ticket), f"ticket:{ticket['id']}", ticket["signed"] or ticket["address"])))


def identity(store: Store, ticket: Row) -> Identity:
    """Return who a ticket belongs to."""
    own = tuple(row["id"] for row in store.rows(OWN, _fields(ticket)))
    keys, mine, said = proven_keys(ticket), set(marks(ticket)), _apart(store, ticket)
    found: dict[tuple[str, bool], Near] = {}
    itself = ((ticket["browser"], BROWSER, SAME_BROWSER), (ticket["address"], ticket["email"], SAME_ADDRESS))
    for key, name, why in itself:
        if key and key not in keys:
            _add(found, Near(key, name, (why,), apart=_says(said, mine, {key})))
    for row in store.rows(NEAR, _fields(ticket) | {"own": json.dumps(own)}):
        apart = _says(said, mine, {f"ticket:{row['id']}", row["key"]})
        _add(found, _near_ticket(row, ticket, apart=apart))
    return Identity(keys, own, tuple(found.values()))


def _fields(ticket: Row) -> Row:
    return {name: ticket[name] for name in ("id", "signed", "address", "browser")} | {"proven": _is_proven(ticket)}


def _is_proven(ticket: Row) -> bool:
    """Return True if the address is proven to be the requester's: a reply doesn't prove it of somebody signed in."""
    return ticket["proven"] == "token" or (ticket["proven"] == "reply" and not ticket["signed"])


def _near_ticket(row: Row, ticket: Row, *, apart: bool) -> Near:
    reasons = ((SAME_ADDRESS, row["address"] == ticket["address"]), (SAME_BROWSER, _same(row, ticket, "browser")))
    name = f"{row['verified']}, {row['email']}" if row["key"] != row["address"] else row["email"]
    return Near(row["key"], name, tuple(why for why, is_so in reasons if is_so), (row["id"],), apart)


def _same(one: Row, other: Row, name: str) -> bool:
    return one[name] is not None and one[name] == other[name]


def _add(found: dict[tuple[str, bool], Near], one: Near) -> None:
    """Add to the same key's entry, with the reasons and tickets of both."""
    known = found.get((one.key, one.apart), Near(one.key, one.name, (), apart=one.apart))
    why = tuple(dict.fromkeys([*known.why, *one.why]))
    found[one.key, one.apart] = Near(one.key, known.name, why, (*known.tickets, *one.tickets), one.apart)


def _apart(store: Store, ticket: Row) -> Sequence[Row]:
    sql = """
        SELECT one, other FROM apart
        WHERE one IN (SELECT value FROM json_each(:marks)) OR other IN (SELECT value FROM json_each(:marks))
        """
    return store.rows(sql, {"marks": json.dumps(marks(ticket))})


def _says(rows: Sequence[Row], one: set[str], other: set[str]) -> bool:
    """Return True if an agent said that one of these keys is another person than one of those."""
    return any((r["one"] in one and r["other"] in other) or (r["other"] in one and r["one"] in other) for r in rows)
