"""A message to the help desk, as what it asks: without greeting, signature and quoted mail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from search.query import LONGEST

_QUOTE = re.compile(r"^\s*(>|\|)")
_QUOTED_FROM_HERE = re.compile(
    r"^\s*(-{2,}\s*(original|forwarded|ursprüngliche|weitergeleitete|mensaje|message|messaggio|mensagem|oorspronkelijk|wiadomość)"
    r"|_{8,}\s*$"
    r"|(on|am|le|el|il|op|em|dnia|den)\b.{4,120}\b(wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|napisał\w*|skrev)\b.{0,20}:?\s*$"
    r"|(from|von|de|da|van|od)\s?:\s.+@.+$)",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"^(-- ?|—+|_{2,}|sent from my .*|get outlook for .*|von meinem .* gesendet.*|envoyé de mon .*|enviado desde mi .*|inviato da .*)$",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^\W*(many thanks|thanks?( you)?( very much| so much| a lot| in advance)?|thx|cheers|(kind |best |warm )?regards|best( wishes)?|sincerely|yours( sincerely| truly| faithfully)?"
    r"|(viele |beste |freundliche |mit freundlichen |liebe )?grü(ß|ss)en?|danke( schön| im voraus)?|mfg|vielen dank( im voraus)?"
    r"|(bien )?cordialement|merci( beaucoup| d'avance| par avance)?|salutations|(muchas )?gracias( de antemano)?|(un )?(cordial )?saludos?|atentamente"
    r"|(cordiali |distinti )?saluti|grazie( mille| in anticipo)?|obrigad[oa]|atenciosamente|(met )?(vriendelijke )?groet(en|jes)?|bedankt|alvast bedankt"
    r"|pozdrawiam|dziękuję( z góry)?|z poważaniem|mvh|tack|hilsen|tak|謝謝|谢谢|ありがとうございます|よろしくお願いします|감사합니다|شكرا|спасибо|с уважением)\b[\s,.!]*",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"^\W*(hi|hello|hey|dear|greetings|good (morning|afternoon|evening|day)|hallo|guten (tag|morgen|abend)|liebes?|sehr geehrte\w*|bonjour|bonsoir|salut|hola|buenos d[ií]as|buenas( tardes)?|estimad[oa]s?"
    r"|ciao|buongiorno|salve|ol[aá]|bom dia|boa tarde|dag|beste|geachte|cze[sś][cć]|dzie[nń] dobry|witam|hej|god dag|您好|你好|こんにちは|안녕하세요|مرحبا|здравствуйте)\b"
    r"(?P<rest>[^,.!?:;\n]{0,40}[,.!:;]?)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Message:
    """What a message says: its subject, its text without what every message has, and both as one."""

    subject: str
    body: str

    @property
    def whole(self) -> str:
        """The subject and the text; a subject that the text repeats is said once."""
        if self.subject and self.body.casefold().startswith(self.subject.casefold()):
            return self.body
        return "\n".join(filter(None, (self.subject, self.body)))


def read(subject: str, body: str) -> Message:
    """Return the message without greeting, closing, signature and quoted mail; never less than nothing of it.

    When all of it would be cut, it is kept: a message may be nothing but a forwarded one.
    """
    body = body[:LONGEST]
    lines = [line.rstrip() for line in body.splitlines()]
    kept = "\n".join(_without_greeting(_own_lines(lines))).strip()
    return Message(" ".join(subject[:LONGEST].split()), kept or body.strip())


def sentences(text: str) -> list[str]:
    """Return the sentences and lines of a message."""
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def _own_lines(lines: Sequence[str]) -> list[str]:
    kept: list[str] = []
    for number, line in enumerate(lines):
        if _QUOTED_FROM_HERE.match(line) and any(kept):
            break
        if line and _SIGNATURE.match(line):
            break
        if line and _closes(line, rest=lines[number + 1 :]):
            break
        if not _QUOTE.match(line):
            kept.append(line)
    return kept


def _closes(line: str, *, rest: Sequence[str]) -> bool:
    """Say whether a line is a closing with at most a name after it and little below: not thanks in the middle."""
    match = _CLOSING.match(line)
    if not match or len(line) - match.end() > 30:
        return False
    return sum(bool(other.strip()) for other in rest) <= 5 and all(len(other) < 60 for other in rest[:6])


def _without_greeting(lines: Sequence[str]) -> list[str]:
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        match = _GREETING.match(line)
        if not match:
            return list(lines)
        rest = (
            line[match.end() :].strip() if match["rest"].rstrip()[-1:] in ",.!:;" or match.end() >= len(line) else None
        )
        if rest is None:  # "Hello I cannot log in": only the word itself
            rest = line[match.end() - len(match["rest"]) :].strip()
        return [rest, *lines[number + 1 :]] if rest else list(lines[number + 1 :])
    return list(lines)
