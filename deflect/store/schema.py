"""The tables of the database, as migrations in order."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata

from sqlite_utils import Database, Migrations

migrations = Migrations("shortstop")


def _create(
    db: Database, name: str, columns: str, *, needed: str = "", pk: str | tuple[str, ...] = "id", indexes: str = ""
) -> None:
    """Create a table. Columns are text unless they end in `:int`; the columns in `needed` are never null.

    `indexes` are separated by commas, their columns by spaces.
    """
    types = {column.removesuffix(":int"): int if column.endswith(":int") else str for column in columns.split()}
    table = db.table(name).create(types, pk=pk, not_null=needed.split())
    for index in filter(None, indexes.split(",")):
        table.create_index(index.split())


@migrations()
def m001_people(db: Database) -> None:
    """People, their keys, and their episodes with their arms."""
    _create(db, "people", "id created:int", needed="created")
    _create(db, "keys", "id person created:int", needed="person created", indexes="person")
    columns = "id person arm channels page lang category started:int last:int"
    _create(db, "episodes", columns, needed="person arm channels started last", indexes="person started, started")


@migrations()
def m002_events(db: Database) -> None:
    """Events, which are only appended. Their redacted texts have a separate table with its own retention."""
    columns = "id type key episode article rank:int source revision reason at:int received:int data"
    indexes = "key received, episode, received type"
    _create(db, "events", columns, needed="type key at received", indexes=indexes)
    _create(db, "event_texts", "event text received:int", pk="event", needed="text received", indexes="received")


@migrations()
def m003_tickets(db: Database) -> None:
    """Tickets, their messages, the outbox with their deliveries, idempotency keys and outcomes."""
    columns = "id person episode subject email name category fields channel external_id lang page state"
    needed = "person subject email channel state created changed"
    _create(db, "tickets", f"{columns} created:int changed:int", needed=needed, indexes="state created, person")
    needed = "ticket author channel body created"
    _create(db, "messages", "id ticket author channel body created:int", needed=needed, indexes="ticket created")
    columns = "id ticket message sink state tries:int due:int created:int changed:int note"
    needed = "ticket message sink state tries due created changed"
    _create(db, "outbox", columns, needed=needed, indexes="state due, ticket")
    _create(db, "idempotency", "key digest ticket created:int", pk="key")
    _create(db, "outcomes", "id ticket article by created:int", needed="created", indexes="ticket")


@migrations()
def m004_admin(db: Database) -> None:
    """Generated secrets, the admin's password, the audit log, and refused origins."""
    _create(db, "secrets", "name value", pk="name", needed="value")
    _create(db, "admins", "id hash changed:int", needed="hash changed")
    _create(db, "audit", "id who did what created:int", indexes="created")
    _create(db, "refused_origins", "id path times:int first:int last:int", needed="times first last")


@migrations()
def m005_sessions(db: Database) -> None:
    """Sessions of agents as rows, so that logging out also ends a stolen session."""
    _create(db, "sessions", "id who stamp created:int", needed="who stamp created")


@migrations()
def m006_elsewhere(db: Database) -> None:
    """Imported data: contacts on other channels, past questions of a help desk, and numbers of active users."""
    columns = "id person channel ticket at:int created:int"
    _create(db, "contacts", columns, needed="person channel at created", indexes="person at, at")
    columns = "id subject body lang category article person source at:int created:int"
    _create(db, "past_questions", columns, needed="subject body source at created", indexes="at, person")
    _create(db, "active_users", "id at:int users:int", needed="at users")


@migrations()
def m007_identity(db: Database) -> None:
    """The verified id and segment of a ticket's requester, used server tokens, and allowed origins."""
    db.table("tickets").add_column("verified", str)
    db.table("tickets").add_column("segment", str)
    _create(db, "used_tokens", "id call expires:int", needed="call expires", indexes="expires")
    _create(db, "allowed_origins", "id who created:int", needed="who created")


@migrations()
def m008_agents(db: Database) -> None:
    """Several agents: their address and role, the author of a message, and the agent of a ticket."""
    admins = db.table("admins")
    admins.add_column("email", str)
    admins.add_column("role", str)
    admins.add_column("created", int)
    db.execute("UPDATE admins SET role = 'admin', created = changed")
    db.table("messages").add_column("by", str)
    db.execute(
        "UPDATE messages SET \"by\" = (SELECT who FROM audit WHERE audit.id = messages.id) WHERE author != 'requester'"
    )
    tickets = db.table("tickets")
    tickets.add_column("agent", str)
    tickets.create_index(["agent", "state"])


@migrations()
def m009_receipts(db: Database) -> None:
    """The articles in a receipt, from when they were chosen with the ticket. No longer written."""
    db.table("outbox").add_column("articles", str)


@migrations()
def m010_lookups(db: Database) -> None:
    """Indexes for reports: the tickets of an episode, and the audit log of a ticket."""
    db.table("tickets").create_index(["episode"])
    db.table("audit").create_index(["what"])


@migrations()
def m011_attachments(db: Database) -> None:
    """Attachments. Their bytes are stored beside the database, under their SHA-256."""
    columns = "id ticket message place:int name media size:int digest created:int"
    needed = "ticket message place name media size digest created"
    _create(db, "attachments", columns, needed=needed, indexes="ticket, digest")


@migrations()
def m012_mails(db: Database) -> None:
    """Received e-mails, so that each is taken once, and a note beside the text of a message."""
    columns = "id mail sender what ticket message created:int"
    _create(db, "mails", columns, needed="sender what created", indexes="sender created, ticket, mail")
    db.table("messages").add_column("note", str)


@migrations()
def m013_raw_mails(db: Database) -> None:
    """The original of an e-mail: the SHA-256 of its sealed file, and the key that opens the file."""
    mails = db.table("mails")
    mails.add_column("original", str)
    mails.add_column("seal", str)
    mails.create_index(["original"])


@migrations()
def m014_withdrawn(db: Database) -> None:
    """Withdrawn outcomes, marks of messages, and of each e-mail who passed it on and what the list of others shows."""
    db.table("outcomes").add_column("withdrawn", int)
    db.table("messages").add_column("mark", str)
    for column in ("via", "address", "name", "subject"):
        db.table("mails").add_column(column, str)
    db.table("mails").create_index(["what", "created"])


@migrations()
def m015_drafts(db: Database) -> None:
    """Unsent texts of agents. `waiting` is empty, or names the browser that must log in first."""
    columns = "ticket agent waiting text article note:int seen:int revision:int changed:int"
    needed = "ticket agent waiting text note revision changed"
    _create(db, "drafts", columns, needed=needed, pk=("ticket", "agent", "waiting"), indexes="agent")


@migrations()
def m016_perhaps_sent(db: Database) -> None:
    """Who is sending a delivery and until when, how often it was perhaps sent, and the last runs of daily duties."""
    outbox = db.table("outbox")
    outbox.add_column("held", str)
    outbox.add_column("held_until", int)
    outbox.add_column("unsure", int, not_null_default=0)
    outbox.create_index(["state", "sink", "due"])
    _create(db, "runs", "id at:int note", needed="at")


@migrations()
def m018_proven(db: Database) -> None:
    """The key of each ticket, episode, contact and past question, and agents' words that two are not one person.

    Keys of one person were merged before, also unproven ones. A row gets the key that it surely came under, and none if
    the person has several; an address is proven if it is the one of the token.
    """
    tickets = db.table("tickets")
    for column in ("signed", "address", "browser", "proven"):
        tickets.add_column(column, str)
    for table in ("episodes", "contacts", "past_questions"):
        db.table(table).add_column("key", str)
        db.table(table).create_index(["key"])
    db.table("people").add_column("drawn", float)
    columns = "id one other who created:int"
    _create(db, "apart", columns, needed="one other who created", indexes="one, other")
    _fill_tickets(db)
    db.execute(
        """
        UPDATE episodes SET key = (SELECT key FROM events WHERE episode = episodes.id
                                   ORDER BY type != 'intent', received, id LIMIT 1)
        """
    )
    for table in ("contacts", "past_questions"):
        db.execute(
            f"""
            UPDATE {table} SET key = coalesce(
                (SELECT min(id) FROM keys
                 WHERE keys.person = {table}.person AND id NOT LIKE 'visitor:%' HAVING count(*) = 1),
                (SELECT min(id) FROM keys WHERE keys.person = {table}.person HAVING count(*) = 1))
            """
        )
    for column in ("signed", "address", "browser"):
        tickets.create_index([column])


def _fill_tickets(db: Database) -> None:
    """Set the keys of the tickets that are there already."""
    db.execute(
        """
        UPDATE tickets SET
            signed = (SELECT id FROM keys WHERE id = 'verified:' || tickets.verified),
            browser = (SELECT key FROM events WHERE type = 'sent' AND episode = tickets.episode
                       AND key LIKE 'visitor:%' AND json_extract(data, '$.ticket') = tickets.id LIMIT 1)
        """
    )
    db.execute("INSERT OR IGNORE INTO secrets (name, value) VALUES ('email', ?)", [secrets.token_hex(32)])
    secret = db.execute("SELECT value FROM secrets WHERE name = 'email'").fetchone()
    for id, email, verified in db.execute("SELECT id, email, verified FROM tickets").fetchall():
        address = unicodedata.normalize("NFKC", email).strip().lower()
        key = "email:" + hmac.new(bytes.fromhex(secret[0]), address.encode(), hashlib.sha256).hexdigest()
        same = verified and unicodedata.normalize("NFKC", verified).strip().lower() == address
        db.execute("UPDATE tickets SET address = ?, proven = ? WHERE id = ?", [key, "token" if same else None, id])


@migrations()
def m019_second_factors(db: Database) -> None:
    """Second factors of agents: the app's secret, the last time step used, and hashes of recovery codes."""
    _create(
        db, "second_factors", "id secret step:int recovery entry created:int", needed="secret step recovery created"
    )


@migrations()
def m020_gap_marks(db: Database) -> None:
    """Questions that an agent called done or ignores, as keyed hashes of their words."""
    columns = "id state gap who created:int"
    _create(db, "gap_marks", columns, needed="state gap who created", indexes="gap")
