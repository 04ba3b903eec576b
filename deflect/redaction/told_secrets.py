"""Find passwords and keys in sentences, by the words around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from deflect.redaction.looks import FUNCTION_WORD, is_mixed, is_random, is_very_mixed
from deflect.redaction.named_secrets import BLANK
from deflect.redaction.secret_words import GLUED_KEY, GLUED_PASSWORD, KEY, LINK, PASSWORD, STATE, STILL, glued, words
from deflect.redaction.spans import COVER, Found, Span, last_group, lowered

_COMPOUND = r"[^\W\d_]{2,20}(?:passwort|kennwort|wachtwoord|lösenord|passord|salasana|adgangskode)"
_SAID = re.compile(rf"(?:{words(PASSWORD, KEY)}|(?<![\w\x00]){_COMPOUND}(?!\w))(?![?&#/.@-]\w)")
_SAID_GLUED = re.compile(glued(GLUED_PASSWORD, GLUED_KEY))
_KEYS = frozenset(KEY.split("|")) | frozenset(GLUED_KEY.split("|"))
_OPEN, _CLOSE = "\"'`“„«‘‚「『”*_", "\"'`”“»’」』*_"
_WORTH = rf"(?:[{_OPEN}]\s?([^{_CLOSE}\n\x00]{{1,100}})\s?[{_CLOSE}]|([^\s\x00]{{1,200}}))"
_LINKED = re.compile(rf"(?:\s?[:=→|]\s?|\s?[-=]{{1,3}}>\s?|\s-\s|\s(?:{LINK})(?:\s?[:=]\s?|\s)){STILL}(?=\S)")
_VALUE = re.compile(_WORTH)
_NEXT = re.compile(rf"\s{{1,3}}(?:\([^()\n]{{1,40}}\)\s?:?\s?)?{_WORTH}")
_GLUED = re.compile(r"[^!-~\n。]{0,8}[:=]?\s?[「『“\"']?([!-~]{4,200})")
_SENTENCE = re.compile(r"[.!?;](?=\s|$)|\n\n|\x00|[。！？]")
_WORD = re.compile(r"[^\s\x00\"'“”„«»]{6,64}")
_END = re.compile(r"[.!?,;]*(?:\s*\Z|\s*\n|[.!?,;]\s|\s+(?:and|but|und|y|et|e|i|en|och|og|ja|a|и|,)\s)")
_WINDOW = 90  # characters after a word in which its value is looked for
_NEAR = 60  # characters after a log-in
_MOST = 4  # verbs and colons after a word that are tried
_BEFORE = re.compile(
    rf"(?<![^\s\"'“„«(])([^\s\x00\"'“„«»”()]{{5,64}}?)[\"'”“»]?[,]?\s(?:is|was|ist|war|es|era|est|était|é|è|jest|is"
    rf"|är|er|on|je)\s"
    rf"(?:my|the|our|his|her|mein|meine|das|unser|mi|la|nuestra|mon|le|notre|mia|minha|a|moje|mijn|het|ons|mitt|mit"
    rf"|min|наш|мой)\s"
    rf"(?:[^\W\d_]{{1,12}}\s){{0,2}}{words(PASSWORD, KEY)}",
)
_AS = re.compile(
    rf"(?<![^\s\"'“„«(])([^\s\x00\"'“„«»”()]{{5,64}}?)[\"'”“»]?\s(?:as|als|como|comme|come|jako|som|como"
    rf"|как)\s(?:[^\W\d_]{{1,8}}\s){{0,2}}{words(PASSWORD)}",
)
_PASS = re.compile(
    r"\b(?:user|usr|username|login|benutzer|usuario|account)\b[\s:=]{1,3}[^\s\x00]{1,60}[,;]?\s(?:and |und |y )?"
    r"(?:pass|pw|psw|pwd)[\s:=]{1,3}([^\s\x00]{4,64})"
)
_TRIED = re.compile(  # in English, German, Spanish, French, Italian, Portuguese, Dutch, Polish and Russian
    r"\b(?:(?:log|sign)(?:ged|ging|s|ned|ning)?[ -]?(?:in|on)(?:to)?|connect(?:ing|ed)?|authenticat\w{1,4}"
    r"|typ(?:es|ed|ing)"
    r"|enter(?:s|ed|ing)|(?:i|have|i've|we) (?:tried|used)|einloggen|anmelden|anmeldung|angemeldet|eingeloggt|entrar"
    r"|entro|acceder|acceso|iniciar sesión|connecter|connecte|connexion|accedere|accesso|inloggen|zalogować|loguję"
    r"|logowanie|войти|вхожу"
    r"|(?:old|new|cur|curr|current|prev|previous|right|first|last|other|temporary|original)(?: one)?(?: (?:is"
    r"|was)|:))(?!\w)"
)
_WITH = re.compile(  # directly before a plain word with a number
    r"(?:(?<= is)|(?<= was)|(?<=:))\s[\"'“„«`]?([a-z]{3,16}\d{3,8})(?![\w.-])"
    r"|(?:\s(?:with|using|mit|con|avec|com|met|z|с))?\s[\"'“„«`]?([a-z]{3,16}\d{4,8})(?![\w.-])"
)
_WEAK = re.compile(  # gato5163, but not march2024 and error1234
    r"(?!(?:error|order|ticket|issue|case|server|user|room|port|code|build|version|page|host|web|node|device)\d)"
    r"[A-Za-z][a-z]{2,15}(?!(?:19|20)\d\d$)\d{3,8}"
)
_HOST = re.compile(r"@[\w-]+\.")
_NAME_AND_NUMBER = re.compile(r"[A-Za-z]?[a-z]+\d+")  # as in Microsoft365
_NOUN = re.compile(r"\bpass\s(?:is|was)\s[\"'`“]?([^\s\x00\"'`”]{4,64})")  # of a user, or to a mountain
_FROM = re.compile(r"\s(?:from|von|vom|de|da|van|z|från|fra|с)\s[\"'“„«]?([^\s\x00\"'”“»]{4,64})")
_AND = re.compile(
    r"[\"'”“»]?[,;]?\s(?:(?:to|into|auf|in|zu|nach|a|à|para|na|на|naar|till|til|and|und|y|et|or|oder|then|now|new|neu"
    r"|->|=>|/)\s){1,2}[\"'“„«]?([^\s\x00\"'”“»]{4,64})"
)
_LOGIN = re.compile(
    r"\b(?:login|log in|logins|credentials?|creds|log-in|sign in|account|access data|zugangsdaten|zugang"
    r"|anmeldedaten|anmeldung|anmelden|einloggen|credenciales|acceso|usuario|identifiants|connexion"
    r"|accès|credenziali|accesso|utente|credenciais|acesso|dane logowania|inloggegevens|inloggning|käyttäjä|user"
    r"|user name|username|benutzer|логин|учетка|учётка|kullanıcı|login[ -]da(?:ta|ten)|login details|logindaten"
    r"|datos de acceso|dati di accesso|dados de acesso)"
    r"\b(?!\.\w)[^\n\x00:/]{0,30}?[\s:=]{1,3}[\"']?([^\s\x00/:,|\"']{1,64})[\"']?(?:\s{0,2}[/:,|]\s{0,2}"
    r"|\s(?:and|und|y|et|e|i|en|и|with|mit|con|avec|com)\s)"
    r"[\"']?([^\s\x00\"'/][^\s\x00\"']{3,63})"
)


def said(text: str) -> Iterator[Found]:
    """Yield the passwords and keys of sentences, such as *my password for the shop is hunter2*."""
    low = lowered(text)
    before = 0
    for match in _SAID.finditer(low):
        span = _said_near(text, low, match.span(), key=match[0] in _KEYS) or _earlier(text, before, match)
        before = match.end()
        if span:
            yield from ((*more, "token") for more in _others(text, match.end(), span))
            yield *span, "token"
    if not text.isascii():
        for match in _SAID_GLUED.finditer(text):
            span = _glued_after(text, match.end())
            if span:
                yield *span, "token"
    for pattern in (_BEFORE, _AS, _PASS, _NOUN, _LOGIN):
        for match in pattern.finditer(low):
            start, end = match.span(2 if pattern is _LOGIN else 1)
            value = text[start:end]
            only = pattern is not _LOGIN or not text[match.end(1) : start].strip("\"' ").isalpha()
            if _is_only_password(value) or _is_weak(value) or (only and is_mixed(value) and not value.isdigit()):
                yield start, end, "token"
    yield from ((*span, "token") for span in _tried(text, low))


def _tried(text: str, low: str) -> Iterator[Span]:
    """Yield what can only be a password after *log in with* or *the old one was*."""
    for verb in _TRIED.finditer(low):
        weak = _WITH.match(low, verb.end())
        if weak and _WEAK.fullmatch(weak[weak.lastindex or 0]):
            yield last_group(weak)
        stop = _SENTENCE.search(text, verb.end(), verb.end() + _NEAR)
        for match in _WORD.finditer(text, verb.end(), stop.end() if stop else min(verb.end() + _NEAR, len(text))):
            value = match[0].rstrip(".,;:)]}")
            if _is_only_password(value) and "/" not in value and not _NAME_AND_NUMBER.fullmatch(value):
                yield match.start(), match.start() + len(value)
                break


def _is_weak(value: str) -> bool:
    """Return True for a plain word with four digits, such as gato5163."""
    return _WEAK.fullmatch(value) is not None and value[-4:].isdigit()


def _is_only_password(value: str) -> bool:
    """Return True if a word is no address and no name, and too mixed to be anything but a password."""
    bare = value.strip("(*_`")
    named = (
        BLANK.match(bare)
        or "</" in bare
        or bare.startswith(("http", "www", "@", "#", "/", "[", ".", "<", "?"))
        or _HOST.search(bare)
    )
    return is_very_mixed(bare) and not named


def _said_near(text: str, low: str, word: Span, *, key: bool) -> Span | None:
    """Return the value that follows a word for a password or a key."""
    at = word[1]
    stop = _SENTENCE.search(text, at, at + _WINDOW)
    end = stop.start() if stop else at + _WINDOW
    for link in islice(_LINKED.finditer(low, at, end + 12), _MOST):
        match = _VALUE.match(text, link.end())
        span = _worth(match, direct=link.start() - at <= 1, key=key) if match and link.start() <= end else None
        if span:
            return span
    origin = _FROM.search(text, at, min(end, len(text)))
    if origin and not key and _fits(origin[1].rstrip(".,;:)"), key=False):
        return origin.start(1), origin.start(1) + len(origin[1].rstrip(".,;:)"))
    follows = _NEXT.match(text, at)
    if follows and _fits(_core(follows)[0], key=key):
        return _core(follows)[1]
    return None if key else _later(text, low, at, end)


def _later(text: str, low: str, at: int, end: int) -> Span | None:
    """Return a value within the next words that can only be a password."""
    again = _SAID.search(low, at, end)
    for match in _WORD.finditer(text, at, again.start() if again else min(end + 1, len(text))):
        value = match[0].strip("(").rstrip(".,;:)]}")
        if match[0] == f"({value})" and is_mixed(value) and not value.isdigit():
            return match.start() + 1, match.end() - 1
        if _is_only_password(value) or _is_weak(value):
            return match.start(), match.start() + len(value)
    return None


def _others(text: str, at: int, span: Span) -> Iterator[Span]:
    """Yield a value before or behind the one at `span`, as in *from … to …* or *old …, new …*."""
    for match in (_FROM.match(text, at, span[0]), _AND.match(text, span[1])):
        value = match[1].rstrip(".,;:)") if match else ""
        if match and _fits(value, key=False):
            yield match.start(1), match.start(1) + len(value)


def _earlier(text: str, before: int, word: re.Match[str]) -> Span | None:
    """Return a value in the words before, as in *I typed … into the password box*, that can only be a password."""
    if word[0] in _KEYS:
        return None
    start, begin = word.start(), max(before, word.start() - 100)
    for match in _WORD.finditer(text, begin, start):
        value = match[0].strip("(").rstrip(".,;:)]}")
        cut = match.start() == begin and begin and not text[begin - 1].isspace()
        if not cut and (_is_only_password(value) or _is_weak(value)) and "/" not in value:
            return match.start(), match.start() + len(value)
    return None


def _core(match: re.Match[str]) -> tuple[str, Span]:
    """Return the value of a match, without the signs that end a sentence, and its span."""
    number = match.lastindex or 0
    value, start = match[number], match.start(number)
    if number == 2 and value[0].isascii():
        value = re.split(r"[\u3000-\u9fff\uac00-\ud7ff]", value)[0]
    core = value.rstrip(".,;:)]}\"'»”…。、")
    return core, (start, start + len(core))


def _fits(value: str, *, key: bool) -> bool:
    if BLANK.match(value) or value[:1] in ("", COVER, "[", "<", "{", "$", "#", "/"):
        return False
    return is_mixed(value) and (not key or (len(value) >= 8 and not value.isdigit()) or is_random(value))


def _worth(match: re.Match[str], *, direct: bool, key: bool) -> Span | None:
    """Return the span of the value after a verb or a colon; a plain word counts only at the end of its clause."""
    value, span = _core(match)
    bare = value.rstrip("!?")
    if _fits(value, key=key) or (bare and _fits(bare, key=key)):
        return span
    if not direct or key or len(bare) < 4 or not bare[0].isalnum() or BLANK.match(bare) or COVER in bare:
        return None
    if match.lastindex == 1:
        phrase = len(value.split()) > 3 and not FUNCTION_WORD.search(value)
        return span if phrase or not STATE.match(value) else None
    ends = _END.match(match.string, span[1], span[1] + 40)
    return span if ends and bare.isalpha() and not STATE.match(bare) else None


def _glued_after(text: str, at: int) -> Span | None:
    match = _GLUED.match(text, at)
    value = match[1].rstrip(".,;:)]}\"'") if match else ""
    return (match.start(1), match.start(1) + len(value)) if match and is_mixed(value) else None
