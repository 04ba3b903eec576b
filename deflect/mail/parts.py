"""Read the parts of an e-mail: the text that its author wrote, and the files.

Each part is shown or named. An agent is told in a remark if something is encrypted or incomplete.
"""

from __future__ import annotations

import mimetypes
import quopri
import re
from copy import copy
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from deflect.mail.charsets import WEAK, codec, decoded, meta_charset
from deflect.mail.forms import of_forms
from deflect.mail.headers import charset_of, header, line, parameter, unpadded, words
from deflect.mail.invitation import told
from kb.render.plain_text import LONGEST_HTML, of_html, without_pictures

SHOWN = ("text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown", "text/x-markdown")
UNSEEN = ("text/x-amp-html", "text/rfc822-headers")  # repeats the HTML, or belongs to a delivery report
CALENDARS = ("text/calendar", "application/ics", "text/x-vcalendar")
SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature")
LARGEST_LOGO = 50_000  # bytes; pictures of a screen are larger
MOST_MENDED = 20  # multiparts without a working boundary that are parsed again
LONGEST_NAME = 200  # characters
BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]*")
MOST_PIECES = 1000  # of base64, each with its padding
CUT_OFF = re.compile(rb"=[0-9A-Fa-f]?\s*\Z")  # the start of an encoded character
LIMIT = re.compile(rb"^--([^\s-][^\r\n]{0,199}?)[ \t]*\r?\n(?=[\w-]+:)", re.MULTILINE)  # a boundary before a header
LOOKS_LIKE_HTML = re.compile(r"\s*<(?:!doctype|html|head|body|div|p|table|meta|span)\b", re.IGNORECASE)
BROKEN = "The end of %s is missing or damaged."
SEALED = "This e-mail is encrypted or sealed with %s, so its text can't be shown here."


@dataclass(frozen=True, slots=True)
class File:
    """A file attached to an e-mail."""

    name: str
    type: str
    data: bytes
    beside: bool = False  # a signature, or a small picture in the text such as a logo: it comes with any e-mail


@dataclass(frozen=True, slots=True)
class Content:
    """The text and the files of an e-mail; `cut` if its HTML is too long to be read, and remarks for agents."""

    text: str
    files: tuple[File, ...]
    remarks: tuple[str, ...]
    cut: bool


def content(message: Message) -> Content:
    """Return the content of a parsed e-mail. Raise RecursionError if its parts are nested too deeply."""
    reader = _Reader(charset_of(message))
    text = reader.text(message, root=True).strip() or reader.instead()
    return Content(text, tuple(reader.files), tuple(dict.fromkeys(reader.remarks)), reader.cut)


def children(part: Message) -> list[Message]:
    """Return the parts of a multipart or of a forwarded e-mail."""
    found = part.get_payload()
    return [child for child in found if isinstance(child, Message)] if isinstance(found, list) else []


def payload(part: Message) -> bytes:
    """Return the decoded bytes of a part, as far as they can be decoded."""
    return _payload(part)[0]


class _Reader:
    """Walks through the parts once and collects files and remarks."""

    def __init__(self, charset: str) -> None:
        self._charset = charset  # of the text, in which programs also write the names of files
        self.files: list[File] = []
        self.remarks: list[str] = []
        self.cut = False
        self._invitations: list[str] = []
        self._forwarded: list[Message] = []
        self._mended = self._related = 0

    def text(self, part: Message, *, root: bool = False, form: bool = False) -> str:
        """Return the text of a part. `form` means that the part is one of several forms of a text."""
        kind = part.get_content_type()
        if kind.startswith("multipart/"):
            return self._multipart(part, kind)
        if kind.startswith("message/"):
            return self._message(part, kind)
        if kind in UNSEEN:
            return ""
        if kind in SHOWN and not _is_file(part, root=root, form=form):
            return self._shown(part, kind)
        self._file(part, kind)
        return ""

    def instead(self) -> str:
        """Return what is shown if nobody wrote a text: the invitation, or the forwarded e-mail."""
        if self._invitations:
            return "\n\n".join(self._invitations)
        for inner in self._forwarded[:1]:
            head = [
                f"{name}: {line(words(header(inner, name)))}"
                for name in ("From", "Date", "Subject")
                if header(inner, name)
            ]
            reader = _Reader(charset_of(inner))
            return "\n".join([*head, "", reader.text(inner, root=True)]).strip()
        return ""

    def _multipart(self, part: Message, kind: str) -> str:
        if not part.is_multipart():
            mended = self._mend(part)
            return self._multipart(mended, kind) if mended else self._unbounded(part)
        if kind == "multipart/encrypted":
            self.remarks.append(SEALED % "PGP")
        forms = kind == "multipart/alternative"
        self._related += kind == "multipart/related"
        found = [(child.get_content_type(), self.text(child, form=forms)) for child in children(part)]
        self._related -= kind == "multipart/related"
        said = [(kind, text) for kind, text in found if text.strip()]
        return of_forms(said) if forms and said else "\n\n".join(text for _, text in said)

    def _mend(self, part: Message) -> Message | None:
        """Parse a multipart again whose boundary is missing or wrong, by the first line that is one."""
        data = _undecoded(part)
        found = LIMIT.search(data)
        if found is None or self._mended == MOST_MENDED:
            return None
        self._mended += 1
        head = (
            b'Content-Type: multipart/mixed; boundary="' + found[1].replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
        )
        mended = BytesParser(policy=compat32).parsebytes(head + b"\n\n" + data)
        return mended if mended.is_multipart() else None

    def _unbounded(self, part: Message) -> str:
        text = decoded(payload(part), parameter(part, "Content-Type", "charset"))
        return self._of_html(text) if LOOKS_LIKE_HTML.match(text) else text

    def _message(self, part: Message, kind: str) -> str:
        """Keep a forwarded e-mail as a file. Parts of a delivery report are neither shown nor kept."""
        if kind != "message/rfc822":
            return ""
        inner = children(part)[0] if children(part) else part
        if _encoding(part) == "base64" and inner is not part:
            inner = BytesParser(policy=compat32).parsebytes(unpadded(_undecoded(inner)))
        title = line(words(header(inner, "Subject")))[:100]
        self.files.append(File(f"{title or 'message'}.eml", kind, _as_bytes(inner)))
        self._forwarded += [inner] if inner is not part else []
        return ""

    def _shown(self, part: Message, kind: str) -> str:
        data, whole = _payload(part)
        self.remarks += [] if whole else [BROKEN % "the text"]
        declared = parameter(part, "Content-Type", "charset")
        if kind != "text/html":
            text = decoded(data, declared)
            return self._of_html(text) if kind in ("text/enriched", "text/richtext") else text
        weak = codec(declared) in (None, *WEAK)
        labels = (meta_charset(data), declared) if weak else (declared, meta_charset(data))
        return self._of_html(decoded(data, *labels))

    def _of_html(self, html: str) -> str:
        html = without_pictures(html)
        self.cut = self.cut or len(html) > LONGEST_HTML
        return of_html(html)

    def _file(self, part: Message, kind: str) -> None:
        data, whole = _payload(part)
        if kind in CALENDARS or _name(part).lower().endswith(".ics"):
            invitation = told(decoded(data, parameter(part, "Content-Type", "charset")))
            self._invitations += [invitation] if invitation else []
        usual = "invitation.ics" if kind in CALENDARS else f"unnamed{mimetypes.guess_extension(kind) or ''}"
        name = _name(part, self._charset) or usual
        if kind in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
            self.remarks.append(SEALED % "S/MIME")
        self.remarks += [] if whole else [BROKEN % name]
        logo = self._related and kind.startswith("image/") and "Content-ID" in part and len(data) <= LARGEST_LOGO
        self.files.append(File(name, kind, data, beside=bool(logo) or kind in SIGNATURES))


def _is_file(part: Message, *, root: bool, form: bool) -> bool:
    """Return True if a text is an attachment: it is said to be one, or it has a name beside other parts."""
    attached = header(part, "Content-Disposition").strip().lower().startswith("attachment")
    named = bool(_name(part))
    if root:
        return attached and named
    return attached or (named and not form)


def _name(part: Message, charset: str = "") -> str:
    declared = parameter(part, "Content-Type", "charset") or charset
    found = parameter(part, "Content-Disposition", "filename", declared) or parameter(
        part, "Content-Type", "name", declared
    )
    return line(found)[:LONGEST_NAME]


def _payload(part: Message) -> tuple[bytes, bool]:
    """Return the decoded bytes of a part, and False if the end of their encoding is missing."""
    how = _encoding(part)
    if how == "base64":
        return _of_base64(_undecoded(part), text=part.get_content_maintype() == "text")
    if how == "quoted-printable":
        written = _undecoded(part)
        return quopri.decodestring(written), not CUT_OFF.search(written[-80:])
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AttributeError, TypeError):  # broken transfer encodings
        data = _undecoded(part)
    return (data if isinstance(data, bytes) else b""), True


def _encoding(part: Message) -> str:
    """Return the transfer encoding of a part, without the space, comment or quotes that some programs add."""
    return re.split(r"[;\s(]", header(part, "Content-Transfer-Encoding").strip(" \t\"'"))[0].strip("\"'").lower()


def _of_base64(data: bytes, *, text: bool) -> tuple[bytes, bool]:
    """Decode base64. Lines that are not base64, such as the footer that a list appends, are text as they are."""
    blocks = data.splitlines(keepends=True)
    end = next((n for n, one in enumerate(blocks) if not BASE64.fullmatch(one)), len(blocks))
    if end == 0:  # not base64 at all, or one line with characters that don't belong there
        end = len(blocks) if not text or b" " not in data.strip() else 0
    pieces = re.split(rb"=+", b"".join(blocks[:end]), maxsplit=MOST_PIECES)
    found = b"".join(unpadded(piece) for piece in pieces)
    last = pieces[0] if len(pieces) == 1 else b""
    rest = b"".join(blocks[end:]) if text else b""
    return found + (b"\n" + rest if found and rest.strip() else rest), len(b"".join(last.split())) % 4 == 0


def _undecoded(part: Message) -> bytes:
    """Return the bytes of a part as they came. Without `decode`, the email package replaces bytes outside ASCII."""
    bare = copy(part)
    del bare["Content-Transfer-Encoding"]
    found = bare.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _as_bytes(part: Message) -> bytes:
    try:
        return part.as_bytes()
    except (ValueError, LookupError, AttributeError, TypeError):
        return b""
