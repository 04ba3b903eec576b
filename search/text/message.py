"""Remove greeting, closing, signature and quoted mail from a message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from search.text.query import LONGEST

# Greetings, closings and headers of quoted mail by language. Each tuple becomes one pattern.
_GREETINGS = (
    r"hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening|day)",  # en
    r"hallo|guten (?:tag|morgen|abend)|liebes?|sehr geehrte\w*",  # de
    r"bonjour|bonsoir|salut",  # fr
    r"hola|buenos d[ií]as|buenas(?: tardes| noches)?|estimad[oa]s?",  # es
    r"ciao|buongiorno|buonasera|salve|gentil[ei]",  # it
    r"ol[aá]|bom dia|boa (?:tarde|noite)|prezad[oa]s?",  # pt
    r"dag|beste|geachte|goede(?:morgen|middag|navond)",  # nl
    r"cze[sś][cć]|dzie[nń] dobry|witam|witajcie",  # pl
    r"hej|hei|god dag|tjena",  # Scandinavian
    r"здравствуйте|добрый день|привет|您好|你好|こんにちは|안녕하세요|مرحبا|السلام عليكم",
)
_CLOSINGS = (
    r"(?:many |with )?thanks?(?: you)?(?: very much| so much| a lot| in advance)?|thx|cheers|sincerely",
    r"(?:(?:kind|best|warm|many) )?regards|best(?: wishes)?|yours(?: sincerely| truly| faithfully)?",
    r"(?:viele |beste |freundliche |mit freundlichen |liebe )?grü(?:ß|ss)en?|danke(?: schön)?|mfg|vielen dank",
    r"(?:bien )?cordialement|merci(?: beaucoup| d'avance| par avance)?|salutations",
    r"(?:muchas )?gracias(?: de antemano)?|(?:un )?(?:cordial )?saludos?|atentamente",
    r"(?:cordiali |distinti )?saluti|grazie(?: mille| in anticipo)?",
    r"(?:muito )?obrigad[oa]|atenciosamente|cumprimentos",
    r"(?:met )?(?:vriendelijke )?groet(?:en|jes)?|(?:alvast )?bedankt|dank je|dank u",
    r"pozdrawiam|dziękuję(?: z góry)?|z poważaniem",
    r"mvh|tack|hilsen|med venlig hilsen|takk",
    r"спасибо|с уважением|謝謝|谢谢|ありがとうございます|よろしくお願いします|감사합니다|شكرا",
)
_BANNERS = (
    r"original|forwarded|ursprüngliche|weitergeleitete|mensaje|message|messaggio|mensagem|oorspronkelijk|wiadomość"
)
_WROTE = r"wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|napisał\w*|skrev"
_SENT_FROM = (
    r"sent from (?:my|mail|outlook|yahoo|proton)|get outlook for|(?:gesendet )?von meinem|gesendet mit"
    r"|envoyé (?:de|depuis) mon|enviado desde mi|enviado do meu|inviato da|(?:verzonden|verstuurd) vanaf"
    r"|wysłane z|skickat från|sendt fra|отправлено с|发自我的|從我的|나의 \w+에서 보냄|\w+から送信"
)

_GREETING = re.compile(rf"\W*(?:{'|'.join(_GREETINGS)})\b(?P<rest>[^,.!?:;\n]{{0,40}}[,.!:;]?)", re.IGNORECASE)
_CLOSING = re.compile(rf"\W*(?:{'|'.join(_CLOSINGS)})\b[\s,.!]*", re.IGNORECASE)
_SIGNATURE = re.compile(rf"(?:-- ?|—+|_{{2,}}|(?:{_SENT_FROM})\b.*)$", re.IGNORECASE)
_QUOTE = re.compile(r"\s*[>|]")
_QUOTED_FROM_HERE = re.compile(
    rf"\s*(?:-{{2,}}\s*(?:{_BANNERS})|_{{8,}}\s*$"
    rf"|(?:on|am|le|el|il|op|em|dnia|den)\b.{{4,120}}\b(?:{_WROTE})\b.{{0,20}}:?\s*$"
    r"|(?:from|von|de|da|van|od|fra|från|от|від|kimden|feladó|差出人|发件人|寄件者|보낸 사람)\s?[:：]\s.+@.+$)",
    re.IGNORECASE,
)
_NAME = 30  # most characters after a closing on the same line, such as a name
_BELOW = 5  # most lines below a closing: name, position, phone number


@dataclass(frozen=True, slots=True)
class Message:
    """A subject, and a text without greeting, closing, signature and quoted mail."""

    subject: str
    body: str

    @property
    def whole(self) -> str:
        """The subject and the text. A subject that begins the text is not repeated."""
        if self.subject and self.body.casefold().startswith(self.subject.casefold()):
            return self.body
        return "\n".join(filter(None, (self.subject, self.body)))


def read(subject: str, body: str) -> Message:
    """Return the message without greeting, closing, signature and quoted mail.

    If nothing would be left, the text is kept whole; a message may consist of forwarded mail only.
    """
    body = body[:LONGEST]
    kept = "\n".join(_without_greeting(_own_lines(body.splitlines()))).strip()
    return Message(" ".join(subject[:LONGEST].split()), kept or body.strip())


def unquoted(body: str) -> tuple[str, str]:
    """Split a message into its own text and the mail quoted at its end, which is "" if there is none.

    No text is lost.

    >>> unquoted("Thanks!\\n\\nOn Monday Jo wrote:\\n> Try this.")
    ('Thanks!', 'On Monday Jo wrote:\\n> Try this.')
    """
    lines = body.splitlines()
    begins = next((n for n, line in enumerate(lines) if _QUOTED_FROM_HERE.match(line) and any(lines[:n])), len(lines))
    end = len(lines)
    while end and (not lines[end - 1].strip() or _QUOTE.match(lines[end - 1])):
        end -= 1
    cut = min(begins, end) if any(_QUOTE.match(line) for line in lines[end:]) else begins
    own, quoted = "\n".join(lines[:cut]).rstrip(), "\n".join(lines[cut:]).strip("\n")
    return (own, quoted) if own.strip() else (body, "")


def own_text(body: str) -> str:
    """Return a message without quoted mail, its introduction and a marked signature. Greeting and closing stay."""
    lines = unquoted(body)[0].splitlines()
    end = next((number for number, line in enumerate(lines) if number and _SIGNATURE.match(line)), len(lines))
    kept: list[str] = []
    for line in lines[:end]:
        if not _QUOTE.match(line):
            kept.append(line)
        elif kept and _introduces(kept):
            kept.pop()
    while _introduces(kept):
        kept.pop()
    return "\n".join(kept).strip()


def greeting(line: str) -> tuple[str, str] | None:
    """Split a line that begins with a greeting into the name that is greeted and the rest. Return None for others."""
    match = _GREETING.match(line)
    return (match["rest"].strip(" ,.!:;"), line[match.end() :].strip()) if match else None


def _introduces(lines: list[str]) -> bool:
    """Return True if the last line introduces quoted mail, as "Jo <jo@example.com> wrote:" does in any language."""
    while lines and not lines[-1].strip():
        lines.pop()
    last = lines[-1].rstrip() if lines else ""
    return last.endswith((":", "：")) and ("@" in last or sum(c.isdigit() for c in last) >= 4)


def _own_lines(lines: Sequence[str]) -> list[str]:
    kept: list[str] = []
    for number, line in enumerate(lines):
        if (_QUOTED_FROM_HERE.match(line) and any(kept)) or _SIGNATURE.match(line):
            break
        if line.strip() and _closes(line, rest=lines[number + 1 :]):
            break
        if not _QUOTE.match(line):
            kept.append(line.rstrip())
    return kept


def _closes(line: str, *, rest: Sequence[str]) -> bool:
    """Return True if a line is a closing, followed by at most a name and a few short lines."""
    match = _CLOSING.match(line)
    if not match or len(line) - match.end() > _NAME:
        return False
    below = [other for other in rest if other.strip()]
    return len(below) <= _BELOW and all(len(other) < 2 * _NAME for other in below)


def _without_greeting(lines: Sequence[str]) -> list[str]:
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return []
    match = _GREETING.match(lines[first])
    if match is None:
        return list(lines)
    line, below = lines[first], lines[first + 1 :]
    named = match["rest"].rstrip()[-1:] in tuple(",.!:;") or (  # "Hi team," or "Hello everybody" on a line of its own
        match.end() >= len(line) and any(below) and len(match["rest"].split()) <= 3
    )
    rest = line[match.end() if named else match.start("rest") :].strip()
    return [*filter(None, [rest]), *below]
