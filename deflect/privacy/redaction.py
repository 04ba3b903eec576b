"""Replace personal data and secrets in a text before it is stored."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from itertools import pairwise

LONGEST = 20_000  # characters; the rest of a longer text is dropped, because it is not redacted

# Lengths by country, from the SWIFT registry. A run is an IBAN only with the right length and check digits (mod 97).
IBAN_LENGTHS = {
    entry[:2]: int(entry[2:])
    for entry in (
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 "
        "FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 "
        "LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 "
        "SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 "
    ).split()
}

KINDS = "address|card|email|file|iban|ip|mac|name|number|phone|token|user"
MARK = re.compile(rf"\[(?:{KINDS})\](?:(?<=\[file\])\.\w+)?")  # the placeholders

Judge = Callable[[re.Match[str]], str]


def redact(text: str) -> str:
    """Return `text` with addresses, numbers and secrets replaced by their kind in brackets.

    >>> redact("I am jo@example.com, version 128.5.0 says error 0x80070005")
    'I am [email], version 128.5.0 says error 0x80070005'
    """
    text = text[:LONGEST]
    for pattern, judge in RULES:
        text = pattern.sub(judge, text)
    return text


def unmarked(text: str) -> str:
    """Return a redacted text without the placeholders, which the visitor did not write.

    >>> unmarked("Refund to [email], see [file].pdf, please")
    'Refund to , see , please'
    """
    return MARK.sub("", text)


def always(kind: str) -> Judge:
    """Return a judge that replaces every match with `[kind]`."""
    return lambda match: f"[{kind}]"


def _named_secret(match: re.Match[str]) -> str:
    return f"{match[1]}[token]"


def _home(match: re.Match[str]) -> str:
    return f"{match[1]}[user]"


def _password(match: re.Match[str]) -> str:
    """Replace the value after `password:`, unless it is a plain word, as in *password: reset*."""
    value = match[2]
    plain = value.isalpha() and (value.islower() or value.istitle())
    return match[0] if plain and match[3] is None else f"{match[1]}[token]"


def _random(match: re.Match[str]) -> str:
    """Replace a run that switches between lower case, upper case and digits as often as a random one would."""
    kinds = ["a" if c.islower() else "A" if c.isupper() else "0" for c in match[0] if c.isalnum()]
    changes = sum(one != other for one, other in pairwise(kinds))
    mixed = len(set(kinds)) > 1 and ("0" in kinds or len(kinds) >= 32)
    return "[token]" if mixed and changes >= 0.3 * (len(kinds) - 1) else match[0]


def _iban(match: re.Match[str]) -> str:
    compact, taken = "", 0
    length = IBAN_LENGTHS.get(match[0][:2].upper(), 0)
    for taken, char in enumerate(match[0], start=1):  # noqa: B007 (used after the loop)
        compact += char if char.isalnum() else ""
        if len(compact) == length:
            break
    return f"[iban]{match[0][taken:]}" if length and _mod97(compact.upper(), length) else match[0]


def _mod97(compact: str, length: int) -> bool:
    digits = "".join(str(int(c, 36)) for c in compact[4:] + compact[:4])
    return len(compact) == length and int(digits) % 97 == 1


def _card(match: re.Match[str]) -> str:
    digits = [int(c) for c in match[0] if c.isdigit()]
    doubled = [d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(reversed(digits))]
    return "[card]" if sum(doubled) % 10 == 0 and len(set(digits)) > 1 else match[0]


def _ipv4(match: re.Match[str]) -> str:
    """Replace an IPv4 address, unless the word before it marks a version number."""
    return match[0] if match[1] or not _is_address(match[2]) else "[ip]"


def _ipv6(match: re.Match[str]) -> str:
    """Replace an IPv6 address with a digit in it. Without one, as in `a::b`, it is more likely C++."""
    run = match[0] if match[0].endswith("::") else match[0].rstrip(".,:")
    hidden = any(c.isdigit() for c in run) and _is_address(run.split("%")[0])
    return f"[ip]{match[0][len(run) :]}" if hidden else match[0]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _phone(match: re.Match[str]) -> str:
    digits = sum(c.isdigit() for c in match[0])
    return "[phone]" if 7 <= digits <= 15 and not DATE.search(match[0]) else match[0]


def _file(match: re.Match[str]) -> str:
    """Replace the name of a document if it has two or more words, since it may contain a person's name.

    Names of programs and pictures are kept: only the types in DOCUMENTS come here.
    """
    words = [part for part in re.split(r"[_\W\d]+", match[1]) if len(part) > 1]
    return f"[file].{match[2]}" if len(words) > 1 else match[0]


def _number(match: re.Match[str]) -> str:
    """Replace a long run of digits, unless it is a time such as 20261001123000."""
    return match[0] if STAMP.fullmatch(match[0]) else "[number]"


DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d([-./ ])(?:0?[1-9]|1[0-2])\1[0-3]?\d|[0-3]?\d([-./ ])[01]?\d\2(?:19|20)\d\d)(?!\d)"
)
STAMP = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[0-2]\d[0-5]\d(?:[0-5]\d)?")
VERSION = (
    r"((?:\bversions?|\bver\.?|\bv|\bbuild|\brelease|\bupdate|\b[A-Za-z]+/|\bfirmware|\bversión|\bdriver)[ :#]{0,2})?"
)

# Streets with a house number in English, German, Spanish and French. "Drive" is left out because of Google Drive.
NAME = r"[A-ZÁÉÍÓÚÑÄÖÜ][\w'.’-]{1,30}"
ROADS = r"Street|St\.?|Road|Rd\.?|Avenue|Ave\.?|Lane|Boulevard|Blvd\.?|Terrace|Crescent"
STREETS = "|".join(
    (
        rf"\b\d{{1,5}}[A-Za-z]?,?[ ](?:{NAME}[ ]){{1,3}}(?:{ROADS})(?!\w)",
        r"\b[A-ZÄÖÜ][\w-]{1,30}(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|damm|ufer)[ ]\d{1,4}[ ]?[a-z]?\b",
        r"\b(?:[Cc]alle|[Aa]venida|Avda\.|[Pp]laza|[Pp]aseo|[Cc]arrer|C/)[ ]?(?:(?:de|del|la|las|los|el)[ ]){0,2}"
        rf"(?:{NAME}[ ,]+){{1,4}}(?:n\.?º[ ]?)?\d{{1,4}}\b",
        r"\b\d{1,4}(?:[ ]?bis)?,?[ ](?:rue|avenue|boulevard|chemin|quai)[ ]"
        rf"(?:(?:de|du|des|la|le|les)[ ]|[dl]['’]){{0,2}}{NAME}(?:[ ]{NAME}){{0,3}}",
    )
)
DOCUMENTS = "pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|eml|msg|pages|numbers"

RULES: tuple[tuple[re.Pattern[str], Judge], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]{1,40}-----.*?(?:-----END [A-Z ]{1,40}-----|\Z)", re.S), always("token")),
    (re.compile(r"(?i)\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"), always("token")),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?"), always("token")),
    (
        re.compile(
            r"\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)?[-_]?[\w-]{16,}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}"
            r"|\bxox[abeprs]-[\w-]{10,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}|\bya29\.[\w-]{20,}|\bwhsec_[\w+/=]{10,}"
            r"|\bnpm_\w{30,}|\bpypi-[\w-]{30,}|\bSG\.[\w-]{16,}\.[\w-]{16,}|\bhf_[A-Za-z]{30,}|\bdop_v1_\w{40,}"
        ),
        always("token"),
    ),
    (re.compile(r"(?i)\b((?:bearer|basic) )[\w.+/=~-]{12,}"), _named_secret),
    (re.compile(r"(://)[^\s/:@]{1,100}:[^\s/@]{1,200}(?=@)"), _named_secret),
    (
        re.compile(
            r"(?i)([?&](?:access_token|api_?key|apikey|auth|code|key|password|secret|session(?:id)?|sid|sig(?:nature)?|token)=)[^\s&#\"'<>]{6,}"
        ),
        _named_secret,
    ),
    (
        re.compile(
            r"(?i)\b((?:pass(?:word|wd|phrase|code)?|contraseña|clave|kennwort|passwort|secret|token|api[ _-]?key|pin"
            r"|otp)"
            r"(?: is| es| ist)?\s?[:=]\s?[\"']?)([^\s\"'&]{4,200})([\"'])?"
        ),
        _password,
    ),
    (
        re.compile(
            r"[\w.!#$%*+^`{|}~'-]{1,64}\s?(?:@|%40|[\[(]\s?at\s?[\])])\s?(?:[\w-]{1,63}(?:\.|\s?[\[(]dot[\])]\s?)){1,6}[^\W\d_]{2,24}"
        ),
        always("email"),
    ),
    (re.compile(r"(?i)(\b[a-z]:\\(?:users|benutzer|usuarios)\\)[^\\\n:\"<>|]{1,60}(?=\\)"), _home),
    (re.compile(r"(?<![\w.:/])(/(?:home|Users)/)[\w.-]{1,60}"), _home),
    (re.compile(rf"(?i)(?<![\w.-])([^\W\d][\w-]{{2,80}})\.({DOCUMENTS})\b"), _file),
    (re.compile(STREETS), always("address")),
    (re.compile(r"\b[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]{4}){2,7}(?:[ -]?[A-Za-z0-9]{1,4})?\b"), _iban),
    (re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w])"), _card),
    (re.compile(r"(?i)\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b"), always("mac")),
    (re.compile(r"(?i)(?<![\w:.])[0-9a-f:]{2,39}(?:[0-9.]{0,15})(?:%\w{1,16})?(?![\w:])"), _ipv6),
    (re.compile(VERSION + r"(?<![\w.])((?:\d{1,3}\.){3}\d{1,3})(?![\w.]*\d)", re.I), _ipv4),
    (re.compile(r"\b(?=[0-9a-fA-F]*[a-fA-F])(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{32,}\b"), always("token")),
    (re.compile(r"(?<![\w/+=.-])[A-Za-z0-9_+/=-]{20,}(?![\w])"), _random),
    (re.compile(r"(?<![\w+])(?:\+|00)\d{1,3}(?:[ ()./-]{0,2}\d){6,13}(?!\d)"), _phone),
    (re.compile(r"(?<![\w.,/-])\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?![\w-]|[.,]\d)"), _phone),
    (re.compile(r"(?<![\w.,/+-])\(?0\d{1,4}\)?[ /.-]\d{2,8}(?:[ /-]?\d{2,4}){0,3}(?![\w-]|[.,:]\d)"), _phone),
    (re.compile(r"(?<![\w.,/-])[6789]\d{2}[ -](?:\d{3}[ -]\d{3}|\d{2}[ -]\d{2}[ -]\d{2})(?![\w-]|[.,]\d)"), _phone),
    (re.compile(r"(?<![\w.,-])\d{9,}(?!\w|[.,]\d)"), _number),
)
