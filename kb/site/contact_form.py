"""The contact form, its attachments, and the votes of visitors whose browser runs no scripts.

Sending the form first shows a page of articles that may answer the message; sending again stores the message. After an
error the form returns with the visitor's text. Uploaded files stay on the server, and a hidden field (`held`) lists
them, so that they need not be chosen again. `key` stays the same each time a form is sent, so a message that is sent
twice is stored once.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from flask import Response, g, make_response, redirect, request, url_for

from deflect.api.context import ACCEPT
from deflect.api.http import SENDERS, device_of, limit, limit_person
from deflect.offers.episode import Visit
from deflect.offers.log import keep, record
from deflect.offers.offer import PATIENCE, Offer, make_offer
from deflect.store import attachments, events
from deflect.store.attachments import Attachment, Refused
from deflect.store.file_kinds import readable
from deflect.store.services import services
from deflect.tickets import contact, file_links, sent, uploads
from deflect.tickets.uploads import held, hold
from kb.errors import BadDatabase, Conflict, FileLost, HelpCenterError, NotFound, TooLarge, TooManyRequests, Unavailable
from kb.failures import degraded
from kb.i18n import gettext as _
from kb.i18n import ngettext
from kb.patterns import ID
from kb.render.snapshot import Entry
from kb.render.topics import Topic
from kb.site.article_page import reasons
from kb.site.frame import indexed, render, searcher, shelf, this_look, title
from kb.site.visitor import from_machine, visitor
from kb.strict import whole_number

DROP = "drop-"  # prefix of the names of buttons that remove a file
TICKET = re.compile(r"[\w-]{4,40}", re.ASCII)
UPLOADS = 4  # uploads per allowed ticket: a form is also sent for offers and corrections


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of the contact form; `offered` is set after offers were shown, `key` identifies a repeated form."""

    key: str = ""
    episode: str = ""
    page: str = ""
    offered: str = ""
    category: str = ""
    subject: str = ""
    message: str = ""
    email: str = ""
    name: str = ""
    article: str = ""
    rank: str = ""
    held: str = ""  # the signed list of files uploaded so far
    edit: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Form:
        """Return the form with the given fields, and a new key if it has none."""
        form = cls(**{field.name: given.get(field.name, "") for field in fields(cls)})
        episode = form.episode if ID.fullmatch(form.episode) else ""
        return replace(form, key=form.key or uuid.uuid4().hex, episode=episode)

    def visit(self) -> Visit:
        """Return the visitor, the page and the device of the message."""
        place = self.page or request.path
        who = visitor()
        return Visit(
            who, self.episode or None, place, g.lang, self.category, agreed=who is not None, device=device_of(request)
        )

    def document(self) -> dict[str, Any]:
        """Return the form with the field names of tickets."""
        return {
            "subject": self.subject,
            "body": self.message,
            "email": self.email,
            "name": self.name,
            "category": self.category,
        }


def posted() -> tuple[Form, tuple[HelpCenterError, ...]]:
    """Return the posted form with its held and new files, and the errors of files that were not stored.

    Raise TooLarge, Unavailable or BadRequest if no text of the form can be read.
    """
    here = services()
    sent = uploaded() if uploads.has_files(request) else uploads.Posted(request.form)
    form, wrong = Form.of(sent.texts), list(sent.refused)
    try:
        files = held(here, form.held)
    except Refused as error:
        files = ()
        wrong.append(error)
    except BadDatabase as error:  # which has the key of the list; the list stays in the form
        return form, (error,)
    gone = {name.removeprefix(DROP) for name in sent.texts if name.startswith(DROP)}
    kept = dict.fromkeys(file for file in (*files, *sent.files) if file.digest not in gone)
    try:
        form = replace(form, held=hold(here, tuple(kept)))
    except BadDatabase as error:
        return form, (error,)
    return replace(form, edit="1") if gone else form, tuple(wrong)


def uploaded() -> uploads.Posted:
    """Return a form with files. If they cannot be taken now, return its texts and the reason: no text is lost."""
    here = services()
    longest = request.max_content_length or 0
    slow: tuple[HelpCenterError, ...] = ()
    try:
        try:
            limit(here, "uploads", rate=UPLOADS * here.settings.rate_tickets)
        except TooManyRequests as error:
            slow = (error,)
        sent = uploads.read(request, here.settings, longest_text=longest, taking=not slow)
        return replace(sent, refused=slow or sent.refused)
    except (TooLarge, Unavailable) as error:
        texts = uploads.first_texts(request, longest_text=longest)
        if not texts.get("message"):
            raise
        large = Refused(attachments.TOO_MUCH, here.settings)
        return uploads.Posted(texts, refused=(large if isinstance(error, TooLarge) else error,))


def listed(token: str) -> tuple[Attachment, ...]:
    """Return the files of a form, or none if their list is no longer valid or can't be checked."""
    try:
        return held(services(), token)
    except (Refused, BadDatabase):
        return ()


def said(wrong: Iterable[HelpCenterError]) -> str:
    """Return the sentences of file errors in the visitor's language."""
    return " ".join(dict.fromkeys(map(_said, wrong)))


def _said(error: HelpCenterError) -> str:
    if isinstance(error, Refused):
        return (f"{error.name}: " if error.name else "") + _(error.sentence) % error.limits
    return _(attachments.GONE) if isinstance(error, FileLost) else _(attachments.NO_ROOM)


def frame() -> dict[str, Any]:
    """Return the limits for files, and the messages of the script that attaches them."""
    limits = attachments.limits(services().settings)
    data = limits | {
        "remove": _("Remove"),
        "added": _("%s was attached."),
        "removed": _("%s was removed."),
        "many": _(attachments.TOO_MANY) % limits,
        "big": "%s: " + _(attachments.TOO_BIG) % limits,
        "much": _(attachments.TOO_MUCH) % limits,
    }
    return limits | {"accept": ACCEPT, "drop": DROP, "data": data}


def topics() -> tuple[Topic, ...]:
    """Return the topics to choose from, or none if there is no index, because the form works without one."""
    return shelf(searcher().snapshot, g.lang).topics if indexed() else ()


def show(form: Form, *, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    """Return the page of the contact form, with the errors beside its fields."""
    return render(
        "contact.html",
        form=form,
        errors=errors or {},
        categories=topics(),
        longest=contact.LONGEST,
        files=listed(form.held),
        taking=frame(),
        readable=readable,
        status=status,
        noindex=bool(errors),
    )


def send(form: Form, *, wrong: Sequence[HelpCenterError] = ()) -> Response:
    """Store the message, or show offers or the form with errors. The visitor's text is never lost.

    If files are `wrong`, the message is not stored: the form returns with their errors.
    """
    for error in wrong:
        if isinstance(error, (BadDatabase, TooManyRequests, Unavailable)):
            return again(form, error, {})
    about = {"files": said(wrong)} if wrong else {}
    if form.edit:
        return show(form, errors=about, status=400 if wrong else 200)
    try:
        message = contact.check(form.document())
        files = attachments.check_all(services().settings, held(services(), form.held))
        if wrong:
            return show(form, errors=about, status=wrong[0].status)
        offer = between(form)
        if offer and offer.cards:
            return show_offers(replace(form, episode=offer.episode or ""), offer)
        limit_person(services(), "tickets", rate=services().settings.rate_tickets, visitor=visitor(), times=SENDERS)
        created = contact.create_ticket(services(), form.visit(), message, key=contact.check_key(form.key), files=files)
    except HelpCenterError as error:
        return again(form, error, about)
    key = file_links.sent_key(services().store, created.ticket)
    return redirect(url_for("site.sent", lang=g.lang, ticket=created.ticket, key=key), 303)  # type: ignore[return-value]


def again(form: Form, error: HelpCenterError, about: Mapping[str, str]) -> Response:
    """Return the form with its text and the reason why it was not sent."""
    errors = {"": _("We couldn't save your message just now. Your text is still here. Send it again in a minute.")}
    if isinstance(error, contact.BadMessage):
        errors = {"message" if name == "body" else name: _(why) for name, why in error.fields.items()}
    elif isinstance(error, (Refused, FileLost)):
        errors = {"files": said([error])}
    elif isinstance(error, Conflict):
        form = replace(form, key=uuid.uuid4().hex)
        errors = {"": _("You've already sent a message with this form. If this is a new one, send it again.")}
    elif isinstance(error, TooManyRequests):
        errors = {"": _("Too many messages. Your text is still here. Send it again in a minute.")}
    response = show(form, errors={**errors, **about}, status=error.status)
    response.headers.update(error.headers)
    return response


def between(form: Form) -> Offer | None:
    """Return an offer to show before sending, or None if one was shown or the topic makes no offers."""
    topic = next((topic for topic in topics() if topic.name == form.category), None)
    if form.offered or (topic and not topic.offers):
        return None
    try:
        limit_person(services(), "offers", rate=services().settings.rate_offers, visitor=visitor())
    except TooManyRequests:
        degraded("rate-limited")
        return None
    return make_offer(services(), form.visit(), subject=form.subject, body=form.message, patience=PATIENCE)


def show_offers(form: Form, offer: Offer) -> Response:
    """Return the page with offers. Each card counts as shown, because the page has no other content."""
    for rank, card in enumerate(offer.cards, 1):
        record(services(), visitor(), "shown", episode=offer.episode, article=card.article, rank=rank)
    return render("offers.html", form=form, cards=offer.cards, noindex=True)


def say(form: Form, what: str) -> None:
    """Log a visitor's answer to an offered article."""
    about: dict[str, Any] = {"episode": form.episode, "article": form.article}
    if what == "solved" and (rank := whole_number(form.rank, least=1, most=1000)):
        about["rank"] = rank
    record(services(), visitor(), what, **about)


def thank(ticket: str, key: str) -> Response:
    """Return the page with a ticket's number, or redirect to the form if the number is invalid.

    With the key, which the browser that sent the message has for an hour, it also shows the message.
    """
    if not TICKET.fullmatch(ticket):
        return redirect(url_for("site.contact", lang=g.lang))  # type: ignore[return-value]
    here = services()
    message = _opened(ticket, key)
    topic = next((topic for topic in topics() if message and topic.name == message.category), None)
    response = render(
        "sent.html",
        ticket=ticket,
        message=message,
        key=key,
        topic=topic,
        when=_when() if message else "",
        receipt=bool(contact.receipts(here.settings)),
        by_mail=bool(here.settings.mail_to),
        noindex=True,
        head="",  # analytics would send the address, whose key opens the message
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


def copy(ticket: str, key: str) -> Response:
    """Return a sent message as a text file. Raise NotFound without its key."""
    message = _opened(ticket, key)
    if message is None:
        raise NotFound("this copy is available for an hour after sending, in the browser that sent the message")
    response = make_response(sent.copy(message, title=title(this_look())))
    response.content_type = "text/plain; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{ticket}.txt"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _opened(ticket: str, key: str) -> sent.Sent | None:
    store = services().store
    try:
        return sent.sent(store, ticket) if key and file_links.opens_sent(store, ticket, key) else None
    except BadDatabase as error:
        degraded("no-database", error)
        return None


def _when() -> str:
    """Return a sentence about the time of the first answer, or ""."""
    found = sent.expected(services().store, services().settings)
    if found is None:
        return ""
    days = round(found.hours / 24)
    span = (
        ngettext("%(num)d hour", "%(num)d hours", found.hours) % {"num": found.hours}
        if found.hours < 48
        else ngettext("%(num)d day", "%(num)d days", days) % {"num": days}
    )
    if found.measured:
        return _("Recently, half of all messages got their first reply within %(time)s.") % {"time": span}
    return _("We aim to reply within %(time)s.") % {"time": span}


def vote() -> Response:
    """Log a vote and redirect to the article, which shows a thank-you. If it can't be stored, show it again."""
    article, reason = request.form.get("article", ""), request.form.get("reason", "")
    entry = searcher().snapshot.best(article, g.lang)
    if entry is None:
        raise NotFound(f"there is no article {article}")
    what = "unhelpful" if reason or request.form.get("vote") == "unhelpful" else "helpful"
    comment = request.form.get("comment", "")[: events.LONGEST_COMMENT] if what == "unhelpful" else ""
    given = {name: value for name, value in (("reason", reason), ("comment", comment)) if value}
    revision = request.form.get("revision") or entry.revision
    # without consent, a vote gets a new random id; votes from machines are not stored
    who = None if from_machine() else visitor() or uuid.uuid4().hex
    try:
        limit_person(services(), "events", rate=services().settings.rate_events, visitor=visitor())
        keep(services(), who, what, article=entry.id, revision=revision, **given)
    except HelpCenterError as error:
        return vote_again(entry, error, comment=request.form.get("comment", ""))
    back = entry.address if entry.lang == g.lang else url_for("site.article", lang=g.lang, id=entry.id)
    return redirect(f"{back}?thanks={what}#kb-vote", 303)  # type: ignore[return-value]


def vote_again(entry: Entry, error: HelpCenterError, *, comment: str) -> Response:
    """Return the page of a vote that was not stored, with its comment."""
    response = render(
        "vote.html",
        status=error.status,
        entry=entry,
        thanked="",
        comment=comment,
        reasons=reasons(g.lang),
        noindex=True,
    )
    response.headers.update(error.headers)
    return response
