"""Families at shared browsers: people with ids and addresses who write from the same devices, drawn at random."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from deflect.history import import_writes
from deflect.mail.take import take
from deflect.mail.threads import mark
from deflect.offers.episode import Visit
from deflect.offers.log import record
from deflect.offers.offer import make_offer
from deflect.privacy.email_keys import email_hash
from deflect.store.attachments import keep
from deflect.store.services import Services
from deflect.store.tokens import NOBODY, Claims
from deflect.tickets.contact import check, create_ticket
from tests.support.mails import mail

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass
class Written:
    """One ticket, with the truth about it: who typed which address where, and a word that nothing else contains."""

    id: str
    address: str
    signed: str
    browser: str
    by_token: bool  # the address is the token's
    word: str


@dataclass
class Family:
    """What a family did, by the one who did it."""

    tickets: list[Written] = field(default_factory=list)
    contacts: dict[str, str] = field(default_factory=dict)  # by id: the key
    questions: dict[str, str] = field(default_factory=dict)
    letters: dict[str, tuple[str, str]] = field(default_factory=dict)  # word: the sender and the ticket of another

    def owner_is(self, ticket: Written, person: str) -> bool:
        """Return True if a ticket is this person's: of the verified id, or of the address that it was sent with."""
        return ticket.signed == person or (ticket.address == person and (not ticket.signed or ticket.by_token))


def live(services: Services, seed: int) -> Family:
    """Let a family of up to four write, search, call and answer from up to three browsers."""
    draw, family = random.Random(seed), Family()
    people = [f"{name}{seed}" for name in draw.sample(["anneke", "bertram", "corinna", "dietmar"], draw.randint(2, 4))]
    browsers = [f"browser-{seed}-{n}" for n in range(draw.randint(1, 3))]
    for n in range(draw.randint(6, 14)):
        who, browser, word = draw.choice(people), draw.choice(browsers), _word(draw)
        typed = f"{draw.choice(people) if draw.random() < 0.3 else who}@example.com"
        match draw.choice(["search", "write", "write", "write", "signed", "signed", "mail", "call", "ask", "join"]):
            case "search":
                record(services, browser, "search", text=word, hits=0, stage="none", ranker="r")
            case "write":
                family.tickets.append(_write(services, browser, typed, NOBODY, word))
            case "signed":
                given = f"{who}@example.com" if draw.random() < 0.5 else ""
                claims = Claims(f"id-of-{who}", given, "", frozenset())
                family.tickets.append(_write(services, browser, given or typed, claims, word))
            case "mail":
                id = take(services, mail(word, sender=f"{who}@example.com", id=f"<{seed}-{n}@x>")).ticket or ""
                family.tickets.append(Written(id, f"{who}@example.com", "", "", by_token=False, word=word))
            case "join" if family.tickets:
                _join(services, family, who=who, ticket=draw.choice(family.tickets), word=word, id=f"<{seed}-{n}@x>")
            case "call":
                name = draw.choice([f"id-of-{who}", f"{who}@example.com"])
                row = {"id": f"phone:{seed}-{n}", "channel": "phone", "ticket": f"Z{n}", "at": n + 1}
                keys = [_key(services, name)]
                services.writer.run(import_writes.import_contacts, rows=[{"keys": keys, "contact": row}], now=9)
                family.contacts[row["id"]] = name
            case "ask":
                name = f"{who}@example.com"
                row = {
                    "id": f"csv:{seed}-{n}",
                    "subject": word,
                    "body": word,
                    "lang": "en",
                    "category": "",
                    "at": n + 1,
                }
                row |= {"article": "a/b", "source": "csv"}
                rows = [{"keys": [_key(services, name)], "question": row}]
                services.writer.run(import_writes.import_questions, rows=rows, now=9)
                family.questions[row["id"]] = name
    return family


def _word(draw: random.Random) -> str:
    return "w" + "".join(draw.choices(LETTERS, k=14))


def _key(services: Services, name: str) -> str:
    return email_hash(services.store.secret("email"), name) if "@" in name else f"verified:{name}"


def _write(services: Services, browser: str, address: str, claims: Claims, word: str) -> Written:
    visit = Visit(browser, lang="en", claims=claims)
    make_offer(services, visit, subject="", body=f"my password {word}")
    message = check({"subject": f"my password {word}", "body": f"my password {word}", "email": address})
    files = [keep(services.settings, f"file of {word}".encode(), name="a.txt")]
    id = create_ticket(services, visit, message, key=word, files=files).ticket
    return Written(id, address, claims.id, browser, bool(claims.email), word)


def _join(services: Services, family: Family, *, who: str, ticket: Written, word: str, id: str) -> None:
    """Write by e-mail into a ticket, which is another's or one's own."""
    sender, to = f"{who}@example.com", f"help+{mark(services.store.secret('email'), ticket.id)}@shop.example"
    take(services, mail(word, sender=sender, id=id, To=to))
    family.letters[word] = (sender, ticket.id)
