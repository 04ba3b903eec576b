"""The tables, as migrations in the order in which they came."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("shortstop")


@migrations()
def m001_people(db: Database) -> None:
    """Keys that met belong to one person; an episode belongs to a person and keeps its arm."""
    db.table("people").create({"id": str, "created": int}, pk="id", not_null={"created"})
    keys = db.table("keys").create({"id": str, "person": str, "created": int}, pk="id", not_null={"person", "created"})
    keys.create_index(["person"])
    episodes = db.table("episodes").create(
        {"id": str, "person": str, "arm": str, "channels": str, "page": str, "lang": str, "category": str}
        | {"started": int, "last": int},
        pk="id",
        not_null={"person", "arm", "channels", "started", "last"},
    )
    episodes.create_index(["person", "started"])
    episodes.create_index(["started"])


@migrations()
def m002_events(db: Database) -> None:
    """Events are appended only; their redacted text has a table of its own, with its own retention."""
    events = db.table("events").create(
        {
            "id": str,
            "type": str,
            "key": str,
            "episode": str,
            "article": str,
            "rank": int,
            "source": str,
            "revision": str,
        }
        | {"reason": str, "at": int, "received": int, "data": str},
        pk="id",
        not_null={"type", "key", "at", "received"},
    )
    events.create_index(["key", "received"])
    events.create_index(["episode"])
    events.create_index(["received", "type"])
    texts = db.table("event_texts").create(
        {"event": str, "text": str, "received": int}, pk="event", not_null={"text", "received"}
    )
    texts.create_index(["received"])


@migrations()
def m003_tickets(db: Database) -> None:
    """A ticket is its requester and channel, and its messages as rows; the outbox holds what is still to be carried."""
    tickets = db.table("tickets").create(
        {
            "id": str,
            "person": str,
            "episode": str,
            "subject": str,
            "email": str,
            "name": str,
            "category": str,
            "fields": str,
        }
        | {"channel": str, "external_id": str, "lang": str, "page": str, "state": str, "created": int, "changed": int},
        pk="id",
        not_null={"person", "subject", "email", "channel", "state", "created", "changed"},
    )
    tickets.create_index(["state", "created"])
    tickets.create_index(["person"])
    messages = db.table("messages").create(
        {"id": str, "ticket": str, "author": str, "channel": str, "body": str, "created": int},
        pk="id",
        not_null={"ticket", "author", "channel", "body", "created"},
    )
    messages.create_index(["ticket", "created"])
    outbox = db.table("outbox").create(
        {"id": str, "ticket": str, "message": str, "sink": str, "state": str, "tries": int, "due": int, "created": int}
        | {"changed": int, "note": str},
        pk="id",
        not_null={"ticket", "message", "sink", "state", "tries", "due", "created", "changed"},
    )
    outbox.create_index(["state", "due"])
    outbox.create_index(["ticket"])
    db.table("idempotency").create({"key": str, "digest": str, "ticket": str, "created": int}, pk="key")
    outcomes = db.table("outcomes").create(
        {"id": str, "ticket": str, "article": str, "by": str, "created": int}, pk="id", not_null={"created"}
    )
    outcomes.create_index(["ticket"])


@migrations()
def m004_admin(db: Database) -> None:
    """Secrets that we made ourselves, the agents' password, what they did, and the origins that were refused."""
    db.table("secrets").create({"name": str, "value": str}, pk="name", not_null={"value"})
    db.table("admins").create({"id": str, "hash": str, "changed": int}, pk="id", not_null={"hash", "changed"})
    audit = db.table("audit").create({"id": str, "who": str, "did": str, "what": str, "created": int}, pk="id")
    audit.create_index(["created"])
    db.table("refused_origins").create(
        {"id": str, "path": str, "times": int, "first": int, "last": int}, pk="id", not_null={"times", "first", "last"}
    )


@migrations()
def m005_sessions(db: Database) -> None:
    """Sessions of agents are rows, so that logging out ends one for whoever has its cookie."""
    db.table("sessions").create(
        {"id": str, "who": str, "stamp": str, "created": int}, pk="id", not_null={"who", "stamp", "created"}
    )


@migrations()
def m006_elsewhere(db: Database) -> None:
    """What happened elsewhere: contacts on other channels, a help desk's past questions, how many use the product."""
    contacts = db.table("contacts").create(
        {"id": str, "person": str, "channel": str, "ticket": str, "at": int, "created": int},
        pk="id",
        not_null={"person", "channel", "at", "created"},
    )
    contacts.create_index(["person", "at"])
    contacts.create_index(["at"])
    questions = db.table("past_questions").create(
        {"id": str, "subject": str, "body": str, "lang": str, "category": str, "article": str}
        | {"person": str, "source": str, "at": int, "created": int},
        pk="id",
        not_null={"subject", "body", "source", "at", "created"},
    )
    questions.create_index(["at"])
    questions.create_index(["person"])
    db.table("active_users").create({"id": str, "at": int, "users": int}, pk="id", not_null={"at", "users"})


@migrations()
def m007_identity(db: Database) -> None:
    """What the owner's server says of a ticket's writer, which of its tokens were used, and allowed origins."""
    db.table("tickets").add_column("verified", str)
    db.table("tickets").add_column("segment", str)
    used = db.table("used_tokens").create(
        {"id": str, "call": str, "expires": int}, pk="id", not_null={"call", "expires"}
    )
    used.create_index(["expires"])
    db.table("allowed_origins").create({"id": str, "who": str, "created": int}, pk="id", not_null={"who", "created"})


@migrations()
def m008_agents(db: Database) -> None:
    """Several agents: address and role of each, who wrote a message, and whose a ticket is."""
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
    """The articles that a receipt named when they were chosen with the ticket; no longer written."""
    db.table("outbox").add_column("articles", str)


@migrations()
def m010_lookups(db: Database) -> None:
    """What reports look up for each of many rows: the tickets of an episode, and what was done with a ticket."""
    db.table("tickets").create_index(["episode"])
    db.table("audit").create_index(["what"])


@migrations()
def m011_attachments(db: Database) -> None:
    """Files that came with a message; their bytes are beside the database, under their SHA-256."""
    files = db.table("attachments").create(
        {"id": str, "ticket": str, "message": str, "place": int, "name": str, "media": str, "size": int}
        | {"digest": str, "created": int},
        pk="id",
        not_null={"ticket", "message", "place", "name", "media", "size", "digest", "created"},
    )
    files.create_index(["ticket"])
    files.create_index(["digest"])


@migrations()
def m012_mails(db: Database) -> None:
    """Each e-mail that came in, so that none is taken twice, and what is to be said of a message beside its text."""
    mails = db.table("mails").create(
        {"id": str, "mail": str, "sender": str, "what": str, "ticket": str, "message": str, "created": int},
        pk="id",
        not_null={"sender", "what", "created"},
    )
    mails.create_index(["sender", "created"])
    mails.create_index(["ticket"])
    mails.create_index(["mail"])
    db.table("messages").add_column("note", str)
