"""Find what belongs to one person, and what only perhaps does, before any of it is erased.

A key that nobody proved never widens an erasure:

- A **browser** (visitor id) has its own events and episodes. Tickets sent from it belong to whoever wrote them, so they
  stay and are named; their link to the browser goes.
- An **address** has the tickets that it was typed into, because it is its owner's data wherever it was typed, with what
  offers kept of their texts; also its e-mails, its contacts and past questions. It has neither the browsers in which it
  was typed, nor the ticket of somebody signed in with another id, unless the token itself named the address.
- A **verified id** has the tickets, events, episodes and contacts that came with a signed token. What else came from
  the same browsers or addresses stays.

Whatever shares a browser or an address with that is named as perhaps the same person's, and goes only if it is named
to `kb erase --ticket`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from deflect.privacy.email_keys import email_hash, normal_email
from deflect.store.clock import to_datetime
from deflect.store.database import Row, Store
from deflect.store.people import EMAIL, VERIFIED, VISITOR
from kb.errors import BadRequest

RECORDS = """
    SELECT id, 'contact' AS what FROM contacts WHERE id IN (SELECT value FROM json_each(?))
    UNION ALL SELECT id, 'past question' FROM past_questions WHERE id IN (SELECT value FROM json_each(?))
    UNION ALL SELECT id, 'e-mail' FROM mails WHERE ticket IS NULL AND id IN (SELECT value FROM json_each(?)) ORDER BY 1
    """
TICKETS = """
    SELECT id, email FROM tickets
    WHERE id IN (SELECT value FROM json_each(:named)) OR signed IN (SELECT value FROM json_each(:keys))
       OR (address IN (SELECT value FROM json_each(:keys)) AND (signed IS NULL OR proven = 'token'))
    ORDER BY created, id
    """
BROWSERS = "SELECT browser FROM tickets WHERE id IN (SELECT value FROM json_each(:tickets))"
ADDRESSES = "SELECT address FROM tickets WHERE id IN (SELECT value FROM json_each(:tickets))"
PERHAPS = f"""
    SELECT id, created, subject, email, verified,
           browser IN ({BROWSERS}) OR browser IN (SELECT value FROM json_each(:keys)) AS same_browser,
           address IN ({ADDRESSES}) OR address IN (SELECT value FROM json_each(:keys)) AS same_address,
           :email != '' AND (instr(fold(email || ' ' || subject || ' ' || coalesce(name, '') || ' ' ||
                                        coalesce(fields, '')), :email)
                             OR EXISTS (SELECT 1 FROM messages WHERE ticket = tickets.id
                                        AND instr(fold(body || ' ' || coalesce(note, '')), :email))
                             OR EXISTS (SELECT 1 FROM drafts WHERE ticket = tickets.id
                                        AND instr(fold(text), :email))) AS mentions
    FROM tickets WHERE id NOT IN (SELECT value FROM json_each(:tickets)) AND (same_browser OR same_address OR mentions)
    ORDER BY created, id
    """
EVENTS = f"""
    SELECT key, count(*) AS events FROM events
    WHERE key IN ({BROWSERS}) AND key NOT IN (SELECT value FROM json_each(:keys)) GROUP BY key ORDER BY key
    """
JOINED = "SELECT person FROM keys WHERE id IN (SELECT value FROM json_each(:keys))"
# Of these, all keys are erased, so rows that were kept before rows had keys of their own are theirs too.
ALONE = f"""
    {JOINED} AND NOT EXISTS (SELECT 1 FROM keys AS other WHERE other.person = keys.person
                             AND other.id NOT IN (SELECT value FROM json_each(:keys)))
    """
UNCLEAR = f"""
    SELECT id, 'contact' AS what FROM contacts
    WHERE key IS NULL AND person IN ({JOINED}) AND person NOT IN ({ALONE})
    UNION ALL SELECT id, 'past question' FROM past_questions
    WHERE key IS NULL AND person IN ({JOINED}) AND person NOT IN ({ALONE})
    ORDER BY 1
    """


# E-mails of others that were not taken and name the address, such as bounces.
NAMING = """
    SELECT id, 'e-mail' AS what FROM mails
    WHERE ticket IS NULL AND sender NOT IN (SELECT value FROM json_each(:keys)) AND :email != ''
      AND instr(fold(coalesce(address, '') || ' ' || coalesce(name, '') || ' ' || coalesce(subject, '')), :email)
    ORDER BY 1
    """
# Addresses of the tickets to which nothing else belongs.
LOOSE = """
    SELECT DISTINCT address FROM tickets
    WHERE id IN (SELECT value FROM json_each(:tickets)) AND address IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM tickets AS other
        WHERE other.address = tickets.address AND other.id NOT IN (SELECT value FROM json_each(:tickets))
        UNION ALL SELECT 1 FROM contacts WHERE contacts.key = tickets.address
        UNION ALL SELECT 1 FROM past_questions WHERE past_questions.key = tickets.address
        UNION ALL SELECT 1 FROM events WHERE events.key = tickets.address)
    ORDER BY address
    """


@dataclass(frozen=True, slots=True)
class Belongings:
    """What goes with one erasure: keys, tickets, and contacts and past questions that were named.

    `gone` are the keys, and the addresses of the tickets to which nothing else belongs.
    """

    bare: str  # the name of the person, without its kind
    keys: tuple[str, ...]
    gone: tuple[str, ...]
    email: str  # in its normal form, "" if no address is erased
    tickets: tuple[str, ...]
    records: tuple[str, ...]
    addresses: tuple[str, ...]  # of the tickets

    def where(self) -> Row:
        """Return the parameters of the queries about these belongings."""
        lists = {"keys": self.keys, "gone": self.gone, "tickets": self.tickets, "records": self.records}
        return {"email": self.email} | {name: json.dumps(list(ids)) for name, ids in lists.items()}


def belongings(store: Store, person: str, *, named: Sequence[str] = ()) -> Belongings:
    """Return what belongs to a person, with the tickets, contacts and past questions that are `named`.

    A person is a visitor id, a verified id or an address, also with `visitor:`, `verified:` or `email:` before it.
    Raise BadRequest if a name is empty, no address, or could be two people's, or if something named does not exist.
    """
    kind, bare = _split(person)
    email = normal_email(bare) if kind in ("", EMAIL) and "@" in bare else ""
    if (person and not bare) or (kind == EMAIL and not email) or email.startswith("@") or email.endswith("@"):
        raise BadRequest(f"“{person}” names nobody; name a visitor id, a verified id or an e-mail address")
    keys = _keys(store, kind, bare) + ([email_hash(store.secret("email"), email)] if email else [])
    ids = json.dumps(list(named))
    records = [row["id"] for row in store.rows(RECORDS, [ids, ids, ids])]
    tickets = store.rows(TICKETS, {"named": ids, "keys": json.dumps(keys)})
    found = [row["id"] for row in tickets]
    if missing := sorted(set(named) - {*found, *records}):
        raise BadRequest(f"there is no ticket, contact or past question {', '.join(missing)}; it may have been erased")
    addresses = sorted({normal_email(row["email"]) for row in tickets})
    loose = [row["address"] for row in store.rows(LOOSE, {"tickets": json.dumps(found)})]
    gone = tuple(dict.fromkeys([*keys, *loose]))
    return Belongings(bare, tuple(keys), gone, email, tuple(found), tuple(records), tuple(addresses))


def listed(store: Store, found: Belongings) -> list[Row]:
    """Return the tickets that go, by id, date, subject and address."""
    sql = """
        SELECT id, created, subject, email, verified FROM tickets
        WHERE id IN (SELECT value FROM json_each(:tickets)) ORDER BY created, id
        """
    return store.rows(sql, {"tickets": json.dumps(list(found.tickets))})


def perhaps(store: Store, found: Belongings) -> Row:
    """Return what stays and is perhaps the same person's: tickets with the reason, browsers, and unclear records."""
    where = found.where()
    reasons = {"same_browser": "same browser", "same_address": "same address", "mentions": "mentions the address"}
    tickets = []
    for row in store.rows(PERHAPS, {name: where[name] for name in ("keys", "tickets", "email")}):
        about = {name: row[name] for name in ("id", "created", "subject", "email", "verified")}
        tickets.append(about | {"why": [why for name, why in reasons.items() if row[name]]})
    browsers = store.rows(EVENTS, {name: where[name] for name in ("keys", "tickets")})
    unclear = store.rows(UNCLEAR, {"keys": where["keys"]}) + store.rows(
        NAMING, {n: where[n] for n in ("keys", "email")}
    )
    records = [row for row in unclear if row["id"] not in found.records]
    return {"tickets": tickets, "browsers": browsers, "records": records}


def lines_of(near: Row) -> list[str]:
    """Return a line for each thing that is perhaps the same person's and stays, with how to erase it."""
    lines = [f"{told(t)}: kept ({', '.join(t['why'])}); if it is theirs: --ticket {t['id']}" for t in near["tickets"]]
    lines += [
        f"{b['key']}: {b['events']} events kept (same browser); if it is theirs: --person {b['key']}"
        for b in near["browsers"]
    ]
    lines += [
        f"{r['what']} {r['id']}: kept (unclear whose); if it is theirs: --ticket {r['id']}" for r in near["records"]
    ]
    return ["perhaps the same person:", *(f"  {line}" for line in lines)] if lines else []


def told(ticket: Row) -> str:
    """Return a ticket's id, date, address and subject as one line."""
    name = f"{ticket['email']}, signed in as {ticket['verified']}" if ticket["verified"] else ticket["email"]
    return f"ticket {ticket['id']} of {to_datetime(ticket['created']):%Y-%m-%d}, {name}, “{ticket['subject']}”"


def _keys(store: Store, kind: str, bare: str) -> list[str]:
    """Return the keys of browsers and signed-in people that a name stands for."""
    keys = [f"{one}{bare}" for one in (VISITOR, VERIFIED) if bare and kind in ("", one)]
    if sum(_is_known(store, key) for key in keys) > 1:
        raise BadRequest(f"{bare} is a browser and also somebody signed in; write visitor:{bare} or verified:{bare}")
    return keys


def _split(person: str) -> tuple[str, str]:
    bare = person.strip()
    for kind in (VISITOR, VERIFIED, EMAIL):
        if bare.startswith(kind):
            return kind, bare.removeprefix(kind)
    return "", bare


def _is_known(store: Store, key: str) -> bool:
    sql = "SELECT 1 AS found FROM keys WHERE id = ? UNION SELECT 1 FROM tickets WHERE signed = ? OR browser = ?"
    return store.one(sql, [key, key, key]) is not None
