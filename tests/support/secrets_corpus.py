"""Made-up secrets of every kind, drawn with a seed, and harmless texts that resemble secrets."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable

SENTENCES = (
    "My address is {} and I cannot log in.",
    "please call {} after five",
    "{}",
    "It says: {}",
    "Since Monday ({}) nothing works.",
    "I paid with {}, twice!",
    "Number: {}\nThank you",
    "see {}.",
)

HARMLESS = (
    "Thunderbird 128.5.0esr on Windows 10 version 22H2 (build 19045.3803)",
    "Firefox/131.0 and Chrome/115.0.5790.110 both fail",
    "version 1.2.3.4 of the driver",
    "Error 0x80070005 while installing",
    "error code -2147024891",
    "HTTP 404, then 503, port 8080",
    "It costs 1.299,00 € or $1,299.00 a year",
    "I paid 49.99 on 2026-10-01",
    "on 01.10.2026 at 14:30, again on 10/12/2026 09:15:00",
    "2026-10-01T14:30:00Z is what the log says",
    "from 9:00 to 17:30, Monday 5 October 2026",
    "chapter 3.2.1, step 4 of 7",
    "pages 100-200 and 1 000 000 rows",
    "ISO 27001 and RFC 9457, paragraph 12",
    "react@18.2.0 and lodash@4.17.21 from npm",
    "the file IMG_20261001_143000.jpg will not open",
    "std::string is not a::b",
    "size 1920x1080, 300 dpi, 16 GB",
    "order 4711, invoice 2026-0042",
    "python3.11 -m venv .venv && pip install .",
    "C:\\Program Files\\Mozilla Thunderbird\\thunderbird.exe",
    "/usr/lib/x86_64-linux-gnu/libssl.so.3",
    "https://help.example.com/en/articles/account/reset-password?lang=en#code",
    "account/reset-password and support-leads/read-the-report",
    "my password: reset does not work",
    "I forgot the password, the token never arrives",
    "ratio 3:2, 12:30:45 on the clock",
    "the MicrosoftEdgeUpdateTaskMachine task",
    "SELECT * FROM tickets WHERE state = 'open'",
    "C++20, HTML5, UTF-8, SHA-256, x86-64, IPv6",
    "call the function twice, then wait 30 seconds",
    "zip code 10115 Berlin, room 3.14",
    "WCAG 2.2 AA, ES2022, TLS 1.3",
    "temperature -12.5 degrees, 1013.25 hPa",
    "the meeting is at 10, phone or video",
    "Windows 11 24H2, KB5044284 is installed",
    "I have 3 accounts, 12 users and 250 mails",
    "what does the e-mail sign @ mean",
    "user@ is missing in front of the domain",
    "AT THE END OF THE DAY IT WORKS",
    "exit status 137, signal 9",
    "backup of 20261001123000 is gone",
    "twenty-four-hour-customer-support-phone-line",
    "0.1 is a good share; 6,510 an arm for 2 points",
    "IMAP port 993, SMTP port 587, POP3 port 995",
    "screen 2560 x 1440 at 144 Hz",
    "chapter 10.1.2 of the manual from 1999",
    "commit a1b2c3d fixed it",
    "an iPhone 15 with iOS 18.1.1",
    "DE is Germany and GB is not UK",
    "2 Google Drive accounts and 1 Apple Way",
    "step 4 Road map, and the 3 Main Menus",
    "invoice-4711.pdf and the file manual.pdf",
    "prefs.js, user.js and key4.db in the profile folder",
    "C:\\Windows\\System32\\drivers\\etc\\hosts",
    "https://help.example.com/home/overview and /etc/home",
    "la calle de al lado, en la plaza",
    "auf dem Weg 3 Mal angehalten",
)


def corpus(count: int, *, seed: int) -> list[tuple[str, str]]:
    """Return `count` pairs of (text, secret), taking the kinds in turn."""
    draw = random.Random(seed)
    kinds = list(KINDS.values())
    pairs = []
    for i in range(count):
        secret = kinds[i % len(kinds)](draw)
        pairs.append((draw.choice(SENTENCES).format(secret), secret))
    return pairs


def luhn(digits: str) -> str:
    """Return `digits` with the check digit of a card number."""
    for check in string.digits:
        numbers = [int(c) for c in reversed(digits + check)]
        if sum(n if i % 2 == 0 else sum(divmod(2 * n, 10)) for i, n in enumerate(numbers)) % 10 == 0:
            return digits + check
    raise AssertionError


def _digits(draw: random.Random, n: int) -> str:
    return "".join(draw.choice(string.digits) for _ in range(n))


def _letters(draw: random.Random, n: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(draw.choice(alphabet) for _ in range(n))


def _email(draw: random.Random) -> str:
    name = _letters(draw, draw.randint(2, 8), string.ascii_lowercase)
    tag = draw.choice(["", "+shop", ".smith", "_1", "-x"])
    domain = draw.choice(
        ["example.com", "mail.example.co.uk", "uni-ulm.example", "xn--bcher-kva.example", "post.example.museum"]
    )
    return f"{name}{tag}@{domain}"


def _phone(draw: random.Random) -> str:
    d = lambda n: _digits(draw, n)  # noqa: E731 (a short name for a short thing)
    shapes = (
        lambda: f"+49 170 {d(7)}",
        lambda: f"+1 (555) {draw.randint(200, 999)}-{d(4)}",
        lambda: f"+34 6{d(2)} {d(3)} {d(3)}",
        lambda: f"+44 20 {d(4)} {d(4)}",
        lambda: f"({draw.randint(201, 989)}) {draw.randint(200, 999)}-{d(4)}",
        lambda: f"{draw.randint(201, 989)}-{draw.randint(200, 999)}-{d(4)}",
        lambda: f"030 {draw.randint(100, 999)}{d(5)}",
        lambda: f"0{draw.randint(151, 179)}/{draw.randint(1000, 9999)}{d(4)}",
        lambda: f"6{d(2)} {d(3)} {d(3)}",
        lambda: f"0049{draw.randint(151, 179)}{d(8)}",
    )
    return draw.choice(shapes)()


def _card(draw: random.Random) -> str:
    number = luhn(draw.choice(["4", "51", "55", "2221", "6011"]).ljust(4, "3") + _digits(draw, 11))
    mark = draw.choice(["", " ", "-"])
    return mark.join(number[i : i + 4] for i in range(0, 16, 4))


def _iban(draw: random.Random) -> str:
    country, length = draw.choice([("DE", 22), ("AT", 20), ("ES", 24), ("FR", 27), ("NL", 18), ("GB", 22), ("CH", 21)])
    bank = _letters(draw, 4, string.ascii_uppercase) if country in ("NL", "GB") else _digits(draw, 4)
    body = bank + _digits(draw, length - 8)
    number = int("".join(str(int(c, 36)) for c in body + country + "00"))
    iban = f"{country}{98 - number % 97:02}{body}"
    return " ".join(iban[i : i + 4] for i in range(0, length, 4)) if draw.random() < 0.5 else iban


def _jwt(draw: random.Random) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    return f"{head}.{_letters(draw, 40)}.{_letters(draw, 43)}"


def _key(draw: random.Random) -> str:
    prefixes = ("sk-proj-", "sk_live_", "ghp_", "glpat-", "xoxb-", "AKIA", "whsec_", "npm_", "")
    prefix = draw.choice(prefixes)
    if prefix == "AKIA":
        return prefix + _letters(draw, 16, string.ascii_uppercase + string.digits)
    return prefix + _letters(draw, 36)


def _hex(draw: random.Random) -> str:
    return _letters(draw, draw.choice([32, 40, 64]), "0123456789abcdef")


def _uuid(draw: random.Random) -> str:
    h = _letters(draw, 32, "0123456789abcdef")
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def _ipv4(draw: random.Random) -> str:
    return ".".join(str(draw.randint(11, 254)) for _ in range(4))


def _ipv6(draw: random.Random) -> str:
    return "2001:db8:" + ":".join(_letters(draw, 4, "123456789abcdef") for _ in range(6))


def _address(draw: random.Random) -> str:
    n = draw.randint(1, 399)
    name = draw.choice(("Baker", "Oakfield", "Marlow", "Ashcombe", "Kingsley"))
    shapes = (
        f"{n} {name} Street", f"{n}B Old {name} Road", f"{n} {name} Ave.", f"{name}straße {n}", f"{name}weg {n}a",
        f"{name}str. {n}", f"Calle de {name} {n}", f"Avenida de la {name}, {n}", f"{n} rue de {name}",
    )  # fmt: skip
    return draw.choice(shapes)


def _file(draw: random.Random) -> str:
    one, two = draw.choice(("Maria", "Jonas", "Aisha", "Piotr")), draw.choice(("Garcia", "Keller", "Rahman", "Nowak"))
    shapes = (f"Invoice_{one}_{two}", f"{one}-{two}-CV", f"{two}_{one}_2026", f"contract_{one}_{two}_signed")
    return f"{draw.choice(shapes)}.{draw.choice(('pdf', 'docx', 'xlsx', 'odt', 'eml'))}"


def _long_number(draw: random.Random) -> str:
    return "7" + _digits(draw, draw.randint(9, 11))


KINDS: dict[str, Callable[[random.Random], str]] = {
    "email": _email, "phone": _phone, "card": _card, "iban": _iban, "jwt": _jwt, "key": _key, "hex": _hex,
    "uuid": _uuid, "ipv4": _ipv4, "ipv6": _ipv6, "number": _long_number,
    "address": _address, "file": _file,
}  # fmt: skip
