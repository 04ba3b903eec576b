"""The settings: one list that the code, the manual and `kb doctor` all read."""

from __future__ import annotations

import difflib
import hashlib
import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from kb.errors import BadSetting
from kb.languages import normalise
from kb.patterns import EMAIL
from kb.strict import storable

FILE = "kb.toml"
PREFIX = "KB_"
TOKEN_KEY = re.compile(r"\s*[\w.-]{1,64}\s*:\s*\S{32,}\s*", re.ASCII)
CURRENCY = re.compile(r"[A-Z]{3}")
SHARED_MEMORY = Path("/dev/shm")
ORIGIN = re.compile(r"https?://[^/\s]+", re.IGNORECASE)
LEAST = {  # the least values of numbers
    "workers": 1, "threads": 1, "rate_offers": 0, "rate_events": 0, "rate_tickets": 0, "rate_logins": 0,
    "rate_mails": 0, "rate_search": 0, "trusted_proxies": 0, "reply_target": 1, "ticket_cost": 0, "ticket_minutes": 0,
    "keep_text": 1, "keep_events": 1, "keep_tickets": 0, "keep_audit": 0, "attachments": 0, "attachments_each": 1,
    "attachments_total": 1,
}  # fmt: skip
MOST = 10_000_000  # of every whole number, so that days and sizes can be computed with
TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def setting(default: Any, doc: str, *, secret: bool = False) -> Any:
    """Return a dataclass field whose metadata the manual prints."""
    return field(default=default, metadata={"doc": doc, "secret": secret})


def default_articles() -> Path:
    """Return the folder of the product's own manual, in a checkout or in an installed wheel."""
    return _ours("articles")


def static_folder() -> Path:
    """Return the folder of stylesheets and scripts, in a checkout or in an installed wheel."""
    return _ours("static")


def _ours(name: str) -> Path:
    package = Path(__file__).parent
    bundled = package / name
    return bundled if bundled.is_dir() else package.parent / name


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of an operator, from `kb.toml` or the environment.

    In the environment a name begins with `KB_`. The environment overrides the file.
    """

    articles: Path = setting(
        Path("articles"), "Folder of Markdown articles; if it doesn't exist, Shortstop's own manual is served."
    )
    data: Path = setting(Path("var"), "Folder for the index, the model export and the database.")
    host: str = setting("127.0.0.1", "Address the server listens on.")
    port: int = setting(8000, "Port the server listens on; the demo shop takes the next one, on this machine only.")
    url: str = setting(
        "", "Public address of the help center, for canonical links and e-mails; unset: the host of each request."
    )
    lang: str = setting("en", "Language of articles that name none, and the last fallback.")
    title: str = setting(
        "Help center", "Name of the help center, in the header and in page titles, unless `site.toml` has one."
    )
    workers: int = setting(2, "Web worker processes.")
    threads: int = setting(8, "Threads in each web worker.")
    embedder: str = setting(
        "auto",
        "Embedder: a name from the list, a model folder, or package.module:factory; `none` searches by words only.",
    )
    floor_search: float | None = setting(
        None, "Least probability for a search hit to be offered as an answer; unset: as tuned."
    )
    floor_suggest: float | None = setting(
        None, "Least probability for an article to be offered on a form; unset: as tuned."
    )
    holdout: float = setting(0.0, "Share of visitors, 0 to 0.5, who get no offers, so that the effect can be measured.")
    swaps: float = setting(
        0.0,
        "Probability, 0 to 0.2, that two neighbouring offers swap places, so that the ranking can learn from clicks.",
    )
    sinks: tuple[str, ...] = setting(
        ("inbox",), "Where tickets are sent, separated by commas: inbox, smtp, webhook, zendesk."
    )
    smtp_url: str = setting("", "Mail server, as smtp://user:password@host:port or smtps://….", secret=True)
    smtp_from: str = setting("", "Sender of outgoing e-mails; unset: the address in `smtp_to`.")
    smtp_to: str = setting("", "Address of the help desk that the smtp destination sends to.")
    receipts: bool = setting(
        False, "Send requesters a receipt by e-mail with the ticket's number and articles; needs smtp_url and a sender."
    )
    mail_to: str = setting(
        "",
        "Address whose e-mails become tickets, and where replies to our e-mails go. "
        "`help+*@example.com` adds the ticket's mark.",
    )
    imap_url: str = setting(
        "",
        "Mailbox whose e-mails become tickets, as imaps://user@host/INBOX; write @ in the user as %40.",
        secret=True,
    )
    imap_password: str = setting("", "Password of that mailbox.", secret=True)
    imap_done: str = setting("", "Folder that e-mails move to once they are stored; unset: they are marked as read.")
    webhook_url: str = setting("", "Address that the webhook destination posts to.")
    webhook_secret: str = setting(
        "", "Secret that signs webhooks (whsec_ and base64, as in Standard Webhooks).", secret=True
    )
    zendesk_url: str = setting("", "Address of your Zendesk, as https://example.zendesk.com.")
    zendesk_user: str = setting("", "E-mail address of the Zendesk agent that the zendesk destination writes as.")
    zendesk_token: str = setting("", "API token of Zendesk.", secret=True)
    origins: tuple[str, ...] = setting((), "Origins, separated by commas, whose pages may post events and tickets.")
    token_keys: tuple[str, ...] = setting(
        (),
        "Keys of tokens that your server signs: id:secret pairs, separated by commas; "
        "secrets of at least 32 characters.",
        secret=True,
    )
    trusted_proxies: int = setting(0, "Number of proxies in front of the server whose X-Forwarded-For is trusted.")
    allow_networks: tuple[str, ...] = setting(
        (), "Private networks, such as 10.0.0.0/8, that destinations and checks may reach."
    )
    metrics_networks: tuple[str, ...] = setting(
        (), "Networks, such as 10.0.0.0/8, that may read `/metrics`; this machine always may."
    )
    rate_offers: int = setting(
        60, "Offers per minute and person, and 20 times as many for an address that many share; 0 turns the limit off."
    )
    rate_events: int = setting(
        120, "Event requests per minute and person, and 20 times as many for an address; 0 turns the limit off."
    )
    rate_tickets: int = setting(
        10, "Tickets per minute and person, and 5 times as many for an address; 0 turns the limit off."
    )
    rate_mails: int = setting(30, "E-mails read per hour and sender; the rest wait. 0 turns the limit off.")
    rate_search: int = setting(
        120,
        "Searches by meaning per minute and address; beyond it, search uses words only, and beyond four times as many "
        "it is refused. 0 turns the limit off.",
    )
    attachments: int = setting(5, "Largest number of files attached to a message; 0 allows none.")
    attachments_each: int = setting(10, "Largest size of an attached file, in MB.")
    attachments_total: int = setting(20, "Largest total size of the files attached to a message, in MB.")
    rate_logins: int = setting(10, "Login attempts per minute and address; 0 turns the limit off.")
    oidc_issuer: str = setting(
        "", "Identity provider that agents may log in through, by OpenID Connect, as https://login.example.com."
    )
    oidc_client_id: str = setting("", "Name of the help center at that provider.")
    oidc_client_secret: str = setting("", "Secret of the help center at that provider.", secret=True)
    reply_target: int = setting(
        24, "Target for the time to a ticket's first answer, in hours, in the report and on the page after sending."
    )
    ticket_cost: float = setting(0.0, "Cost of a ticket, for the money saved in the report; 0: not given.")
    ticket_minutes: float = setting(
        0.0, "Minutes that a ticket takes an agent, for the hours saved in the report; 0: not given."
    )
    currency: str = setting("", "Currency of `ticket_cost`, as a code such as EUR; unset: shown without one.")
    site_scripts: bool = setting(False, "Let `head` and `analytics` in `site.toml` add scripts to visitors' pages.")
    consent: str = setting(
        "given",
        "`ask`: until a visitor agrees, only the messages they send are recorded; `given`: visitors are not asked.",
    )
    keep_text: int = setting(90, "Days that the redacted text of queries and messages in events is kept.")
    keep_events: int = setting(730, "Days that events are kept.")
    keep_tickets: int = setting(
        0, "Days that closed tickets, with their messages and notes, and past questions are kept; 0: forever."
    )
    keep_audit: int = setting(0, "Days that the audit log is kept; 0: forever.")
    admin_password: str = setting(
        "", "Password of the user `admin`; unset: the one set by `kb admin password`.", secret=True
    )

    def __post_init__(self) -> None:
        if not 0.0 <= self.holdout <= 0.5:
            raise BadSetting(f"holdout is {self.holdout}; it must be from 0 to 0.5")
        if not 0.0 <= self.swaps <= 0.2:
            raise BadSetting(f"swaps is {self.swaps}; it must be from 0 to 0.2")
        if not 0 < self.port < 65536:
            raise BadSetting(f"port is {self.port}; it must be from 1 to 65535")
        if any(not TOKEN_KEY.fullmatch(pair) for pair in self.token_keys):
            raise BadSetting("token_keys must hold id:secret pairs with secrets of at least 32 characters")
        if self.consent not in ("given", "ask"):
            raise BadSetting(f"consent is {self.consent!r}; it must be ask or given")
        for name in ("floor_search", "floor_suggest"):
            value = getattr(self, name)
            if value is not None and not 0.0 <= value <= 1.0:
                raise BadSetting(f"{name} is {value}; it must be from 0 to 1")
        for name, least in LEAST.items():
            if not getattr(self, name) >= least:  # also NaN
                raise BadSetting(f"{name} is {getattr(self, name)}; it must be at least {least}")
            if getattr(self, name) > MOST:
                raise BadSetting(f"{name} is over {MOST:,}; it must be less")
        _check_texts(self)

    @property
    def database(self) -> Path:
        """The file that holds episodes, events and tickets."""
        return self.data / "shortstop.db"

    @property
    def generations(self) -> Path:
        """The folder that holds index generations and `current`."""
        return self.data / "index"

    @property
    def metrics(self) -> Path:
        """The folder of the counters of one `kb serve`: in memory, so that a full disk cannot stop a process."""
        name = hashlib.sha256(os.fsencode(self.data.absolute())).hexdigest()[:16]
        return SHARED_MEMORY / f"shortstop-{os.getuid()}-{name}" if SHARED_MEMORY.is_dir() else self.data / "metrics"

    @property
    def can_reply(self) -> bool:
        """True if answers can be sent by e-mail."""
        return bool(self.smtp_url and (self.smtp_from or self.smtp_to))

    @property
    def writer_socket(self) -> Path:
        """The Unix socket on which the writer listens."""
        return self.data / "writer.sock"


def _check_texts(settings: Settings) -> None:
    """Raise BadSetting for an invalid language, address, origin or network."""
    if not settings.host.strip():
        raise BadSetting(
            "host is empty; it must be an address such as 127.0.0.1, or 0.0.0.0 for all addresses of this machine"
        )
    mailbox = settings.mail_to.replace("+*@", "@")  # the * is the place of a ticket's mark
    if mailbox and ("*" in mailbox or not EMAIL.fullmatch(mailbox)):
        raise BadSetting(
            f"mail_to is {settings.mail_to!r}; it must be an address such as help@example.com, without a name"
        )
    if settings.currency and not CURRENCY.fullmatch(settings.currency):
        raise BadSetting(f"currency is {settings.currency!r}; it must be a code of three capital letters, such as EUR")
    if normalise(settings.lang) != settings.lang:
        raise BadSetting(f"lang is {settings.lang!r}; it must be a language code in lower case, such as es or pt-br")
    for name in ("url", "webhook_url", "zendesk_url", "oidc_issuer"):
        value = getattr(settings, name)
        if value and not re.match(r"https?://[^/\s]", value):
            shown = "" if name == "webhook_url" else f"is {value!r}; it "  # a webhook's address can be a secret
            raise BadSetting(f"{name} {shown}must be an address such as https://help.example.com")
    if settings.oidc_issuer and not (settings.oidc_client_id and settings.url):
        raise BadSetting(
            "oidc_issuer also needs oidc_client_id, and url, the address that the provider sends agents back to"
        )
    for name in ("smtp_to", "smtp_from"):
        value = getattr(settings, name)
        if value and not EMAIL.fullmatch(parseaddr(value)[1]):
            raise BadSetting(f"{name} is {value!r}; it must be an e-mail address such as help@example.com")
    for origin in settings.origins:
        if not ORIGIN.fullmatch(origin.removesuffix("/")):
            raise BadSetting(
                f"origins contains {origin!r}; write an origin as https://shop.example.com, without a path"
            )
    for name in ("allow_networks", "metrics_networks"):
        for network in getattr(settings, name):
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError:
                raise BadSetting(f"{name} contains {network!r}; write a network as 10.0.0.0/8") from None


def load(environ: Mapping[str, str] | None = None, *, folder: Path = Path(), **over: Any) -> Settings:
    """Return the settings of `kb.toml` in `folder`, overridden by the environment and then by `over`.

    Raise BadSetting for an unknown key, with the nearest known one, and for a value of the wrong type.
    """
    environ = os.environ if environ is None else environ
    values = _from_file(folder / FILE)
    for key, text in sorted(environ.items()):
        if not key.startswith(PREFIX):
            continue
        name = key.removeprefix(PREFIX).lower()
        if name not in Settings.__dataclass_fields__:
            raise BadSetting(f"{key} in the environment is not a setting{_nearest(name, prefix=PREFIX)}")
        values[name] = _convert(name, text, source=key)
    values.update({name: value for name, value in over.items() if value is not None})
    settings = Settings(**values)
    if "articles" not in values and not settings.articles.is_dir():
        return Settings(**(values | {"articles": default_articles()}))
    return settings


def is_said(name: str, environ: Mapping[str, str] | None = None, *, folder: Path = Path()) -> bool:
    """Return True if `kb.toml` or the environment sets a setting."""
    said = os.environ if environ is None else environ
    return f"{PREFIX}{name.upper()}" in said or name in _from_file(folder / FILE)


def _from_file(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except RecursionError as error:
        raise BadSetting(f"{path} is nested too deeply; see the article on settings for an example") from error
    except ValueError as error:  # not TOML, not UTF-8, or a number of thousands of digits
        raise BadSetting(f"{path}: {error}; see the article on settings for an example") from error
    for name in table:
        if name not in Settings.__dataclass_fields__:
            raise BadSetting(f"{path}: {name} is not a setting{_nearest(name)}")
    return {name: _convert(name, value, source=f"{path}: {name}") for name, value in table.items()}


def _nearest(name: str, *, prefix: str = "") -> str:
    known = list(Settings.__dataclass_fields__)
    near = difflib.get_close_matches(name.lower().removeprefix(PREFIX.lower()), known, n=1, cutoff=0.5)
    if not near:
        return "; see the article on settings"
    return f"; did you mean {prefix}{near[0].upper() if prefix else near[0]}?"


def _convert(name: str, value: Any, *, source: str) -> Any:
    """Convert `value`, a string or a TOML value, to the type of the setting."""
    kind = str(Settings.__dataclass_fields__[name].type)
    if not _is_storable(value):
        raise BadSetting(f"{source} contains characters that are not text; write it in UTF-8")
    try:
        match kind:
            case "Path" if isinstance(value, str) and value.strip():
                return Path(value).expanduser()
            case "int" if isinstance(value, (int, str)) and not isinstance(value, bool) and abs(int(value)) < 10**18:
                return int(value)
            case "float | None" if value == "":
                return None
            case "float" | "float | None" if not isinstance(value, bool):
                return float(value)
            case "bool" if str(value).lower() in TRUE | FALSE:
                return str(value).lower() in TRUE
            case "tuple[str, ...]":
                parts = value.split(",") if isinstance(value, str) else value
                return tuple(part.strip() for part in parts if part.strip())
            case "str" if isinstance(value, str):
                return value
    except (ValueError, AttributeError, TypeError):
        pass
    secret = Settings.__dataclass_fields__[name].metadata["secret"]
    raise BadSetting(f"{source} {'' if secret else f'is {_shown(value)}; it '}must be {_KINDS[kind]}")


def _shown(value: Any) -> str:
    try:
        return repr(value)[:60]
    except ValueError:  # TOML writes numbers in hexadecimal too, and Python shows at most 4,300 digits
        return "a number of thousands of digits"


def _is_storable(value: Any) -> bool:
    """Return True unless a text has bytes that are not UTF-8, which Python reads as lone surrogates, or a NUL."""
    texts = value if isinstance(value, list) else [value]
    return all(storable(text) for text in texts if isinstance(text, str))


_KINDS = {
    "Path": "a path",
    "int": "a whole number",
    "float": "a number",
    "float | None": "a number",
    "bool": "true or false",
    "tuple[str, ...]": "a list of texts (in the environment: separated by commas)",
    "str": "text",
}
