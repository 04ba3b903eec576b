"""List the messages of the interface and bring the catalogues up to date: `python -m kb.cli.translations`.

New messages are added to every catalogue without a translation, and unused ones are removed. With `--check`, nothing is
written. A language's code as an argument adds that language.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from deflect.delivery import letter, receipt
from deflect.store import attachments
from deflect.tickets import contact
from kb import i18n, translations

METHODS = [("**.py", "python"), ("site/templates/*.html", "jinja2")]
TOLD = (attachments, contact, letter, receipt)  # modules whose SENTENCES are translated where they are shown or sent
HEADER = """# {name} translation of the interface. articles/authors/translations.md says how to review it.
msgid ""
msgstr ""
"Project-Id-Version: Shortstop 1\\n"
"Language: {lang}\\n"
"Plural-Forms: {plural}\\n"
"X-Reviewed: no\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""
LISTED = """# Every message of the interface, and the files that say it; written by 'make format'.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"""


def main(arguments: list[str]) -> int:
    """Write the list of messages and the catalogues; with `--check`, only name the outdated files."""
    check = "--check" in arguments
    fresh = dict(_files([a for a in arguments if not a.startswith("-")]))
    stale = [path for path, text in fresh.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    for path in [] if check else stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(fresh[path], encoding="utf-8")
    if check and stale:
        print("\n".join(f"{path}: messages are missing or unused; run 'make format'" for path in stale))
    return 1 if check and stale else 0


def _files(added: list[str]) -> Iterator[tuple[Path, str]]:
    """Yield every file with its up-to-date text."""
    template = said()
    yield translations.TEMPLATE, f"{LISTED}\n{_entries(template)}"
    for lang in [*i18n.interface_languages()[1:], *added]:
        yield translations.catalogue_file(lang), _catalogue(lang, template)
    for lang in added:
        words = json.dumps(translations.english(), ensure_ascii=False, indent=0)
        yield translations.words_file(lang), f"{words}\n"


def said() -> Catalog:
    """Return every message of the pages and e-mails, with the files that say it."""
    root, found = i18n.FOLDER.parent, Catalog()
    for name, _, id, _, _ in extract_from_dir(str(root), METHODS, {}, DEFAULT_KEYWORDS):
        found.add(id, locations=[(f"kb/{name}", 0)])
    for module in TOLD:
        for sentence in module.SENTENCES:
            found.add(sentence, locations=[(f"{module.__name__.replace('.', '/')}.py", 0)])
    return found


def _catalogue(lang: str, template: Catalog) -> str:
    """Return a catalogue with its own header and the translations of the template's messages."""
    path = translations.catalogue_file(lang)
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    own = read_po(BytesIO(text.encode()), locale=lang)
    plural = Catalog(locale=lang).plural_forms
    new = HEADER.format(name=Locale.parse(lang).get_display_name("en"), lang=lang, plural=plural).strip()
    own.update(template, no_fuzzy_matching=True)
    head = text.partition("\n\n")[0]
    return f"{head or new}\n\n{_entries(own)}"


def _entries(catalogue: Catalog) -> str:
    written = BytesIO()
    write_po(written, catalogue, width=0, omit_header=True, ignore_obsolete=True, include_lineno=False)
    return written.getvalue().decode().strip() + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
