"""Find passwords, keys and tokens by the names of their variables, flags, elements and headers."""

from __future__ import annotations

import re

from deflect.redaction.looks import is_mixed, is_random, is_very_mixed
from deflect.redaction.spans import COVER, Span, last_group, rule

# The last part of a name in code that makes its value a secret whatever it is, and one that does so if it is mixed.
SURE = frozenset(
    "password passwd passwort pwd passphrase passcode secret apikey apisecret secretkey privatekey accesskey authtoken"
    " accesstoken refreshtoken idtoken clientsecret sessionid sessid phpsessid jsessionid credentials contraseña"
    " contrasena kennwort senha haslo hasło heslo wachtwoord salasana lozinka пароль parola sifre şifre mdp motdepasse"
    " dbpass rootpass adminpass userpass smtppass mailpass ftppass requirepass masterauth cvv cvc".split()
)
LIKELY = frozenset(
    "pass pw psw token auth session sess sid key sig signature jwt bearer cookie csrf xsrf csrftoken xsrftoken otp pin"
    " credential creds clave psk nonce hash salt seed webhook authorization apitoken sso assertion"
    " csrfmiddlewaretoken verifier".split()
)
SUFFIXES = frozenset(
    "hash value prod dev test live staging old new b64 base64 enc encrypted raw plain text env"
    " confirmation confirm confirmed again repeat repeated verify".split()
)
ENDS = tuple(
    "password passwd passphrase passwort kennwort wachtwoord secret token apikey secretkey accesskey privatekey"
    " sessid".split()
)
PARTS = re.compile(r"[A-ZÀ-Þ]+(?![a-zà-ÿ])|[A-ZÀ-Þ]?[^\W\dA-Z_]+|\d+")
BLANK = re.compile(
    r"(?i)(?:true|false|null|none|nil|undefined|string|str|text|required|optional|yes|no|empty|n/?a|on|off|password"
    r"|secret"
    r"|varchar.*|char\(.*|hidden|input|submit|expired?|invalid|missing|wrong|incorrect|reset|\*+|•+|x{3,}|\.{2,}|…"
    r"|(?:hover|focus|active|visited|before|after|not|nth|first|last|checked|disabled)(?:[-:(].*)?|[^{}]*\{[\w.]+\}.*"
    r"|<.*|\$.*|%\w+%|\{.*|your(?:[-_ ][a-z]+)+|your(?:api|access|secret|auth)?(?:password|passwd|pass|token"
    r"|key|secret)"
    r"|my[-_ ]?(?:[a-z]+[-_ ])?(?:password|passwd|token|key|secret)|(?:enter|insert|put|replace|paste)(?:[-_ ][a-z]+)+"
    r"|[a-z]+(?:[-_][a-z]+){0,3}[-_]here|placeholder|redacted|masked|tu[-_](?:contraseña|clave|token)"
    r"|(?:dein|ihr)e?[-_ ]?(?:passwort|kennwort|token|schlüssel)|votre[-_](?:mot[-_]de[-_]passe|clé|jeton)"
    r"|(?-i:TOKEN|PASS|PWD|KEY|[A-Z]+(?:_[A-Z]+)*_(?:PASSWORD|PASS|TOKEN|KEY|SECRET|HERE))"
    r"|(?:process|os|settings|config|conf|app|user|ctx|args|opts|options|params|form|props|state|vars?|secrets|data"
    r"|local|req|res|response|headers|body|event|payload|session|cookies|sys|window|document|import|values"
    r"|inputs|auth|client"
    r"|account|result|row|item|cfg)\??\..*|env\b.*|getenv.*|request\..*|self\..*|this\..*|\[.*|\(.*|\)"
    r"|[a-z_][\w.]*\(.*|[./~]{0,2}/.*"
    r"|\\?[\"'].?)$"
)
NAME = r"[^\W\d][\w.$-]{0,60}"
BARE = r"(?:[^\s\"'`<>;&,\x00]|[;&,](?![\w .-]{1,30}[=:]|\s|$)){1,300}"
QUOTED = r"\"([^\"\n\x00]{1,300})\"|'([^'\n\x00]{1,300})'|`([^`\n\x00]{1,300})`"
VALUE = rf"(?:{QUOTED}|({BARE}))"


def is_secret_name(name: str) -> bool | None:
    """Return True if a name in code holds a secret, None if it holds one only when the value is mixed.

    >>> is_secret_name("DB_PASSWORD"), is_secret_name("key"), is_secret_name("passwordLength")
    (True, None, False)
    """
    parts = [part.lower() for part in PARTS.findall(name)]
    while len(parts) > 1 and (parts[-1] in SUFFIXES or parts[-1].isdigit()):
        parts.pop()
    if not parts:
        return False
    last, both = parts[-1], "".join(parts[-2:])
    if last in SURE or both in SURE or last.endswith(ENDS):
        return True
    return None if last in LIKELY or both in LIKELY or last.endswith(("pass", "pwd", "pw", "sid")) else False


_SNAKE = re.compile(r"[a-z]+(?:_[a-z]+)+")  # the name of another variable
_WORDS = re.compile(r" [^\W\d_]{2}")


def _assigned(match: re.Match[str]) -> Span | None:
    """Return the value of `name = value` if its name is that of a secret."""
    sure, span = is_secret_name(match[1]), last_group(match)
    whole = match.string[slice(*span)]
    value = whole.rstrip(".,;:)]}")
    if sure is False or BLANK.match(value) or BLANK.match(whole) or COVER in value[:1]:
        return None
    if match[2] == ":" and match.lastindex == 6 and value.isalpha() and _WORDS.match(match.string, span[1]):
        return None  # the sentence goes on
    simple = match[1].isalpha() and (match[1].islower() or match[1].istitle() or match[1].isupper())
    in_code = "=" in match[2] or not simple or match.lastindex != 6 or match[0][len(match[1])] in "\"'"
    if in_code and sure and len(value) >= 2:
        return span
    if sure is None and _SNAKE.fullmatch(value):
        return None
    if (is_mixed(value) and (in_code or sure) and len(value) >= 5) or is_random(value):
        return span
    return span if match[1].lower() in ("pass", "pw", "psw", "auth") and is_very_mixed(value) else None


def _value_if_named(match: re.Match[str]) -> Span | None:
    """Return the value of a flag, an element or a variable if its name is that of a secret."""
    span = last_group(match)
    value = match.string[slice(*span)]
    sure = is_secret_name(match[1])
    fits = sure or (sure is None and is_mixed(value))
    return span if fits and not BLANK.match(value) and not value.startswith(("-", COVER)) else None


def _if_mixed(match: re.Match[str]) -> Span | None:
    value = match[match.lastindex or 0]
    blank = BLANK.match(value) or value.startswith(COVER)
    return last_group(match) if is_mixed(value.strip("\"'")) and not blank else None


def _unless_port(match: re.Match[str]) -> Span | None:
    """Return the value of `-p`, unless it is the port of a server, as in `redis-cli -p 6380`."""
    port = match[1].isdigit() and len(match[1]) <= 5 and re.match(r"redis|mongo|influx|plink|pscp|ftp|ldap", match[0])
    return None if port else _if_mixed(match)


def _unless_blank(match: re.Match[str]) -> Span | None:
    return None if BLANK.match(match[match.lastindex or 0]) else last_group(match)


def _argument(match: re.Match[str]) -> Span | None:
    """Return the value that a function such as `setPassword` is called with."""
    return None if re.match(r"(?i)get|fetch|load|read|find|has|is|env|t\b", match[1]) else _value_if_named(match)


HEADERS = (
    r"authorization|proxy-authorization|(?:set-)?cookie2?|x-api-key|x-auth-token|x-access-token|x-csrf-token"
    r"|x-xsrf-token"
    r"|x-amz-security-token|x-session-token|x-vault-token|private-token|job-token|x-goog-api-key"
    r"|ocp-apim-subscription-key"
    r"|apikey|api-key|x-shopify-access-token|x-functions-key|x-gitlab-token|x-hub-signature(?:-256)?|sec-websocket-key"
)
COMMANDS = (  # that take a password after -p, -P, -a, -w or -A
    r"sshpass|docker login|podman login|az login|helm registry login|unzip|zip|plink|pscp|htpasswd|mongo|mongosh"
    r"|ldapsearch|redis-cli|rar|unrar|influx|snmp\w+|oc login|cf login|ftp|nmcli|passwd|login"
)


def _header(match: re.Match[str]) -> Span | None:
    """Return the value of a header, unless it is a sentence, as in *Authorization: is missing here*."""
    sentence = " " in match[1][:12] and "=" not in match[1]
    return None if sentence or BLANK.match(match[1]) else match.span(1)


def _after_p(match: re.Match[str]) -> Span | None:
    """Return the value of a `-p` of any command if it is mixed; it may also be a port or a folder."""
    value = match[1]
    likely = is_mixed(value) and value.isalnum() and not value.isdigit()
    return match.span(1) if likely or is_very_mixed(value) else None


def _after_address(match: re.Match[str]) -> Span | None:
    return match.span(1) if is_mixed(match[1]) and not match[1].isdigit() else None


SCHEMES = r"(?:bearer|basic|token|digest|negotiate|apikey|aws4-hmac-sha256)"
ASSIGNED = rf"({NAME})[\"'`]?\]?[\"'`]?\s{{0,8}}(=>|:=|={{1,3}}|:)\s{{0,8}}(?:[urbf]{{1,2}}(?=[\"']))?{VALUE}"
HEADER = rf"(?i)\b(?:{HEADERS})[\"']?\s{{0,3}}[:=]\s{{0,3}}[\"']?(?:{SCHEMES} )?([^\n\"'\x00]{{4,2000}})"
LINE = rf"(?m)^[ \t]{{0,20}}(?:ENV|ARG|setx?|setenv|export|SetEnv|fastcgi_param)[ ]+({NAME})[ ]+{VALUE}"
USER = (
    r"\b(?:curl|wget|https?|smbclient|rpcclient)\b[^\n\x00]{0,200}?\s(?:-u|-U|--user|-a)"
    r"[ =]?[\"']?[^\s:%\"']{1,60}[:%]([^\s\"'\x00]{1,100})"
)
COMMAND = rf"\b(?:{COMMANDS})\b[^\n\x00]{{0,80}}?\s-(?:pw|[pPawAX])\s?([^\s\x00-]\S{{3,80}})"
PGPASS = r"(?m)^[\w.*-]{1,80}:(?:\d{1,5}|\*):[\w.*-]{1,60}:[\w.*-]{1,60}:([^\s:\x00]{3,100})$"
ADDRESS = r"(?<![\w.+-])(?!git@)[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,100}(?:\s?[:|]\s?|\s[/-]\s)([^\s/\x00]{5,64})"
FINDERS = (
    rule("token", HEADER, _header, needs=":="),
    rule("token", r"(?i)\b(?:bearer|basic)[ :]{1,3}([\w.+/=~:-]{8,})", _if_mixed, needs="rRiI"),
    rule(
        "token",
        rf"({NAME})\s?[:=]\s?[A-Za-z][\w-]{{0,40}}\s(?:-\w{{1,20}}\s)?(?:{QUOTED})",
        _value_if_named,
        needs="\"'",
    ),
    rule("token", ASSIGNED, _assigned, needs="=:"),
    rule("token", rf"(?<![\w-])--?({NAME})[ =]{VALUE}", _value_if_named, needs="-"),
    rule("token", rf"<({NAME})[^<>\n\x00]{{0,100}}>\s*([^<>\n\x00]{{1,300}}?)\s*</", _value_if_named, needs="<"),
    rule(
        "token",
        rf"[\"']({NAME})[\"']\s{{1,4}}(?:\{{[^{{}}\x00]{{0,200}}?)?\b(?:value|content|default)\s{{0,8}}=\s?{VALUE}",
        _value_if_named,
        needs="\"'",
    ),
    rule("token", rf"\(\s?[\"']({NAME})[\"']\s?,\s?{VALUE}", _value_if_named, needs="("),
    rule("token", rf"\bname:\s?[\"']?({NAME})[\"']?\s{{1,12}}value:\s?{VALUE}", _value_if_named, needs=":"),
    rule("token", LINE, _value_if_named),
    rule("token", r"(?i)\bidentified\s+(?:with\s+\S{1,40}\s+)?by\s+['\"]([^'\"\n]{1,200})['\"]"),
    rule("token", r"\b(?:mysql\w*|mariadb|7z[ar]?)\b[^\n\x00]{0,80}?\s-p([^\s\x00]{3,80})", last_group),
    rule("token", COMMAND, _unless_port, needs="-"),
    rule(
        "token",
        r"\becho\s(?:-\w\s)?[\"']?([^\s|\x00\"']{3,80})[\"']?\s?\|\s?(?:sudo|su|chpasswd|passwd|kinit"
        r"|cryptsetup|gpg|openssl|docker|podman|helm|gh|oc)\b",
        _unless_blank,
        needs="|",
    ),
    rule(
        "token",
        r"\b(?:sudo|su|passwd|kinit|cryptsetup|gpg|openssl)\b[^\n\x00]{0,60}?<<<\s?[\"']?([^\s\x00\"']{3,80})",
        last_group,
        needs="<",
    ),
    rule("token", rf"(?<!\w)({NAME})\(\s?(?:{QUOTED})\s?\)", _argument, needs="("),
    rule("token", rf"\bauth\s?=\s?\(\s?[\"'][^\"'\n\x00]{{1,80}}[\"']\s?,\s?(?:{QUOTED})", last_group, needs="("),
    rule(
        "token",
        r"\b(?:htpasswd|mosquitto_passwd)\s(?:-\w+\s){1,3}\S{1,80}\s\S{1,60}\s([^\s\x00]{3,80})"
        r"|\brabbitmqctl\s(?:add_user|change_password)\s\S{1,60}\s([^\s\x00]{3,80})",
        _unless_blank,
    ),
    rule("token", r"(?<!\S)-p[ =]([^\s\x00-]\S{3,80})", _after_p, needs="-"),
    rule("token", USER, _unless_blank),
    rule("token", r"(?i)\bnet (?:use|user)\b[^\n\x00]{0,80}?\s([^\s/:\\\x00]{5,60})(?=\s+/|$)", _if_mixed),
    rule("token", r"\bmachine\s+\S{1,100}\s+login\s+\S{1,100}\s+password\s+(\S{1,200})", last_group),
    rule("token", PGPASS, last_group, needs=":"),
    rule("token", ADDRESS, _after_address, needs="@"),
    rule("token", r"\bpass:([^\s\x00]{4,100})", _if_mixed, needs=":"),
)
