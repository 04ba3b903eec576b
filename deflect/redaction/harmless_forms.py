"""Protect numbers and runs that look like secrets but describe a problem: times, hashes of commits, books, prices."""

from __future__ import annotations

import re

from deflect.redaction.secret_words import PHONE, words
from deflect.redaction.spans import PROTECTED, Span, rule

STAMP = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[-_T ]?[0-2]\d[0-5]\d(?:[0-5]\d(?:[.]?\d{3})?)?)?"
EPOCH = r"1\d{9}(?:\d{3}|\d{6}|\d{9})?(?:\.\d{1,9})?"
COUNTED = re.compile(  # words before a number that make it no number of a person
    r"(?i)(?<![\w-])(?:order|orders|order no\.?|order number|order id|invoice|invoices|invoice no\.?|invoice number"
    r"|ticket|tickets|ticket number|ticket id|case|case id|case number|ref|reference"
    r"|bestellung|bestellnummer|bestell-nr\.?|auftrag|auftragsnummer|rechnung|rechnungsnummer|rechnungs-nr\.?"
    r"|vorgang|vorgangsnummer|pedido|factura|commande|facture|ordine|fattura"
    r"|encomenda|fatura|zamówienie|zamówienia|faktura|faktury|bestelling|factuur|beställning|ordernummer|заказ"
    r"|заказа|счет|objednávka|sipariş|rendelés|comanda"
    r"|article|article no\.?|artikel|artikelnummer|sku|part|part number|part no\.?|model|modell|item|product"
    r"|product id|build|revision|rev|changeset|pid|process|thread|port|line|row|id"
    r"|error|errors|code|error code|fehler|fehlercode|exit|status|event|event id|hresult|errno|bug|issue|pr|job|run"
    r"|version|size|bytes|offset|length|page|ean|gtin|upc|isbn|asin|issn|doi|patent|rfc"
    r"|timestamp|time|epoch|unix|ts|date|at|since|until|expires|exp|iat|nbf|created|updated|modified|max-age|batch"
    r"|lot|serie|shipment|parcel|sendung|sendungsnummer|paket|envío|colis|dhl"
    r"|ups|fedex|tracking|tracking number|注文番号|受注番号|注文|订单号|订单|訂單編號|快递单号|追跡番号"
    r"|주문번호|運單號|quantity|qty|count|total|amount|sum"
    r")(?: (?:no\.?|nr\.?|number|nummer|id|n[º°.]{1,2}|is|was|ist|es|code|von|of"
    r"|номер))?[\"']?\s?[:=#]{0,2}\s?#?[\"']?$"
)

_ORDER = re.compile(  # sure words, before a number that may look like one of a person
    r"(?i)(?:(?<!\w)(?:orders?|invoices?|tickets?|parcel|shipment|tracking|bestellung|bestellnummer|auftrag"
    r"|auftragsnummer"
    r"|rechnung|rechnungsnummer|sendungsnummer|pedido|factura|commande|facture|ordine|fattura|encomenda|zamówienie"
    r"|zamówienia|bestelling|factuur|заказа?|sipariş)(?: ?(?:no|nr|number|id|n[º°]|№|num))?|注文番号"
    r"|受注番号|订单号|訂單編號"
    r"|快递单号|追跡番号|주문번호)[は是为]?[.:]? ?[:#№º°]? ?$"
)
_CALLS = re.compile(rf"{words(PHONE)}[\s:]{{1,3}}$")  # directly before a number


def _book(match: re.Match[str]) -> Span | None:
    digits = [int(c) if c.isdigit() else 10 for c in match[0] if c not in " -"]
    if len(digits) not in (10, 13):
        return None
    if len(digits) == 13:
        right = sum(digit * (1 + 2 * (n % 2)) for n, digit in enumerate(digits)) % 10 == 0
    else:
        right = sum(digit * (10 - n) for n, digit in enumerate(digits)) % 11 == 0
    return match.span() if right else None


def _time(match: re.Match[str]) -> Span | None:
    """Return a time in seconds, unless the word before it says that it is a telephone number."""
    return None if _CALLS.search(match.string.lower(), max(0, match.start() - 24), match.start()) else match.span()


def _counted(match: re.Match[str]) -> Span | None:
    """Return a number whose word says that it counts or names a thing, such as an order."""
    return match.span() if COUNTED.search(match.string, max(0, match.start() - 40), match.start()) else None


def _ordered(match: re.Match[str]) -> Span | None:
    """Return the number of an order or a parcel, unless it is as long as a card's."""
    card = 13 <= sum(c.isdigit() for c in match[0]) <= 16 and not re.fullmatch(r"\d{3}-\d{7}-\d{7}", match[0])
    named = _ORDER.search(match.string, max(0, match.start() - 30), match.start())
    return match.span() if named and not card else None


LIMITS = "2147483647|2147483648|4294967295|4294967296|9007199254740991|9223372036854775807|18446744073709551615"
ORDERS = rule(PROTECTED, r"(?<![A-Za-z0-9_.,])\d[\d./-]{3,24}\d(?![A-Za-z0-9_])", _ordered)
FORMS = (
    rule(PROTECTED, r"(?<![\w-])\d[ -]\d{2,5}[ -]\d{2,6}[ -][\dX](?![\w-])", _book, needs="- "),
    rule(PROTECTED, rf"(?<!\d)-?(?:{LIMITS})(?!\d)"),
    rule(PROTECTED, r"(?<![\w-])97[89][ -]?(?:\d[ -]?){9}\d(?![\w-])", _book),
    rule(PROTECTED, rf"(?<![\w.,-]){STAMP}(?![\w-]|[.,]\d)"),
    rule(PROTECTED, rf"(?<![\w.,+(-]){EPOCH}(?![\w-]|[.,]\d)", _time),
    rule(PROTECTED, r"(?i)\b(?:version|ver|firmware|build|release|driver|bios|rev|kernel"
    r"|treiber)[.:]?\s(\d+(?:\.\d+){1,4})(?![\w-])"),
    rule(PROTECTED, r"(?<![\w.,])(?:[A-Z]{1,4}[-/]?)?-?\d[\d./-]{3,24}\d(?!\w)", _counted),
    rule(PROTECTED, r"(?<![^\n])(?:\d\.){3}\d{1,2}(?= [A-Z][a-z])"),  # a heading
    rule(PROTECTED, r"(?<![\w.,-])#\d{4,15}(?!\w)"),
    rule(PROTECTED, r"(?i)(?<![\w.,-])[\d.,]{5,20}(?= ?(?:bytes?|b|kb|kib|mb|mib|gb|ms|ns|µs|us|rows?|zeilen"
        r"|records?|requests?|users?|lines?|items?|files?|hits?|euros?|eur|usd|gbp|px|seconds?|sekunden|hz|€|%"
        r"|people|visitors|downloads)(?!\w))"),
    rule(PROTECTED, r"(?i)\b0x[0-9a-f]{1,16}\b", needs="xX"),
    rule(PROTECTED, r"(?i)[€$£¥] ?\d[\d.,' ]{2,20}\d"),
    rule(PROTECTED, r"(?i)\b(?:https?://)?(?:localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::1?\])(?::\d{2,5})?(?![\w.])"),
    rule(PROTECTED, r"(?<![\w.-])(?:\d{1,4}[x×*]){1,2}\d{1,4}(?![\w-])"),
)  # fmt: skip
