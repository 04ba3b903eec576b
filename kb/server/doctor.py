"""`kb doctor`: check an installation; each finding says how to fix it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kb.config import Settings
from kb.content import library
from kb.errors import BadDatabase, HelpCenterError
from kb.files import loose
from kb.languages import without_region
from kb.server import origin

State = Literal["fine", "note", "wrong"]
LEAST_DISK = 200 * 2**20  # bytes; enough for an index, a day of events and the write-ahead log
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: its subject, its state, and a sentence with the remedy."""

    what: str
    state: State
    sentence: str


def examine(settings: Settings) -> list[Finding]:
    """Return the findings, in a fixed order. Nothing is changed."""
    return [finding for look in LOOKS for finding in look(settings)]


def shown(findings: list[Finding]) -> str:
    """Return the findings as lines, with the number of wrong ones at the end."""
    signs = {"fine": "ok   ", "note": "note ", "wrong": "WRONG"}
    lines = [f"{signs[f.state]} {f.what}: {f.sentence}" for f in findings]
    wrong = sum(f.state == "wrong" for f in findings)
    return "\n".join([*lines, f"{wrong} wrong" if wrong else "No problems found."])


def _python(settings: Settings) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", "fine" if sys.version_info >= (3, 11) else "wrong", f"{version}; tested with 3.11")


def _articles(settings: Settings) -> Iterator[Finding]:
    folder = settings.articles
    if not folder.is_dir():
        yield Finding("articles", "wrong", f"{folder} is not a folder; set KB_ARTICLES")
        return
    documents, _, _ = library.sort_out(library.walk(folder, folder.resolve(), []))
    count = len(documents)
    yield Finding("articles", "fine" if count else "wrong", f"{count} Markdown files in {folder}")
    shelf = library.load(folder, default_lang=settings.lang)
    yield Finding("markdown", "fine", shelf.markdown.sentence())
    if not settings.site_scripts and (shelf.site.head or shelf.site.analytics):
        why = "'head' and 'analytics' in site.toml are ignored; KB_SITE_SCRIPTS=true lets them add scripts to pages"
        yield Finding("articles", "note", why)
    if left_out := sum(p.code == "article" for p in shelf.problems):
        why = f"{left_out} of them cannot be read and {'is' if left_out == 1 else 'are'} left out; see 'kb check'"
        yield Finding("articles", "wrong", why)
    if built := origin.other(settings):
        why = f"the index was built from {built}; set --articles or KB_ARTICLES to that folder, or run 'kb index'"
        yield Finding("articles", "wrong", why)
    if not shutil.which("git"):
        yield Finding("git", "note", "git is not installed, so articles do not show when they were last changed")


def _nearest(folder: Path) -> Path:
    """Return a folder, or the nearest existing path above it, which may be a file."""
    return next(place for place in (folder, *folder.absolute().parents) if place.exists())


def _data(settings: Settings) -> Iterator[Finding]:
    folder = settings.data
    there = _nearest(folder)
    if not there.is_dir():
        yield Finding("data", "wrong", f"{there} is not a folder; set KB_DATA to one")
        return
    if folder != there and os.access(there, os.W_OK):
        yield Finding("data", "note", f"{folder} does not exist yet; 'kb serve' creates it")
        return
    if not os.access(there, os.W_OK):
        yield Finding("data", "wrong", f"this user cannot write to {folder}; change its permissions, or set KB_DATA")
        return
    if others := sum(1 for _ in loose(folder)):
        why = f"other users of this machine may read {others} files and folders in {folder}"
        yield Finding("data", "wrong", f"{why}; restart 'kb serve', or run 'chmod -R go= {folder}'")
    free = shutil.disk_usage(folder).free
    state: State = "fine" if free >= LEAST_DISK else "wrong"
    yield Finding(
        "disk", state, f"{free / 2**20:,.0f} MB are free for {folder}; at least {LEAST_DISK >> 20} MB are needed"
    )


def _index(settings: Settings) -> Iterator[Finding]:
    from deflect.learn import installed
    from search.rank.current import Current

    if not _nearest(settings.data).is_dir():
        return
    try:
        searcher = Current(settings).get()
        searcher.verify()
    except HelpCenterError as error:
        yield Finding("index", "wrong", f"{error}")
        return
    yield Finding("index", "fine", f"generation {searcher.generation}")
    if searcher.degraded == "no-vectors":
        why = ", as set by KB_EMBEDDER" if settings.embedder == "none" else " until 'kb index' has built the vectors"
        yield Finding("vectors", "note", f"search uses words only{why}")
    elif searcher.degraded:
        what_to_do = _without_model(settings) or "run 'kb index'"
        yield Finding("vectors", "wrong", f"{searcher.degraded}: {what_to_do}")
    elif searcher.learned is None and (document := installed.read(settings)) is not None:
        what = f"the learned ranking is not used: it needs the vectors of {document['recipe']}"
        yield Finding("learned", "wrong", f"{what}; set KB_EMBEDDER to that model and run 'kb index', or run 'kb tune'")


def _interface(settings: Settings) -> Iterator[Finding]:
    """Yield how complete the interface is, for the languages of the articles and for each that lacks something."""
    from kb import i18n, translations
    from search.rank.current import Current

    try:
        used = Current(settings).get().snapshot.languages
    except HelpCenterError:  # the line about the index says so
        used = (settings.lang,)
    spoken = {lang: i18n.interface_language(lang) for lang in used}
    for lang in sorted(lang for lang in spoken if spoken[lang] == i18n.SOURCE != without_region(lang)):
        yield Finding("interface", "note", f"{lang}: no translation, so its pages have an English interface")
    for lang in translations.translated():
        try:
            found = translations.coverage(lang)
        except (OSError, ValueError) as error:
            why = f"{lang}: a file of its translations can't be read, so English is shown: {error}"
            yield Finding("interface", "wrong", f"{why}; install Shortstop again")
            continue
        if not found.is_complete:
            yield Finding("interface", "note", f"{found.lang}: {found}")
        elif found.lang in spoken.values():
            yield Finding("interface", "fine", f"{found.lang}: {found}")


def _without_model(settings: Settings) -> str:
    """Return the reason why the embedder cannot be loaded, or "" if it can."""
    from search.index import embedder

    try:
        embedder.load(settings.embedder, models=settings.data / "models")
    except HelpCenterError as error:
        return str(error)
    return ""


def _lost_files(settings: Settings) -> str:
    """Return the tickets whose attachments are missing on the disk."""
    from deflect.store.attachments import missing
    from deflect.store.database import Store

    store = Store(settings.database)
    try:
        if not store.rows("SELECT 1 FROM sqlite_master WHERE name = 'attachments'"):
            return ""  # the database of an older version, without attachments
        named = list(dict.fromkeys(row["ticket"] for row in missing(settings, store)))
    finally:
        store.close()
    return ", ".join(named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "")


def _database(settings: Settings) -> Iterator[Finding]:
    if not _nearest(settings.data).is_dir():
        return
    from deflect.store.database import condition, integrity
    from deflect.store.database_file import is_new

    if is_new(settings.database):
        yield Finding("database", "note", f"{settings.database} does not exist yet; 'kb serve' creates it")
        return
    if sentence := condition(settings).replace("run 'kb doctor', and ", ""):
        yield Finding("database", "wrong", sentence)
        return
    verdict = integrity(settings.database)
    state: State = "fine" if verdict == "ok" else "wrong"
    remedy = "; restore the last backup with 'kb restore'"
    yield Finding("database", state, verdict if state == "fine" else f"{verdict}{remedy}")
    if state == "fine" and (lost := _lost_files(settings)):
        yield Finding("attachments", "wrong", f"attachments of tickets are missing: {lost}; restore them from a backup")


def _people(settings: Settings) -> Iterator[Finding]:
    from deflect.tickets.accounts import has_password, judge_setting

    try:
        judge_setting(settings)
        known = has_password(settings)
    except BadDatabase:  # found above
        return
    except HelpCenterError as error:
        yield Finding("admin", "wrong", str(error))
        return
    sentence = "a password is set" if known else "no password is set; run 'kb admin password'"
    yield Finding("admin", "fine" if known else "note", sentence)


def _sinks(settings: Settings) -> Iterator[Finding]:
    from deflect.delivery import sinks

    try:
        if sinks.ready(settings):
            yield Finding("sinks", "fine", ", ".join(settings.sinks))
        else:
            late = f"those in KB_SINKS are not ready after {sinks.PATIENCE:.0f} seconds; deliveries wait for them"
            yield Finding("sinks", "wrong", late)
    except HelpCenterError as error:
        yield Finding("sinks", "wrong", str(error))


def _receipts(settings: Settings) -> Iterator[Finding]:
    from deflect.delivery.sinks import sink

    if not settings.receipts:
        return
    try:
        sink("receipt", settings)
    except HelpCenterError as error:
        yield Finding("receipts", "wrong", f"no receipts are sent: {error}")
        return
    if settings.url:
        yield Finding("receipts", "fine", "sent by e-mail")
    else:
        yield Finding("receipts", "note", "sent by e-mail, but without articles until KB_URL is set")


def _mailbox(settings: Settings) -> Iterator[Finding]:
    from deflect.mail.mailbox import Mailbox

    if not settings.imap_url:
        return
    try:
        waiting = Mailbox.from_settings(settings).waiting()
    except HelpCenterError as error:
        yield Finding("mailbox", "wrong", f"{error}; e-mails wait in the mailbox until this is fixed")
        return
    yield Finding("mailbox", "fine", f"{waiting} unread e-mails; 'kb serve' reads the mailbox every minute")
    if not settings.can_reply:
        yield Finding(
            "mailbox",
            "note",
            "e-mails become tickets, but cannot be answered by e-mail; set KB_SMTP_URL and KB_SMTP_FROM",
        )


def _not_taken(settings: Settings) -> Iterator[Finding]:
    """Yield the number of e-mails that became no ticket, by reason."""
    from deflect.mail.not_taken import counts
    from deflect.store.database import reading

    if not settings.database.is_file():
        return
    try:
        with reading(settings) as store:
            found = counts(store)
    except HelpCenterError:  # the finding of the database says so
        return
    if found:
        said = ", ".join(f"{reason} {count:,}" for reason, count in sorted(found.items()))
        yield Finding("mails", "note", f"not taken in the last 30 days: {said}; see Not taken in the admin pages")


def _public(settings: Settings) -> Iterator[Finding]:
    if settings.host not in LOOPBACK and not settings.url:
        yield Finding("url", "note", "KB_URL is not set; links in e-mails and the sitemap use the host of the request")
    if not settings.holdout:
        yield Finding("holdout", "note", "KB_HOLDOUT is 0, so net deflection is not measured; 0.1 is a good value")


def _duties(settings: Settings) -> Iterator[Finding]:
    """Yield what waits or fails: deliveries, old data, and duties of the background process."""
    from kb.server import doctor_duties

    if not _nearest(settings.data).is_dir():
        return
    try:
        for what, state, sentence in doctor_duties.look(settings):
            yield Finding(what, state, sentence)
    except HelpCenterError:  # the line about the database says so
        return


def _degraded(settings: Settings) -> Iterator[Finding]:
    """Yield the number of degraded answers by reason since `kb serve` started."""
    from kb.metrics import degradations

    counts = degradations(settings.metrics)
    if counts:
        said = ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.items()))
        yield Finding("degraded", "note", f"degraded answers since the start: {said}")


LOOKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _python,
    _articles,
    _data,
    _index,
    _interface,
    _database,
    _people,
    _sinks,
    _receipts,
    _mailbox,
    _not_taken,
    _public,
    _duties,
    _degraded,
)
