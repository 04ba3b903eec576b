"""Translate front matter of other systems (Jekyll, Docusaurus, Hugo, GitHub) to our own keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from kb import languages
from kb.content import article_keys
from kb.content.frontmatter import FrontMatter, Value
from kb.foreign.note import Note

# Keys that control the layout of pages in other systems; we ignore them.
UNUSED = {
    "Jekyll": "layout permalink_redirect parent has_children has_toc nav_exclude grand_parent child children toc "
    "sitemap comments scripts styles css js image thumbnail feature header footer class id excerpt_separator",
    "Docusaurus": "sidebar_label sidebar_class_name displayed_sidebar hide_title hide_table_of_contents "
    "toc_min_heading_level toc_max_heading_level pagination_label pagination_next pagination_prev custom_edit_url "
    "custom_props parse_number_prefixes last_update",
    "Hugo": "linkTitle menu type lastmod markup outputs cascade isCJKLanguage",
    "another system": "tags tag keywords author authors date created updated last_modified_at modified meta_title "
    "seo seo_title og_image robots canonical canonical_url template translations hero icon color hide search",
}
_OWNER_OF = {key: system for system, keys in UNUSED.items() for key in keys.split()}
_TRUE = {"true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0"}


def translate_keys(written: FrontMatter, *, default_lang: str) -> tuple[FrontMatter, list[Note]]:
    """Return the front matter with our own keys, and notes on ignored keys."""
    values: dict[str, Value] = {}
    lines: dict[str, int] = {}
    written, notes = _names(written)
    for name, value in written.values.items():
        line = written.lines[name]
        key, read = _READERS.get(name, (name, None))
        if name in _OWNER_OF:
            notes.append(Note(name, line, f"key '{name}' belongs to {_OWNER_OF[name]} and is ignored"))
        elif key != name and key in written.values:
            notes.append(Note(name, line, f"key '{name}' is ignored because '{key}' is set"))
        else:
            values[key], lines[key] = read(value, default_lang) if read else value, line
            if values[key] is None and value is not None:
                notes.append(Note(name, line, f"the value of '{name}' is not supported and is ignored"))
    if "redirect_to" in written.values and values.get("replaced_by"):
        values["status"], lines["status"] = "archived", lines["replaced_by"]
    return FrontMatter(values, lines), notes


def _names(written: FrontMatter) -> tuple[FrontMatter, list[Note]]:
    """Return the front matter with `aliases` parted: paths stay, names become `names`, and the rest `routes`.

    In Obsidian an alias is a name of the page, in Hugo a path that may be relative. `id` and `url` are routes too.
    """
    values, notes = dict(written.values), []
    said = values.get("aliases")
    items = [item for item in (said if isinstance(said, list) else [said]) if isinstance(item, str) and item]
    routes: list[Value] = [values[key] for key in ("id", "url") if isinstance(values.get(key), str)]
    names: list[Value] = [item for item in items if "/" not in item and not item.startswith("\\")]
    routes += [item for item in items if "/" in item and item[0] not in "/\\" and "://" not in item]
    line = written.lines.get("aliases", 1)
    odd = [item for item in items if item not in names and item[0] != "/"]
    if names or odd:
        name = f"alias '{names[0]}' is not a path and becomes a name to find the article by" if names else ""
        path = f"alias '{odd[0]}' does not begin with / and does not redirect" if odd else ""
        notes.append(Note("aliases", line, "; ".join(filter(None, (name, path)))))
    if "aliases" in values and (isinstance(said, str) or names or odd):
        values["aliases"] = [item for item in items if item[0] == "/"] or None
    if isinstance(values.get("id"), str):
        del values["id"]
    values.pop("url", None)
    values |= ({"names": names} if names else {}) | ({"routes": routes} if routes else {})
    return FrontMatter(values, {**written.lines, "names": line, "routes": line}), notes


def _path(value: Value, _: str) -> Value:
    """Return a path as Jekyll reads it: the path of a whole address, always with a leading slash."""
    if not isinstance(value, str) or re.search(r"[:*][a-z]", value.removeprefix("http:").removeprefix("https:")):
        return None  # `/:categories/:title/` is a pattern
    if value.startswith(("//", "\\")):
        return value  # an address of another site, which the key's own reader refuses
    path = "/" + urlsplit(value).path.lstrip("/")
    return path if path != "/" and value not in ("pretty", "date", "none", "ordinal") else None


def _paths(value: Value, lang: str) -> Value:
    items = value if isinstance(value, list) else [value]
    return [path for item in items if (path := _path(item, lang))] or None


def _order(value: Value, _: str) -> Value:
    """Return a position in the category as a whole number; Docusaurus allows fractions."""
    try:
        return str(round(float(article_keys.text(value))))
    except (ValueError, OverflowError):
        return None


def _locale(value: Value, default_lang: str) -> Value:
    """Return a language code; a region of the default language, such as `en-US` of `en`, is the default language."""
    code = languages.normalise(value) if isinstance(value, str) else None
    if code and code.split("-")[0] == default_lang.split("-")[0]:
        return default_lang
    return code


def _first(value: Value, _: str) -> Value:
    first = value[0] if isinstance(value, list) and value else value
    return _if_valid(article_keys.text)(first, "")


def _if_valid(read: Callable[[Value], object]) -> Callable[[Value, str], Value]:
    """Return a reader that keeps a value if `read` accepts it, and drops it otherwise."""

    def allowed(value: Value, _: str) -> Value:
        try:
            read(value)
        except ValueError:
            return None
        return value

    return allowed


def _flag(*, draft_when: set[str]) -> Callable[[Value, str], Value]:
    return lambda value, _: (
        ("draft" if value.lower() in draft_when else "published")
        if isinstance(value, str) and value.lower() in _TRUE | _FALSE
        else None
    )


# Our names for other systems' keys, and the readers of their values.
_READERS: dict[str, tuple[str, Callable[[Value, str], Value]]] = {
    "permalink": ("permalink", _path),
    "redirect_from": ("aliases", _paths),
    "redirect_to": ("replaced_by", _first),
    "slug": ("slug", _if_valid(article_keys.slug)),
    "description": ("summary", _if_valid(article_keys.text)),
    "intro": ("summary", _if_valid(article_keys.text)),
    "excerpt": ("summary", _if_valid(article_keys.text)),
    "sidebar_position": ("order", _order),
    "nav_order": ("order", _order),
    "weight": ("order", _order),
    "locale": ("lang", _locale),
    "language": ("lang", _locale),
    "categories": ("category", _first),
    "published": ("status", _flag(draft_when=_FALSE)),
    "draft": ("status", _flag(draft_when=_TRUE)),
    "unlisted": ("status", _flag(draft_when=_TRUE)),
    "expiryDate": ("expire_at", _if_valid(article_keys.moment)),
    "publishDate": ("publish_at", _if_valid(article_keys.moment)),
}
