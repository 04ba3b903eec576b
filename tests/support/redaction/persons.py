"""Made-up data of persons, drawn with a seed: addresses, telephone numbers, cards, and numbers with check digits."""

from __future__ import annotations

import random
from collections.abc import Callable
from importlib import import_module

import phonenumbers
from stdnum import luhn
from stdnum.iso7064 import mod_97_10

from tests.support.redaction.values import DIGITS, HEX, LOWER, UPPER, run

NAMES = "jo mia kwame yuki lars ana pawel irina tomas noor".split()
HOSTS = "example.com mail.example.org post.example.net kontor.example uni.example.edu correo.example.es".split()
WIDE_NAMES, WIDE_HOSTS = ("jörg", "анна", "søren", "山田"), ("bücher.example", "пример.рф", "例子.广告")
IBANS = {
    "DE": "#" * 18, "AT": "#" * 16, "ES": "#" * 20, "NL": "ABNA" + "#" * 10, "GB": "WEST" + "#" * 14, "BE": "#" * 12,
    "FR": "#" * 23, "PL": "#" * 24, "IT": "X" + "#" * 22, "CH": "#" * 17, "SE": "#" * 20, "PT": "#" * 21,
}  # fmt: skip
CARDS = {"4": 16, "51": 16, "2221": 16, "6011": 16, "34": 15, "37": 15, "36": 14}
# The form of a number (# a digit, @ a letter, < and > a date of birth) and the module of stdnum that checks it.
IDS = {
    "ssn": ("###-##-####", "us.ssn"), "nino": ("AB######C", ""), "nhs": ("### ### ####", "gb.nhs"),
    "idnr": ("## ### ### ###", "de.idnr"), "dni": ("########@", "es.dni"), "nie": ("X#######@", "es.nie"),
    "nir": ("1 ## 07 75 ### ### ##", "fr.nir"), "codicefiscale": ("@@@@@@85T10A###@", "it.codicefiscale"),
    "pesel": ("<#####", "pl.pesel"), "bsn": ("####.##.###", "nl.bsn"), "nn": ("85.07.30-###.##", "be.nn"),
    "cpf": ("###.###.###-##", "br.cpf"), "cnpj": ("##.###.###/0001-##", "br.cnpj"),
    "personnummer": ("<-####", "se.personnummer"), "fodselsnummer": ("> #####", "no.fodselsnummer"),
    "hetu": (">-###@", "fi.hetu"), "cpr": (">-####", "dk.cpr"), "aadhaar": ("#### #### ####", "in_.aadhaar"),
    "pan": ("ABCPK####L", ""), "ric": ("11010519850730####", "cn.ric"), "zaid": ("<####08#", "za.idnr"),
    "curp": ("GOPA850730HDFRRN0#", "mx.curp"), "tfn": ("### ### ###", "au.tfn"), "sin": ("###-###-###", "ca.sin"),
    "ahv": ("756.####.####.##", "ch.ssn"), "rut": ("12.###.###-#", "cl.rut"), "cuit": ("20-########-#", "ar.cuit"),
    "pps": ("#######W", ""), "rodne": ("</####", "cz.rc"), "rrn": ("<-1######", ""), "nric": ("S#######D", ""),
}  # fmt: skip


def filled(draw: random.Random, form: str, module: str) -> str:
    """Return a number of a form that the module of stdnum accepts."""
    check = import_module(f"stdnum.{module}").is_valid if module else lambda _: True
    for _ in range(100_000):
        found = "".join(_sign(draw, c) for c in form)
        if check(found):
            return found
    raise AssertionError(form)


def _sign(draw: random.Random, c: str) -> str:
    y, m, d = draw.randint(50, 99), draw.randint(1, 12), draw.randint(1, 28)
    dates = {"<": f"{y:02}{m:02}{d:02}", ">": f"{d:02}{m:02}{y:02}"}
    return {"#": draw.choice(DIGITS), "@": draw.choice(UPPER)}.get(c, dates.get(c, c))


def id_number(kind: str) -> Callable[[random.Random], str]:
    """Return a drawer of numbers of one kind."""
    return lambda draw: filled(draw, *IDS[kind])


def phone(region: str, form: int) -> Callable[[random.Random], str]:
    """Return a drawer of mobile and fixed numbers of a country, written in one of the forms of phonenumbers."""

    def drawn(draw: random.Random) -> str:
        types = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
        example = phonenumbers.example_number_for_type(region, draw.choice(types))
        while True:
            national = str(example.national_number)
            example.national_number = int(national[:-4] + run(draw, 4, DIGITS))
            if phonenumbers.is_valid_number(example):
                return phonenumbers.format_number(example, form)

    return drawn


def email(draw: random.Random) -> str:
    """Return an address in a domain for examples."""
    tag = draw.choice(("", ".lind", "_1", "+shop", str(draw.randint(1, 99))))
    return f"{draw.choice(NAMES)}{tag}@{draw.choice(HOSTS)}"


def spelled(at: str, dot: str) -> Callable[[random.Random], str]:
    """Return a drawer of addresses with words or brackets instead of the signs."""
    return lambda draw: email(draw).replace("@", at).replace(".", dot)


def card(mark: str) -> Callable[[random.Random], str]:
    """Return a drawer of card numbers in groups of four."""

    def drawn(draw: random.Random) -> str:
        start, length = draw.choice(list(CARDS.items()))
        body = start + run(draw, length - len(start) - 1, DIGITS)
        number = body + luhn.calc_check_digit(body)
        return mark.join(number[i : i + 4] for i in range(0, length, 4))

    return drawn


def iban(mark: str) -> Callable[[random.Random], str]:
    """Return a drawer of IBANs in groups of four."""

    def drawn(draw: random.Random) -> str:
        country, form = draw.choice(list(IBANS.items()))
        body = "".join(draw.choice(DIGITS) if c == "#" else c for c in form)
        number = f"{country}{mod_97_10.calc_check_digits(body + country)}{body}"
        return mark.join(number[i : i + 4] for i in range(0, len(number), 4))

    return drawn


def date(form: str) -> Callable[[random.Random], str]:
    """Return a drawer of dates between 1950 and 1999."""
    return lambda draw: form.format(y=draw.randint(1950, 1999), m=draw.randint(1, 12), d=draw.randint(1, 28))


PERSONAL: dict[str, Callable[[random.Random], str]] = {
    "email": email,
    "email_wide": spelled("＠", "．"),
    "email_half": spelled("＠", "."),
    "email_en": spelled(" at ", " dot "),
    "email_brackets": spelled(" [at] ", " [dot] "),
    "email_round": spelled("(at)", "."),
    "email_curly": spelled(" {at} ", "."),
    "email_caps": spelled(" AT ", " DOT "),
    "email_es": spelled(" arroba ", " punto "),
    "email_pt": spelled(" arroba ", " ponto "),
    "email_de": spelled(" ät ", " Punkt "),
    "email_fr": spelled(" arobase ", " point "),
    "email_it": spelled(" chiocciola ", " punto "),
    "email_pl": spelled(" małpa ", " kropka "),
    "email_ru": spelled(" собака ", " точка "),
    "email_url": spelled("%40", "."),
    "email_idn": lambda d: f"{d.choice(WIDE_NAMES)}{d.randint(1, 99)}@{d.choice(WIDE_HOSTS)}",
    "card": card(""),
    "card_spaces": card(" "),
    "card_dots": card("."),
    "card_dashes": card("-"),
    "iban": iban(""),
    "iban_spaces": iban(" "),
    "birth_dots": date("{d:02}.{m:02}.{y}"),
    "birth_slashes": date("{d:02}/{m:02}/{y}"),
    "birth_iso": date("{y}-{m:02}-{d:02}"),
    "birth_en": date("{d} March {y}"),
    "birth_es": date("{d} de mayo de {y}"),
    "birth_fr": date("{d} juillet {y}"),
    "birth_ja": date("{y}年{m}月{d}日"),
    "passport": lambda d: run(d, 1, UPPER) + run(d, 8, DIGITS),
    "passport_de": lambda d: "C" + run(d, 2, "FGHJK") + run(d, 6, DIGITS),
    "passport_ru": lambda d: f"{run(d, 2, DIGITS)} {run(d, 2, DIGITS)} {run(d, 6, DIGITS)}",
    "account": lambda d: run(d, 8, DIGITS[1:]),
    "licence_gb": lambda d: f"LINDO{run(d, 6, DIGITS)}J99XY",
    "ip": lambda d: f"{d.randint(11, 223)}.{d.randint(1, 250)}.{d.randint(1, 250)}.{d.randint(2, 250)}",
    "ip6": lambda d: "2001:db8:" + ":".join(run(d, 4, "123456789abcdef") for _ in range(6)),
    "mac": lambda d: ":".join(run(d, 2, HEX) for _ in range(6)),
    "home": lambda d: d.choice(NAMES) + run(d, 3, LOWER),
} | {kind: id_number(kind) for kind in IDS}  # fmt: skip
FORMS = {"": phonenumbers.PhoneNumberFormat.NATIONAL, "_int": phonenumbers.PhoneNumberFormat.INTERNATIONAL,
         "_e164": phonenumbers.PhoneNumberFormat.E164}  # fmt: skip
REGIONS = (
    "US DE GB FR ES IT PT BR MX AR CL CO PL NL BE AT CH SE NO DK FI CZ HU RO GR TR RU UA IN CN JP KR AU NZ ZA IL SG HK"
    " IE VN"
)
for _region in REGIONS.split():
    for _mark, _form in FORMS.items():
        PERSONAL[f"tel_{_region.lower()}{_mark}"] = phone(_region, _form)
