"""The contact form and the votes of visitors without scripts, and the files that come with a message.

Sending a form first shows articles that may answer it, on a page of their own; sending again keeps the message. On an
error the visitor gets the form back with the text in it. Uploaded files are held on the server, and the form carries a
list of them (`held`), so that they need not be chosen again. `key` stays the same each time one form is sent, so a
message that is sent twice is kept once.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from flask import Response, g, redirect, request, url_for

from deflect.api.http import device_of, limit
from deflect.offers.episode import Visit
from deflect.offers.log import record
from deflect.offers.offer import PATIENCE, Offer, make_offer
from deflect.store import attachments, events
from deflect.store.attachments import Attachment, Refused
from deflect.store.file_kinds import KINDS, readable
from deflect.store.services import services
from deflect.tickets import contact, uploads
from deflect.tickets.uploads import held, hold
from kb.errors import Conflict, FileLost, HelpCenterError, NotFound, TooManyRequests
from kb.failures import degraded
from kb.i18n import gettext as _
from kb.patterns import ID
from kb.render.topics import Topic
from kb.site.frame import indexed, render, searcher, shelf
from kb.site.visitor import from_machine, visitor

DROP = "drop-"  # begins the name of the button that removes a file
TICKET = re.compile(r"[\w-]{4,40}", re.ASCII)
UPLOADS = 4  # forms with files for each ticket that may be sent: offers and corrections come between


@dataclass(frozen=True, slots=True)
class Form:
    """The contact form as filled in; `offered` is set once offers were seen, `key` makes a second sending harmless."""

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
    held: str = ""  # the list of files that came with the form already
    edit: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Form:
        """Return the form with the given fields, and a new key if it has none."""
        form = cls(**{field.name: given.get(field.name, "") for field in fields(cls)})
        episode = form.episode if ID.fullmatch(form.episode) else ""
        return replace(form, key=form.key or uuid.uuid4().hex, episode=episode)

    def visit(self) -> Visit:
        """Return the visitor, the page and the device that the message comes from."""
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
    """Return the posted form with its files, those held already and new ones, and the errors of files not kept.

    Raises TooLarge, Refused and the like.
    """
    here = services()
    if uploads.has_files(request):
        limit(here, "uploads", rate=UPLOADS * here.settings.rate_tickets)
        sent = uploads.read(request, here.settings, longest_text=request.max_content_length or 0)
    else:
        sent = uploads.Posted(request.form)
    wrong = list(sent.refused)
    try:
        files = held(here, sent.texts.get("held", ""))
    except Refused as error:
        files = ()
        wrong.append(error)
    gone = {name.removeprefix(DROP) for name in sent.texts if name.startswith(DROP)}
    kept = dict.fromkeys(file for file in (*files, *sent.files) if file.digest not in gone)
    form = replace(Form.of(sent.texts), held=hold(here, tuple(kept)))
    return replace(form, edit="1") if gone else form, tuple(wrong)


def listed(token: str) -> tuple[Attachment, ...]:
    """Return the files of a form, none if their list is not valid any more."""
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
    """Return the limits of files and the words of the script that adds them."""
    limits = attachments.limits(services().settings)
    data = limits | {
        "remove": _("Remove"),
        "added": _("%s was attached."),
        "removed": _("%s was removed."),
        "many": _(attachments.TOO_MANY) % limits,
        "big": "%s: " + _(attachments.TOO_BIG) % limits,
        "much": _(attachments.TOO_MUCH) % limits,
    }
    ends = ",".join(end for ends in KINDS.values() for end in ends)
    return limits | {"accept": ends, "drop": DROP, "data": data}


def topics() -> tuple[Topic, ...]:
    """Return the topics to choose from. None while there is no index: the form works without."""
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
    """Keep the message, or show offers or errors first. The visitor's text is never lost.

    A message is not sent without files that are `wrong`: the form comes back and names them.
    """
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
        limit(services(), "tickets", rate=services().settings.rate_tickets)
        created = contact.create_ticket(services(), form.visit(), message, key=contact.check_key(form.key), files=files)
    except HelpCenterError as error:
        return again(form, error, about)
    return redirect(url_for("site.sent", lang=g.lang, ticket=created.ticket), 303)  # type: ignore[return-value]


def again(form: Form, error: HelpCenterError, about: Mapping[str, str]) -> Response:
    """Return the form with its text, and why it was not sent."""
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
    """Return the offers to show before sending, None if they were seen or the topic makes no offers."""
    topic = next((topic for topic in topics() if topic.name == form.category), None)
    if form.offered or (topic and not topic.offers):
        return None
    try:
        limit(services(), "offers", rate=services().settings.rate_offers)
    except TooManyRequests:
        degraded("rate-limited")
        return None
    return make_offer(services(), form.visit(), subject=form.subject, body=form.message, patience=PATIENCE)


def show_offers(form: Form, offer: Offer) -> Response:
    """Return the page with offers. It holds nothing but the cards, so each counts as shown."""
    for rank, card in enumerate(offer.cards, 1):
        record(services(), visitor(), "shown", episode=offer.episode, article=card.article, rank=rank)
    return render("offers.html", form=form, cards=offer.cards, noindex=True)


def say(form: Form, what: str) -> None:
    """Log the answer of a visitor to an offered article."""
    about: dict[str, Any] = {"episode": form.episode, "article": form.article}
    if what == "solved" and form.rank.isdecimal():
        about["rank"] = int(form.rank)
    record(services(), visitor(), what, **about)


def thank(ticket: str) -> Response:
    """Return the page with the number of a ticket, or lead back to the form if there is no number."""
    if not TICKET.fullmatch(ticket):
        return redirect(url_for("site.contact", lang=g.lang))  # type: ignore[return-value]
    return render("sent.html", ticket=ticket, noindex=True)


def vote() -> Response:
    """Log a vote, and lead back to the article, which thanks for it."""
    article, reason = request.form.get("article", ""), request.form.get("reason", "")
    entry = searcher().snapshot.best(article, g.lang)
    if entry is None or entry.audience:
        raise NotFound(f"there is no article {article}")
    limit(services(), "events", rate=services().settings.rate_events)
    what = "unhelpful" if reason or request.form.get("vote") == "unhelpful" else "helpful"
    comment = request.form.get("comment", "")[: events.LONGEST_COMMENT] if what == "unhelpful" else ""
    given = {name: value for name, value in (("reason", reason), ("comment", comment)) if value}
    revision = request.form.get("revision") or entry.revision
    # a vote of somebody who is not to be known is kept under a number of its own, one of a machine is not
    who = None if from_machine() else visitor() or uuid.uuid4().hex
    record(services(), who, what, article=entry.id, revision=revision, **given)
    back = entry.address if entry.lang == g.lang else url_for("site.article", lang=g.lang, id=entry.id)
    return redirect(f"{back}?thanks={what}#kb-vote", 303)  # type: ignore[return-value]
