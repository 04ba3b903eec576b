"""Find e-mail addresses, also those that are spelled out or disguised."""

from __future__ import annotations

import re

from deflect.redaction.spans import Span, rule

TLDS = (
    "com|net|org|edu|gov|info|biz|io|co|dev|app|me|eu|uk|de|at|ch|es|fr|it|pt|br|mx|ar|cl|pl|nl|be|se|no|dk|fi|cz"
    "|sk|hu|ro|ru|ua"
    "|gr|tr|il|in|cn|jp|kr|au|nz|za|ca|us|ie|lu|li|is|lt|lv|ee|si|hr|rs|bg|by|kz|id|th|vn|ph|sg|hk|tw|my|ae|sa|eg"
    "|ma|ng|ke"
    "|example|test|invalid|mail|email|online|shop|store|xyz|museum|cat|tv|cc"
)
AT = (
    r"at|ät|äd|arroba|chiocciola|arobase|arobas|arobaze|małpa|malpa|apenstaartje|snabel-a|snabela|alfakrøll"
    r"|krøllalfa|zavináč|zavinac|kukac|собака|miukumauku|ätmerkki|aapinen"
)
DOT = r"dot|punkt|punto|point|ponto|kropka|punt|piste|tečka|tecka|bodka|pont|punct|точка|nokta|prikk|d0t"
NOT_A_HOST = r"(?!(?:the|a|an|this|that|der|die|das|el|la|le|il|o)\s)"  # after *at*
NOT_A_NAME = (
    "look|looked|looking|am|is|are|was|were|be|been|stay|arrive|arrived|hosted|page|site|available|found|click|stop"
    "|start|work|works"
    "|aim|stare|at|up|not|only|here|there|sold|bought|shop|order|ordered|register|registered|login|logged|sign"
    "|signed|read|see|seen"
    "|live|meet|error|problem|issue|down|back|even|help|documentation|docs|website|us|them|it|that|this|stuck"
    "|pointing|points"
)
PROVIDERS = "gmail|googlemail|hotmail|outlook|yahoo|icloud|gmx|web de|protonmail|proton|yandex|aol|live|fastmail"
FILES = (
    "png|jpe?g|gif|svg|webp|ico|avif|bmp|tiff?|css|scss|js|mjs|ts|tsx|jsx|json|html?|md|txt|py|sh|tgz|gz|zip"
    "|whl|map|woff2?|mp[34]|mov|wav|pdf"
)
_ASCII = r"[A-Za-z0-9.!#$%&'*+^_~-]{1,64}"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,6}"
_WIDE = r"[^\s@<>()\[\]{}\\,;:=?/|`\"'“”«»\x00]"
_SIGN = r"(?:@|%40|&#64;|&#x40;|&commat;|\s?[\[({<〔【〈]\s?(?:@|AT|At|a|ä|æt|" + AT + r")\s?[\])}>〕】〉]\s?)"
_POINT = r"(?:\.|\s?[\[({<〔【〈]\s?(?:DOT|Dot|\.|" + DOT + r")\s?[\])}>〕】〉]\s?)"


def _mail(match: re.Match[str]) -> Span | None:
    """Return the span of an address, unless it is the name of a picture, a package or a repository."""
    name, _, domain = match[0].rpartition("@")
    after = match.string[match.end() : match.end() + 1]
    if name.lower().strip("/") in ("git", "hg", "svn") and after in ":/" and after:
        return None
    if re.search(rf"(?i)\.(?:{FILES})$", domain) and re.match(r"\d|[a-z0-9-]+\.[a-z0-9]+$", domain):
        return None
    start = match.start() + len(match[0]) - len(match[0].lstrip("'*.$&"))
    return None if start >= match.end() else (start, match.end())


def _spelled(match: re.Match[str]) -> Span | None:
    """Return the span of an address that is spelled out, without verbs as in *look at example dot com*."""
    name = match[1].lower()
    return None if re.fullmatch(NOT_A_NAME, name) else match.span()


def _half_spelled(match: re.Match[str]) -> Span | None:
    """Return the span of `jo at example.com` if it is announced as an address, or the name is no word."""
    if re.fullmatch(NOT_A_NAME, match[1].lower()):
        return None
    before = match.string[max(0, match.start() - 40) : match.start()]
    announced = re.search(
        r"(?i)mail|address|adresse|correo|courriel|posta|почт|contact|reach|write|escr[ií]b|schreib|écri|scriv|napisz",
        before,
    )
    return match.span() if announced or re.search(r"[\d._+-]", match[1]) else None


EMAILS = (
    rule("email", rf"{_ASCII}@{_HOST}(?:xn--[A-Za-z0-9-]{{2,50}}|[A-Za-z]{{2,24}})(?![\w@])", _mail, needs="@"),
    rule("email", rf"{_WIDE}{{1,64}}@(?:{_WIDE}{{1,63}}?[.。]){{1,6}}(?!\d)(?:xn--[\w-]{{2,50}}"
        rf"|[^\W\d_][^\W_]{{1,23}}[^\s@.,;:!?()<>\x00]{{0,10}})", _mail, needs="@"),
    rule("email", r"\"[^\"\n@\x00]{1,60}\"@[\w.-]{3,100}|[\w.+-]{1,64}@\[[\da-fA-F.:]{3,45}\]", needs="@"),
    rule("email", rf"(?:[\w+-]{{1,64}}\s?[\[({{]\s?(?:dot|DOT|punkt"
        rf"|punto)\s?[\])}}]\s?){{0,3}}[\w.+-]{{1,64}}{_SIGN}(?:[\w-]{{1,63}}{_POINT}){{1,6}}[^\W\d_]{{2,24}}"
        rf"(?!\w)", _mail, needs="@%&[({<〔【〈", only_if=_SIGN),
    rule("email", rf"(?i)(?<![\w.])[\w.+-]{{1,64}}\s@\s?[\w-]{{1,63}}(?:\s?\.\s?[\w-]{{1,63}}){{0,3}}\s?\.\s?"
        rf"(?:{TLDS})(?!\w)", needs="@"),
    rule("email", rf"(?i)(?<![\w.])[\w.+-]{{1,64}}@\s?[\w-]{{1,63}}(?:\s\.\s?|\.\s)(?:{TLDS})(?!\w)", needs="@"),
    rule("email", rf"(?i)(?<![\w.])([\w.+-]{{1,64}}(?:\s(?:dot|punkt|punto|point|ponto|kropka|punt"
        rf"|точка)\s[\w+-]{{1,40}}){{0,3}})[ _](?:{AT})[ _]"
         rf"{NOT_A_HOST}[\w-]{{1,63}}(?:(?:[ _](?:{DOT})[ _]|\.)[\w-]{{1,63}}){{0,4}}[ _](?:{DOT})[ _](?:{TLDS}|рф|ком"
         rf"|ру)(?!\w)", _spelled, only_if=rf"(?i)[ _](?:{DOT})[ _]"),
    rule("email", rf"(?i)(?<![\w.@])([\w.+-]{{1,64}})\s(?:{AT})\s[\w-]{{2,63}}(?:\.[\w-]{{1,63}}){{0,3}}\.(?:{TLDS})"
        rf"(?![\w/]|\.\w)", _half_spelled, only_if=rf"(?i)\s(?:{AT})\s[\w-]{{2,63}}\."),
    rule("email", rf"(?i)(?<![\w.@])([\w.+-]{{1,64}})\s(?:{AT})\s(?:{PROVIDERS})(?![\w.-])", _half_spelled),
)  # fmt: skip
