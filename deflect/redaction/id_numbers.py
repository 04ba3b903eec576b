"""Find card numbers, IBANs and the numbers that states give to people, by their form and their check digits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module

from deflect.redaction.spans import Found, Judge, Span, rule

# The form of a number and the modules of stdnum that check it; without a module the form alone is telling.
FORMS: tuple[tuple[str, str], ...] = (
    (r"\d{3}[- .]\d{2}[- .]\d{4}", "us.ssn us.itin"),
    (r"[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]", ""),  # GB, national insurance
    (r"\d{3}[ -]\d{3}[ -]\d{4}", "gb.nhs"),
    (r"\d{2}[ .]?\d{3}[ .]?\d{3}[ .-]?[A-Za-z]|[XYZKLMxyz][ .-]?\d{7}[ .-]?[A-Za-z]"
        r"|\d{8}[ -]?[A-Za-z]", "es.dni es.nie es.nif"),
    (r"[ABCDEFGHJNPQRSUVW][ -]?\d{7}[ -]?[0-9A-J]", "es.cif"),
    (r"[12378] ?\d{2} ?(?:0[1-9]|[1-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?-?\d{2}", "fr.nir"),
    (r"(?i:[A-Z]{6}[ ]?[\dLMNP-V]{2}[ ]?[A-EHLMPRST][ ]?[\dLMNP-V]{2}[ ]?[A-Z][\dLMNP-V]{3}[ ]?[A-Z]"
        r"|[A-Z]{3} [A-Z]{3} \w{5} \w{5})", "it.codicefiscale"),
    (r"\d{2}[ .]?\d{2}[ .]?\d{2}[ .-]{1,2}\d{3}[ .-]\d{2}", "be.nn be.bis"),
    (r"\d{2} \d{3} \d{3} \d{3}|\d{2} \d{2} \d{2} \d{5}|\d{4} \d{4} \d{3}", "de.idnr pl.pesel"
        " au.abn no.fodselsnummer hr.oib tr.tckimlik"),
    (r"\d{2} ?\d{6} ?[A-Z] ?\d{2} ?\d", ""),  # DE, pension insurance
    (r"\d{4}[.]\d{2}[.]\d{3}|\d{3}[. ]\d{3}[. ]\d{3}|\d{2}[. ]\d{3}[. ]\d{4}", "nl.bsn au.tfn ca.sin pt.nif nz.ird"),
    (r"\d{3}[ -]\d{3}[ -]\d{3}", "nl.bsn au.tfn ca.sin pt.nif nz.ird il.idnr"),
    (r"\d{3}[. ]?\d{3}[. ]?\d{3}[-. /]\d{2}", "br.cpf"),
    (r"\d{2}[. ]?\d{3}[. ]?\d{3}/\d{4}-?\d{2}", "br.cnpj"),
    (r"(?:\d{2})?\d{6}[-+ ]\d{4}", "se.personnummer dk.cpr fi.hetu cz.rc kr.rrn no.fodselsnummer lv.pvn is_.kennitala"),
    (r"\d{6}[ -]\d{5}", "no.fodselsnummer"),
    (r"\d{6}[-+ABCDEFYXWVU]\d{3}[\dA-Za-z]", "fi.hetu"),
    (r"\d{6}/ ?\d{3,4}", "cz.rc sk.rc"),
    (r"\d{6}-[1-8]\d{6}", ""),  # KR
    (r"\d{4}[ -]\d{4}[ -]\d{4}", "in_.aadhaar jp.in_"),
    (r"(?i:[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z])", ""),  # IN, tax
    (r"\d{17}[\dXx]|\d{6} \d{8} \d{3}[\dXx]", "cn.ric"),
    (r"\d{6} ?\d{4} ?\d{2} ?\d|\d{6} \d{4} \d{3}", "za.idnr"),
    (r"(?i:[A-Z][AEIOUX][A-Z]{2}\d{6}[HMX][A-Z]{2}[A-Z]{3}[A-Z0-9]\d)", ""),  # MX, CURP
    (r"(?i:[A-ZÑ&]{4} ?-?\d{6}-? ?[A-Z0-9]{3})", "mx.rfc"),
    (r"756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}", "ch.ssn"),
    (r"\d{4}[ -]\d{6}", "at.vnr"),
    (r"(?:20|23|24|27|30|33|34)-\d{8}-\d", "ar.cuit"),
    (r"\d{1,2}[.]?\d{3}[.]?\d{3}-[\dKk]", "cl.rut"),
    (r"\d{7}[A-W][A-IWTX]?", "ie.pps"),
    (r"[STFGM]\d{7}[A-Z]", ""),  # SG
    (r"\d{6}-\d{2}-\d{4}", ""),  # MY
    (r"\d-\d{4}-\d{5}-\d{2}-\d", "th.pin"),
    (r"\d{5}-\d{7}-\d", ""),  # PK
    (r"[A-Z][12]\d{8}", "tw.ubn"),
    (r"[A-Z]{1,2}\d{6}\([\dA]\)", ""),  # HK
    (r"\d{3}-\d{3}-\d{3} \d{2}", ""),  # RU, insurance
    (r"\d{3}-\d{7}-\d", "do.cedula"),
    (r"784-\d{4}-\d{7}-\d", ""),  # AE
    (r"\d{6}-\d{5}", "lv.pvn"),
)  # fmt: skip
CARD = re.compile(r"(?<![A-Za-z0-9_.])\d(?:[ .-]{0,3}\d){12,28}")
IBAN = re.compile(r"(?i)(?<![A-Z0-9])[A-Z]{2}[ .-]?\d[ .-]?\d(?:[ .:-]{0,2}[A-Z0-9]){11,32}")
ISSUERS = re.compile(r"4|5[0-8]|2[2-7]|3[0-9]|6[0-9]|1800|2131|9")
_NAMED = re.compile(r"(?i)card|karte|kart|tarjeta|carte|carta|cartão|карт|カード|卡|카드")
LENGTHS = (16, 15, 14, 13, 19, 18, 17)


def cards(text: str) -> Iterator[Found]:
    """Yield card numbers with a right check digit, also with a date or a code behind them."""
    for match in CARD.finditer(text):
        span = _card(match)
        if span:
            yield *span, "card"
            yield from _card_extras(text, span[1])


def _card(match: re.Match[str]) -> Span | None:
    """Return the first card number in a run of digits, starting at a group."""
    at = [n for n, c in enumerate(match[0]) if c.isdigit()]
    digits = "".join(match[0][n] for n in at)
    named = _NAMED.search(match.string, max(0, match.start() - 30), match.start()) is not None
    starts = [n for n in range(len(at)) if n == 0 or at[n] - at[n - 1] > 1]
    for start in starts[:6]:
        for length in LENGTHS:
            end = start + length
            ends = end == len(at) or (end < len(at) and at[end] - at[end - 1] > 1)
            if ends and _is_card(digits[start:end], named):
                return match.start() + at[start], match.start() + at[end - 1] + 1
    return None


def _is_card(digits: str, named: bool) -> bool:
    from stdnum import luhn  # 40 ms and 9 MB, needless in `kb --help`

    return (named or bool(ISSUERS.match(digits))) and len(set(digits)) > 1 and luhn.is_valid(digits)


def _card_extras(text: str, at: int) -> Iterator[Found]:
    """Yield the end of validity and the code that follow a card number."""
    extra = re.compile(
        r"[ ,;|/:\n]{1,3}(?:[a-zA-Z.: ]{0,12})(\d{2}\s?[/-]\s?(?:20)?\d{2})(?:[ ,;"
        r"|/:\n]{1,3}[a-zA-Z.: ]{0,8}(\d{3,4}))?(?!\d)"
    ).match(text, at)
    if extra:
        yield *extra.span(1), "card"
        if extra[2]:
            yield *extra.span(2), "pin"


def ibans(text: str) -> Iterator[Found]:
    """Yield IBANs with right check digits, in any spacing."""
    for match in IBAN.finditer(text):
        at = [n for n, c in enumerate(match[0]) if c.isalnum()]
        compact = "".join(match[0][n] for n in at).upper()
        length = next((n for n in range(min(34, len(at)), 14, -1) if _is_iban(compact[:n])), 0)
        if length:
            yield match.start(), match.start() + at[length - 1] + 1, "iban"


def _is_iban(compact: str) -> bool:
    from stdnum import iban

    return iban.is_valid(compact, check_country=False)


def _check(modules: str) -> Judge:
    """Return a judge that asks the modules of stdnum."""

    def judge(match: re.Match[str]) -> Span | None:
        return match.span() if not modules or (is_valid(match[0], modules) and not _is_round(match[0])) else None

    return judge


def _is_round(number: str) -> bool:
    """Return True for rows of round numbers or years, such as 100 200 300, that happen to have right check digits."""
    groups = re.findall(r"\d+", number)
    years = all(len(group) == 4 and group[:2] in ("19", "20") for group in groups)
    return years or (len(groups) > 2 and " " in number and all(group.endswith("0") for group in groups))


@lru_cache(maxsize=4096)
def is_valid(number: str, modules: str) -> bool:
    """Return True if one of the modules of stdnum accepts a number.

    >>> is_valid("12345678Z", "es.dni es.nie")
    True
    """
    return any(import_module(f"stdnum.{name}").is_valid(number) for name in modules.split())


_LONG = r"[\dA-Z](?:[ ./+(-]{0,2}[\dA-Za-z]){6}"
IDS = tuple(
    rule(
        "id",
        rf"(?<![A-Za-z0-9_.,/-])(?:{form})(?![A-Za-z0-9_-]|[.,/]\d)",
        _check(modules),
        needs="0123456789",
        only_if=_LONG,
    )
    for form, modules in FORMS
)
