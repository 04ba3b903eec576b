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

FILE = "kb.toml"
PREFIX = "KB_"
TOKEN_KEY = re.compile(r"\s*[\w.-]{1,64}\s*:\s*\S{32,}\s*", re.ASCII)
SHARED_MEMORY = Path("/dev/shm")
ORIGIN = re.compile(r"https?://[^/\s]+", re.IGNORECASE)
LEAST = {  # the least value of settings that are counts
    "workers": 1, "threads": 1, "rate_offers": 0, "rate_events": 0, "rate_tickets": 0, "rate_logins": 0,
    "rate_mails": 0, "rate_search": 0, "trusted_proxies": 0, "reply_target": 1, "keep_text": 1, "keep_events": 1,
    "keep_tickets": 0, "keep_audit": 0, "attachments": 0, "attachments_each": 1, "attachments_total": 1,
}  # fmt: skip
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
    """Everything an operator may set, in `kb.toml` or, over it, in the environment with `KB_` before the name."""

    articles: Path = setting(
        Path("articles"), "Folder of Markdown articles; where there is none, our own manual is served."
    )
    data: Path = setting(Path("var"), "Folder for the index, the model export and the database.")
    host: str = setting("127.0.0.1", "Address the server listens on.")
    port: int = setting(8000, "Port the server listens on; the demo shop takes the next one.")
    url: str = setting("", "Public address of the help center, for canonical links and e-mails; unset: as requested.")
    lang: str = setting("en", "Language of articles that say none, and the last fallback.")
    title: str = setting("Help center", "Name of the help center, in the header and in page titles.")
    workers: int = setting(2, "Web worker processes.")
    threads: int = setting(8, "Threads in each web worker.")
    embedder: str = setting(
        "auto", "Embedder: a name from the list, a model folder, or package.module:factory; `none` for words only."
    )
    floor_search: float | None = setting(
        None, "Least probability for a search hit to be offered as an answer; unset: as tuned."
    )
    floor_suggest: float | None = setting(
        None, "Least probability for an article to be offered on a form; unset: as tuned."
    )
    holdout: float = setting(
        0.0, "Share of people, 0 to 0.5, who are shown no offers so that the effect can be measured."
    )
    swaps: float = setting(
        0.0, "Probability, 0 to 0.2, that two neighbouring offers change places, so that following can be learned from."
    )
    sinks: tuple[str, ...] = setting(("inbox",), "Where tickets go, with commas: inbox, smtp, webhook, zendesk.")
    smtp_url: str = setting("", "Mail server, as smtp://user:password@host:port or smtps://….", secret=True)
    smtp_from: str = setting("", "Sender of our e-mails; unset: the address of `smtp_to`.")
    smtp_to: str = setting("", "Address of the help desk that the smtp sink writes to.")
    receipts: bool = setting(
        False, "Whether who writes gets a receipt by e-mail, with number and articles; needs smtp_url and a sender."
    )
    mail_to: str = setting(
        "", "Address whose e-mails are read into tickets; ours ask for answers to it. `help+*@example.com` marks each."
    )
    imap_url: str = setting(
        "", "Mailbox that is read into tickets, as imaps://user@host/INBOX; write @ in the user as %40.", secret=True
    )
    imap_password: str = setting("", "Password of that mailbox.", secret=True)
    imap_done: str = setting("", "Folder into which e-mails are moved once they are kept; unset: they are marked read.")
    webhook_url: str = setting("", "Address that the webhook sink posts to.")
    webhook_secret: str = setting(
        "", "Secret that signs webhooks (whsec_ and base64, as Standard Webhooks has it).", secret=True
    )
    zendesk_url: str = setting("", "Address of your Zendesk, as https://example.zendesk.com.")
    zendesk_user: str = setting("", "E-mail address of the Zendesk agent in whose name the zendesk sink writes.")
    zendesk_token: str = setting("", "API token of Zendesk.", secret=True)
    origins: tuple[str, ...] = setting((), "Origins, separated by commas, whose pages may post events and tickets.")
    token_keys: tuple[str, ...] = setting(
        (),
        "Keys of tokens that your server signs: id:secret pairs, separated by commas; "
        "secrets of at least 32 characters.",
        secret=True,
    )
    trusted_proxies: int = setting(0, "Number of proxies before us whose X-Forwarded-For is believed.")
    allow_networks: tuple[str, ...] = setting((), "Private networks, as 10.0.0.0/8, that sinks and checks may reach.")
    metrics_networks: tuple[str, ...] = setting(
        (), "Networks, as 10.0.0.0/8, that may read `/metrics`; this machine itself always may."
    )
    rate_offers: int = setting(60, "Offers a minute and address; 0 turns the limit off.")
    rate_events: int = setting(120, "Event requests a minute and address; 0 turns the limit off.")
    rate_tickets: int = setting(10, "Tickets a minute and address; 0 turns the limit off.")
    rate_mails: int = setting(30, "E-mails an hour and sender that are taken, the rest waits; 0 turns the limit off.")
    rate_search: int = setting(
        120,
        "Searches by meaning a minute and address; above it by words only, at four times of it refused; 0: no limit.",
    )
    attachments: int = setting(5, "Files that may go with a message; 0: none are taken.")
    attachments_each: int = setting(10, "MB that one file may have.")
    attachments_total: int = setting(20, "MB that the files of one message may have together.")
    rate_logins: int = setting(10, "Tries to log in a minute and address; 0 turns the limit off.")
    reply_target: int = setting(24, "Hours within which a ticket's first answer is due, for the report.")
    consent: str = setting(
        "given", "`ask`: until a visitor agrees, nothing is noted but what is sent to you; `given`: nobody is asked."
    )
    keep_text: int = setting(90, "Days that redacted query and message text of events is kept.")
    keep_events: int = setting(730, "Days that events are kept.")
    keep_tickets: int = setting(
        0, "Days that closed tickets, with all that was written about them, and past questions are kept; 0: for ever."
    )
    keep_audit: int = setting(0, "Days that the audit log is kept; 0: for ever.")
    admin_password: str = setting(
        "", "Password of the user `admin`; unset: as set by `kb admin password`.", secret=True
    )

    def __post_init__(self) -> None:
        if not 0.0 <= self.holdout <= 0.5:
            raise BadSetting(f"holdout is {self.holdout}; it is a share from 0 to 0.5")
        if not 0.0 <= self.swaps <= 0.2:
            raise BadSetting(f"swaps is {self.swaps}; it is a probability from 0 to 0.2")
        if not 0 < self.port < 65536:
            raise BadSetting(f"port is {self.port}; it is a number from 1 to 65535")
        if any(not TOKEN_KEY.fullmatch(pair) for pair in self.token_keys):
            raise BadSetting("token_keys holds what is no id:secret pair with a secret of at least 32 characters")
        if self.consent not in ("given", "ask"):
            raise BadSetting(f"consent is {self.consent!r}; it is ask or given")
        for name in ("floor_search", "floor_suggest"):
            value = getattr(self, name)
            if value is not None and not 0.0 <= value <= 1.0:
                raise BadSetting(f"{name} is {value}; it is a probability from 0 to 1")
        for name, least in LEAST.items():
            if getattr(self, name) < least:
                raise BadSetting(f"{name} is {getattr(self, name)}; it is a number from {least}")
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
        """The folder in which the processes of one `kb serve` count: in memory, since a full disk must stop nothing."""
        name = hashlib.sha256(os.fsencode(self.data.absolute())).hexdigest()[:16]
        return SHARED_MEMORY / f"shortstop-{os.getuid()}-{name}" if SHARED_MEMORY.is_dir() else self.data / "metrics"

    @property
    def can_reply(self) -> bool:
        """True if answers can be sent by e-mail."""
        return bool(self.smtp_url and (self.smtp_from or self.smtp_to))

    @property
    def writer_socket(self) -> Path:
        """The Unix socket on which the one writer listens."""
        return self.data / "writer.sock"


def _check_texts(settings: Settings) -> None:
    """Raise BadSetting for a language, an address, an origin or a network that is none."""
    if not settings.host.strip():
        raise BadSetting("host is empty; it is an address such as 127.0.0.1, or 0.0.0.0 for all of this machine's")
    mailbox = settings.mail_to.replace("+*@", "@")  # where a ticket's mark goes
    if mailbox and ("*" in mailbox or not EMAIL.fullmatch(mailbox)):
        raise BadSetting(f"mail_to is {settings.mail_to!r}; it is an address such as help@example.com, and no name")
    if normalise(settings.lang) != settings.lang:
        raise BadSetting(f"lang is {settings.lang!r}; it is a language code in small letters, such as es or pt-br")
    for name in ("url", "webhook_url", "zendesk_url"):
        value = getattr(settings, name)
        if value and not re.match(r"https?://[^/\s]", value):
            said = "is no" if name == "webhook_url" else f"is {value!r}; it is an"  # whoever knows a webhook's may post
            raise BadSetting(f"{name} {said} address such as https://help.example.com")
    for name in ("smtp_to", "smtp_from"):
        value = getattr(settings, name)
        if value and not EMAIL.fullmatch(parseaddr(value)[1]):
            raise BadSetting(f"{name} is {value!r}; it is an e-mail address such as help@example.com")
    for origin in settings.origins:
        if not ORIGIN.fullmatch(origin.removesuffix("/")):
            raise BadSetting(f"origins holds {origin!r}; an origin is such as https://shop.example.com, without a path")
    for name in ("allow_networks", "metrics_networks"):
        for network in getattr(settings, name):
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError:
                raise BadSetting(f"{name} holds {network!r}; a network is such as 10.0.0.0/8") from None


def load(environ: Mapping[str, str] | None = None, *, folder: Path = Path(), **over: Any) -> Settings:
    """Return the settings of `kb.toml` in `folder`, with the environment over it and `over` on top.

    Raises BadSetting for an unknown key, naming the nearest known one, and for a value of the wrong type.
    """
    environ = os.environ if environ is None else environ
    values = _from_file(folder / FILE)
    for key, text in sorted(environ.items()):
        if not key.startswith(PREFIX):
            continue
        name = key.removeprefix(PREFIX).lower()
        if name not in Settings.__dataclass_fields__:
            raise BadSetting(f"{key} in the environment is no setting{_nearest(name, prefix=PREFIX)}")
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
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSetting(f"{path}: {error}; see the article on settings for an example") from error
    for name in table:
        if name not in Settings.__dataclass_fields__:
            raise BadSetting(f"{path}: {name} is no setting{_nearest(name)}")
    return {name: _convert(name, value, source=f"{path}: {name}") for name, value in table.items()}


def _nearest(name: str, *, prefix: str = "") -> str:
    known = list(Settings.__dataclass_fields__)
    near = difflib.get_close_matches(name.lower().removeprefix(PREFIX.lower()), known, n=1, cutoff=0.5)
    if not near:
        return "; see the article on settings"
    return f"; the nearest is {prefix}{near[0].upper() if prefix else near[0]}"


def _convert(name: str, value: Any, *, source: str) -> Any:
    """Return `value`, text or TOML, as the type that the setting has."""
    kind = str(Settings.__dataclass_fields__[name].type)
    try:
        match kind:
            case "Path" if isinstance(value, str) and value.strip():
                return Path(value).expanduser()
            case "int" if isinstance(value, (int, str)) and not isinstance(value, bool):
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
    raise BadSetting(f"{source} {'' if secret else f'is {value!r}; it '}takes {_KINDS[kind]}")


_KINDS = {
    "Path": "a path",
    "int": "a whole number",
    "float": "a number",
    "float | None": "a number",
    "bool": "true or false",
    "tuple[str, ...]": "a list of texts (in the environment: separated by commas)",
    "str": "text",
}
