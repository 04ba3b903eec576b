"""The files of the contact form: what came with it, what is held until it is sent, and what is said of the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import request

from deflect.api.web import limit
from deflect.store import attachments
from deflect.store.attachments import Attachment, Refused
from deflect.store.file_kinds import KINDS
from deflect.store.services import services
from deflect.tickets import uploads
from deflect.tickets.held_files import held, hold
from kb.errors import FileLost, HelpCenterError
from kb.i18n import gettext as _

DROP = "drop-"  # begins the name of the button that removes a file
UPLOADS = 4  # forms with files for each ticket that may be sent: offers and corrections come between


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as it came: its texts, the list of its files, what is wrong with others, and whether one was removed."""

    texts: Mapping[str, str]
    held: str
    wrong: tuple[HelpCenterError, ...]
    dropped: bool = False


def take() -> Sent:
    """Return the form of this request with the files it had and those that came along; raises TooLarge and the like."""
    here = services()
    if uploads.has_files(request):
        limit(here, "uploads", rate=UPLOADS * here.settings.rate_tickets)
        posted = uploads.read(request, here.settings, longest_text=request.max_content_length or 0)
    else:
        posted = uploads.Posted(request.form)
    wrong = list(posted.refused)
    try:
        files = held(here, posted.texts.get("held", ""))
    except Refused as error:
        files = ()
        wrong.append(error)
    gone = {name.removeprefix(DROP) for name in posted.texts if name.startswith(DROP)}
    kept = dict.fromkeys(file for file in (*files, *posted.files) if file.digest not in gone)
    return Sent(posted.texts, hold(here, tuple(kept)), tuple(wrong), bool(gone))


def of(token: str) -> tuple[Attachment, ...]:
    """Return the files of a form to show or send; raises Refused when they are too many, too large, or gone."""
    return attachments.check_all(services().settings, held(services(), token))


def listed(token: str) -> tuple[Attachment, ...]:
    """Return the files of a form to show, as far as they are there."""
    try:
        return held(services(), token)
    except Refused:
        return ()


def said(wrong: Iterable[HelpCenterError]) -> str:
    """Return what is wrong with files, in the visitor's language."""
    return " ".join(dict.fromkeys(map(_said, wrong)))


def _said(error: HelpCenterError) -> str:
    if isinstance(error, Refused):
        return (f"{error.name}: " if error.name else "") + _(error.sentence) % error.limits
    return _(attachments.GONE) if isinstance(error, FileLost) else _(attachments.NO_ROOM)


def frame() -> dict[str, Any]:
    """Return what the page says about files before any is chosen."""
    limits = attachments.limits(services().settings)
    data = limits | {
        "remove": _("Remove"),
        "added": _("%s goes along."),
        "removed": _("%s was removed."),
        "many": _(attachments.TOO_MANY) % limits,
        "big": "%s: " + _(attachments.TOO_BIG) % limits,
        "much": _(attachments.TOO_MUCH) % limits,
    }
    ends = ",".join(end for ends in KINDS.values() for end in ends)
    return limits | {"accept": ends, "drop": DROP, "data": data}
