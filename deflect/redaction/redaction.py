"""Replace personal data and secrets in a text before it is stored.

Each finder looks at the text as the earlier ones left it, and covers the parts that it finds: first secrets by their
form and by the words before them, then what is harmless although it looks like a number of a person, then numbers.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from deflect.redaction.announced_numbers import births, documents, short_codes
from deflect.redaction.device_addresses import DEVICES
from deflect.redaction.email_addresses import EMAILS
from deflect.redaction.harmless_forms import FORMS, ORDERS
from deflect.redaction.id_numbers import IDS, cards, ibans
from deflect.redaction.known_keys import KEYS, RUNS
from deflect.redaction.link_secrets import EXAMPLE, links
from deflect.redaction.named_secrets import FINDERS
from deflect.redaction.phone_numbers import phones
from deflect.redaction.places import PLACES
from deflect.redaction.spans import PROTECTED, Finder, Found, covered, folded, replaced, rule
from deflect.redaction.told_secrets import said

LONGEST = 20_000  # characters; the rest of a longer text is dropped, because it is not redacted

KINDS = "address|birthday|card|email|file|iban|id|ip|mac|name|number|phone|pin|token|user"
MARK = re.compile(rf"\[(?:{KINDS})\](?:(?<=\[file\])\.\w+)?")  # the placeholders
INVISIBLE = re.compile(r"(?<=[!-~])[\u00ad\u200b\u2060\ufeff]+(?=[!-~])")  # what hides an address from patterns

FINDERS_IN_ORDER: tuple[Finder, ...] = (
    rule(PROTECTED, MARK.pattern),
    *KEYS,
    EXAMPLE,
    links,
    *FINDERS,
    said,
    *EMAILS,
    *PLACES,
    ibans,
    ORDERS,
    cards,
    short_codes,
    births,
    documents,
    *IDS,
    *FORMS,
    *DEVICES,
    *RUNS,
    phones,
    rule("number", r"(?<![A-Za-z0-9_.,-])\d{9,}(?![A-Za-z0-9_]|[.,]\d|-[A-Za-z]{2})"),
)


def redact(text: str) -> str:
    """Return `text` with addresses, numbers and secrets replaced by their kind in brackets.

    >>> redact("I am jo@example.com, version 128.5.0 says error 0x80070005")
    'I am [email], version 128.5.0 says error 0x80070005'
    """
    text = INVISIBLE.sub("", text[:LONGEST])
    work, found = folded(text), list[Found]()
    for find in FINDERS_IN_ORDER:
        new = list(find(work))
        if new:
            found += new
            work = covered(work, new)
    return replaced(text, found) if found else text


def redact_address(address: str) -> str:
    """Return a page's address, redacted in each part of its path, also where it is percent-encoded, and as a whole.

    >>> redact_address("https://shop.example/of/jo%40example.com/030%20123456")
    'https://shop.example/of/[email]/[phone]'
    """
    return redact("/".join(_part(part) for part in address.split("/")))


def _part(part: str) -> str:
    plain = unquote(part)
    kept = redact(plain)
    return part if kept == plain else kept


def unmarked(text: str) -> str:
    """Return a redacted text without the placeholders, which the visitor did not write.

    >>> unmarked("Refund to [email], see [file].pdf, please")
    'Refund to , see , please'
    """
    return MARK.sub("", text)
