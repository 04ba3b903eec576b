"""Find addresses of devices: IPv4, IPv6 and MAC."""

from __future__ import annotations

import ipaddress
import re

from deflect.redaction.spans import Span, last_group, rule

VERSION = re.compile(  # words before a version or a chapter
    r"(?i)(?:§|\b[A-Za-z]{1,20}/|\b(?:versions?|ver\.?|v|build|release|update|firmware|versión|versione|versie|wersja"
    r"|версия|driver|treiber|tables?|figures?|steps?|tabelle|chapters?|sections?|clauses?|kapitel|abschnitt|capítulo"
    r"|sección|chapitre|capitolo))[ :#]{0,2}$"
)
GATEWAYS = frozenset(
    "fe80::1 192.168.0.1"
    " 192.168.1.1"
    " 192.168.2.1 192.168.178.1 10.0.0.1 10.0.2.2 172.17.0.1 8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 9.9.9.9".split()
)


def _ipv4(match: re.Match[str]) -> Span | None:
    """Return an IPv4 address, unless it is a version, a network, a mask or the same everywhere."""
    versioned = VERSION.search(match.string, max(0, match.start() - 24), match.start())
    after = match.string[match.end() : match.end() + 3]
    return match.span() if not versioned and _is_personal(match[0], after) else None


def _ipv6(match: re.Match[str]) -> Span | None:
    """Return an IPv6 address with a digit in it. Without one, as in `a::b`, it is more likely C++."""
    run = match[0] if match[0].endswith("::") else match[0].rstrip(".,:")
    end = match.start() + len(run)
    digits = ":" in run and any(c.isdigit() for c in run)
    personal = digits and _is_personal(run.split("%")[0], match.string[end : end + 4])
    return (match.start(), end) if personal else None


def _is_personal(text: str, after: str) -> bool:
    """Return True for the address of one device; `after` is what follows, such as the `/24` of a network."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    same = address.is_loopback or address.is_unspecified or text in GATEWAYS or text.startswith("255.")
    return not same and not _is_network(text, after)


def _is_network(text: str, after: str) -> bool:
    prefix = re.match(r"/\d{1,3}", after)
    try:
        return prefix is not None and ipaddress.ip_network(text + prefix[0]).num_addresses > 1
    except ValueError:  # the address of a device in the network
        return False


DEVICES = (
    rule("mac", r"(?i)(?<![\w:-])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:-])"
        r"|(?<![\w.])(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}(?![\w.])", needs=":-."),
    rule("ip", r"(?i)(?<![\w:.])[0-9a-f:]{2,39}(?:[0-9.]{0,15})(?:%\w{1,16})?(?![\w:])", _ipv6, needs=":"),
    rule("ip", r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)", _ipv4, needs="."),
    rule("ip", r"(?<![\d-])((?:\d{1,3}-){3}\d{1,3})(?=\.[a-z])", last_group, needs="-"),
)  # fmt: skip
