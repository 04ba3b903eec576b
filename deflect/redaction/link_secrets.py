"""Find secrets in web addresses: user and password, values of the query, and parts of the path that open something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from deflect.redaction.looks import is_mixed, is_random
from deflect.redaction.named_secrets import is_secret_name
from deflect.redaction.spans import COVER, PROTECTED, Found, Span, rule

LINK = re.compile(
    r"(?:\b[a-zA-Z][\w+.-]{1,20}:/{0,2}/|\bwww\.|\b(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,12}/(?=[\w.%-]+[/?])"
    r"|(?<![\w/:.-])/(?=[\w.-]+/|[\w.-]+\?))[^\s\x00\"'<>`|\\^{}]{2,2000}"
)
USERINFO = re.compile(r"://([^\s/:@\x00]{0,100}:[^\s@\x00]{1,200}|[^\s/:@\x00]{1,200})@(?=[^\s@])")
EXAMPLE = rule(  # user and password in capitals, as manuals write them
    PROTECTED, r"://(?:[A-Z]+_)?USER(?:NAME)?:(?:[A-Z]+_)?(?:PASSWORD|PASSWD|PASS|TOKEN)@[\w.-]*", needs="@"
)
PAIR = re.compile(r"(?<=[?&#;])([\w.\[\]%$-]{1,60})=([^&#;\s]{1,1000})")
PART = re.compile(r"(?<=/)[^/?#&;=]{6,400}")
# Words in a path that are followed by a secret which opens something.
OPENS = re.compile(
    r"(?i)(?:^|[/?&_.-])(?:re-?set\w*|recover\w*|forgot\w*|confirm\w*|verif\w*|activat\w*|activ\w*|invit\w*"
    r"|magic\w*|unsubscribe|optout"
    r"|token|auth\w*|sso|log-?in|sign-?in|signup|register|session|one-?time|otp|password\w*|passwort\w*|kennwort\w*"
    r"|pw|passwd|change-?password"
    r"|share\w*|shared|download|secret\w*|private|access|accept|join|claim|key|keys|webhooks?|callback"
    r"|zuruecksetzen|bestaetig\w*|einladung"
    r"|restablecer|recuperar|confirmar|verificar|activar|invitacion|contrasena|reinitialis\w*|mot-de-passe"
    r"|confirmer|reimposta\w*|conferma"
    r"|redefinir|senha|haslo|aktywacja|wachtwoord|herstel\w*|bevestig\w*|aterstall\w*|nulstil\w*|parol\w*|sbros\w*"
    r"|sifre\w*|obnov\w*|heslo"
    r"|link|l|t|s|r|u|c|v|i|p|e|ls/click|track|view|guest|preview|d|file|folders|open|meet|j|gift\w*|redeem"
    r"|voucher)(?=[/?=])"
)
CARRIES = frozenset(  # names of query values that carry a secret if they are mixed
    "code c k"
    " t tk tok"
    " h hash x e s u uid user_id ref r state nonce otp ticket invite invitation confirm confirmation_token id_token"
    " email_token"
    " login_token magic link l vc vcode verify verification activation act data q_token continue_token oob oobcode"
    " expires_sig"
    " hmac mac checksum guid pwd_reset share key_id auth_key response samlresponse samlrequest code_verifier".split()
)
_SHORT = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9]{12,15}")
_SLUG = re.compile(
    r"[a-z0-9]+(?:[-_.][a-z0-9]+)+|[\w.-]{1,60}\.[a-z][a-z0-9]{1,4}|v?\d[\d.]*|[A-Z]?[a-z]+\d{1,4}"
    r"|\d{4}-\d{2}(?:-\d{2})?"
)


def links(text: str) -> Iterator[Found]:
    """Yield the secrets of the web addresses in a text."""
    if "/" not in text:
        return
    for match in LINK.finditer(text):
        yield from ((start, end, "token") for start, end in _in_link(match))


def _in_link(match: re.Match[str]) -> Iterator[Span]:
    address, at = match[0].rstrip(".,;:!?)]"), match.start()
    host_at = 0
    user = USERINFO.search(address)
    if user and user.start() < 25:
        host_at = user.end(1)
        if ":" in user[1] or is_random(user[1]) or (is_mixed(user[1]) and len(user[1]) > 12):
            yield at + user.start(1), at + user.end(1)
    query = min((n for n in (address.find("?"), address.find("#")) if n >= 0), default=len(address))
    for pair in PAIR.finditer(address, query):
        if _is_secret_pair(pair[1], unquote(pair[2])) and COVER not in pair[2]:
            yield at + pair.start(2), at + pair.end(2)
    yield from _in_path(address, at, max(host_at, address.find("://") + 3), query)
    if query < len(address) and "=" not in address[query:] and _is_key(address[query + 1 :]):
        yield at + query + 1, at + len(address)


def _in_path(address: str, at: int, host: int, query: int) -> Iterator[Span]:
    """Yield the parts of the path that are random, or mixed after a word such as *reset*."""
    if re.search(r"/(?:commits?|blob|tree|raw|compare|releases|issues?|pull|merge_requests|-/)/", address[:query]):
        return
    opened = OPENS.search(address, host, query)
    for part in PART.finditer(address, host, query):
        value = unquote(part[0])
        if (
            ((is_random(value) or _is_short_key(value)) and not _SLUG.fullmatch(value))
            or _is_key(value)
            or _opens(opened, part)
        ):
            yield at + part.start(), at + part.end()


def _is_short_key(value: str) -> bool:
    """Return True for 12 random letters and digits, which are too few in a sentence."""
    return _SHORT.fullmatch(value) is not None and is_random(value, 12)


def _opens(word: re.Match[str] | None, part: re.Match[str]) -> bool:
    """Return True if a part of a path after a word such as *reset* is mixed like a key, or a code of 6 to 8 digits.

    It is not a word with a number, or the name of a file. Words of one letter are too weak for a code of digits.
    """
    if word is None or word.start() >= part.start():
        return False
    value = unquote(part[0])
    if value.isdigit():
        return len(value) <= 8 and len(word[0]) > 3
    return is_mixed(value) and not _SLUG.fullmatch(value)


def _is_secret_pair(name: str, value: str) -> bool:
    sure = is_secret_name(name)
    if sure:
        return len(value) >= 3 and value.lower() not in ("true", "false", "null", "none", "new", "reset")
    if sure is None or name.lower() in CARRIES:
        return (
            len(value) >= 6
            and ((is_mixed(value) and not _SLUG.fullmatch(value)) or (value.isdigit() and len(value) <= 8))
        ) or _is_key(value)
    return (is_random(value) and not _SLUG.fullmatch(value)) or _is_key(value)


def _is_key(value: str) -> bool:
    """Return True for a long run of letters and digits that no slug has, such as 32 hexadecimal digits."""
    if re.fullmatch(r"(?i)[0-9a-f]{20,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
        return not value.isdigit() and not value.isalpha()
    return is_random(value) and "-" not in value and any(c.isdigit() for c in value)
