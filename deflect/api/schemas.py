"""The JSON Schemas of the API's bodies and answers, built from the same lists that the API checks against."""

from __future__ import annotations

from typing import Any, get_args

from deflect.offers.episode import LANG as LANG_TAG
from deflect.privacy import consent
from deflect.store import events
from deflect.tickets import contact
from kb.content.contexts import Mode
from kb.patterns import ID

Json = dict[str, Any]


def text(doc: str, *, longest: int | None = None, pattern: str | None = None, required: bool = False) -> Json:
    """Return the schema of a text."""
    schema: Json = {"type": "string" if required else ["string", "null"], "description": doc}
    return schema | ({"maxLength": longest} if longest else {}) | ({"pattern": pattern} if pattern else {})


def shape(required: tuple[str, ...], **properties: Json) -> Json:
    """Return the schema of an object."""
    return {"type": "object", "required": list(required), "properties": properties}


def whole(**properties: Json) -> Json:
    """Return the schema of an object whose properties are all required."""
    return shape(tuple(properties), **properties)


def array(items: Json, **more: Any) -> Json:
    """Return the schema of a list."""
    return {"type": "array", "items": items} | more


def ref(name: str) -> Json:
    """Return a reference to one of our schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


STRING, NUMBER, FLAG, WHOLE = {"type": "string"}, {"type": "number"}, {"type": "boolean"}, {"type": "integer"}
CHANNEL: Json = {"type": "string", "enum": list(events.CHANNELS)}
FILLED: Json = {"minLength": 1}
NAME_OR_NULL: Json = {"type": ["string", "null"]}
CONSENT = {
    "type": ["string", "null"],
    "enum": [consent.GIVEN, None],
    "description": "Set when the visitor agreed to be recorded. With KB_CONSENT=ask, nothing is recorded without it.",
}
VISITOR = text("A random id, created at the visitor's first interaction.", pattern=rf"^{ID.pattern}$", required=True)
EPISODE = text("The episode from an earlier offer.", pattern=rf"^{ID.pattern}$")
TOKEN = text("A JWT signed by the owner's server.") | {"format": "jwt"}
TAG = rf"^{LANG_TAG.pattern}$"
LANG = text("A language tag, such as en or pt-BR.", pattern=TAG)
PAGE_ADDRESS = text("Address of the page. Its query and fragment are not stored.")
PAGE_TITLE = text("Title of the page, shown to the agent.", longest=1000)


def schemas() -> dict[str, Json]:
    """Return the named schemas."""
    return {
        "Hit": whole(
            **dict.fromkeys(("article", "lang", "title", "url", "anchor", "heading"), STRING),
            snippet=array(whole(text=STRING, mark=FLAG)),
            score=NUMBER,
            language=text("Its language in that language, such as Español, if it isn't the page's."),
        ),
        "Results": whole(
            query=STRING,
            lang=STRING,
            stage={"type": "string", "enum": list(events.STAGES)},
            degraded=NAME_OR_NULL,
            ranker=STRING,
            hits=array(ref("Hit")),
            corrected=text("The corrected query, if a corrected spelling was searched."),
            did_you_mean=text("A suggested spelling that was not searched."),
        ),
        "Article": whole(
            **dict.fromkeys(("article", "lang", "title", "html"), STRING),
            headings=array(whole(anchor=STRING, heading=STRING, level={"type": "integer"})),
            revision=STRING,
            url=STRING,
        ),
        "Context": whole(
            mode={"enum": [*get_args(Mode), None]},
            hits=array(ref("Hit")) | {"description": "The articles for the page."},
            promoted=array(ref("Hit")) | {"description": "Without hits: the articles that the author promotes."},
            popular=array(ref("Hit")) | {"description": "Without hits: the popular articles, if there are enough."},
            channels=array(whole(channel=CHANNEL, why=STRING, address=STRING)),
            form=FLAG,
            files=whole(most=WHOLE, each=WHOLE, total=WHOLE, accept=STRING)
            | {"description": "How many files a message may have, the MB of each and of all, and their endings."},
        ),
        "SearchRequest": shape(
            ("q",),
            q=text("The text to search for.", longest=1000, required=True),
            lang=LANG,
            k={"type": ["integer", "null"], "minimum": 1, "maximum": 50},
            token=TOKEN,
        ),
        "ArticleRequest": shape((), lang=LANG, token=TOKEN),
        "ContextRequest": shape(
            (),
            page=PAGE_ADDRESS,
            title=text("Title of the page."),
            category=text("Category of the page."),
            lang=LANG,
            token=TOKEN,
        ),
        "OfferRequest": shape(
            ("visitor", "subject", "body"),
            visitor=VISITOR,
            consent=CONSENT,
            episode=EPISODE,
            token=TOKEN,
            subject=text("Subject of the message."),
            body=text("The message so far."),
            page=PAGE_ADDRESS,
            title=PAGE_TITLE,
            lang=LANG,
            category=text("Category chosen.", longest=100),
        ),
        "Offer": whole(
            episode=NAME_OR_NULL,
            abstained=FLAG,
            degraded=NAME_OR_NULL,
            ranker=STRING,
            cards=array(ref("Hit"), maxItems=3),
        ),
        "Event": event(),
        "EventsRequest": shape(
            ("visitor", "events"),
            visitor=VISITOR,
            consent=CONSENT,
            email=text("The e-mail address from your own form. Only its keyed hash is stored.", longest=1000),
            token=TOKEN,
            events=array(ref("Event"), maxItems=200),
        ),
        "EventsAnswer": whole(stored={"type": "integer"}, refused=array(whole(id=NAME_OR_NULL, why=STRING))),
        "TicketRequest": shape(
            ("subject", "body", "email"),
            visitor=VISITOR | {"type": ["string", "null"]},
            consent=CONSENT,
            episode=EPISODE,
            token=TOKEN,
            subject=text("Subject of the message.", longest=contact.LONGEST["subject"], required=True) | FILLED,
            body=text("The message.", longest=contact.LONGEST["body"], required=True) | FILLED,
            email=text("Address for replies.", longest=contact.LONGEST["email"], required=True) | {"format": "email"},
            name=text("Name of the requester.", longest=contact.LONGEST["name"]),
            category=text("Category chosen.", longest=contact.LONGEST["category"]),
            fields={"type": ["object", "null"], "description": contact.BAD_FIELDS},
            page=PAGE_ADDRESS,
            title=PAGE_TITLE,
            lang=LANG,
        ),
        "Ticket": whole(ticket=STRING, channel=CHANNEL),
        "ContactRequest": shape(
            ("external_id", "channel", "at"),
            external_id=text("The contact's id in your system, stored once.", longest=200, required=True) | FILLED,
            channel=CHANNEL,
            at={"type": "string", "format": "date-time"},
            email=text("E-mail address of the person. Needed without `person`.", longest=254) | {"format": "email"},
            person=text("Id of the person, the sub of your tokens. Needed without `email`.", longest=254),
            episode=EPISODE,
        ),
        "ContactAnswer": whole(stored={"type": "integer", "enum": [0, 1]}),
        "Problem": shape(
            ("type", "title", "status", "detail"),
            type=STRING,
            title=STRING,
            status={"type": "integer"},
            detail=STRING,
            errors=array(whole(field=STRING, why=STRING)),
        ),
    }


def event() -> Json:
    """Return the schema of an event that a client may post. Its description lists the fields of each type."""
    lines = [f"{name}: {', '.join(events.CATALOGUE[name].needs)}" for name in events.CLIENT_TYPES]
    return shape(
        ("id", "type", "at"),
        id={"type": "string", "format": "uuid"},
        type={"type": "string", "enum": list(events.CLIENT_TYPES)},
        at={"type": "string", "format": "date-time"},
        episode=EPISODE,
        article=text("The id of an article.", longest=300),
        rank={"type": ["integer", "null"], "minimum": 1, "maximum": 1000},
        source={"enum": [*events.SOURCES, None]},
        revision=text("The revision that was read.", longest=64),
        reason={"enum": [*events.REASONS, None]},
        accepted={"type": ["boolean", "null"]},
        comment=text("Comment on a vote: what is missing or wrong. It is redacted.", longest=events.LONGEST_COMMENT),
    ) | {"description": "Required fields of each type: " + "; ".join(lines)}
