"""Render an article: convert its Markdown to HTML, sanitise it, and collect sections, links and images."""

from __future__ import annotations

import bisect
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from kb.content.article import Article, Version
from kb.content.dialect import Dialect
from kb.content.links import Addresses, Target
from kb.errors import BadArticle
from kb.render import markdown, sanitise
from kb.render.outline import outline
from kb.render.rendered import Image, Link, Rendered, Section

__all__ = ["Image", "Link", "Rendered", "Section", "render"]


def render(article: Article, *, addresses: Mapping[str, str], dialect: Dialect = "commonmark") -> Rendered:
    """Return the page of `article`; `addresses` maps the path of each article and file to its address.

    Raise BadArticle for a text that exceeds the limits on time or nesting.
    """
    try:
        html = translate(markdown.convert(article.markdown, dialect=dialect), article.lang)
    except markdown.TooMuch as error:
        raise BadArticle(article.path, article.body_line, f"the text {error}") from None
    if sanitise.too_deep(html):
        raise BadArticle(article.path, article.body_line, "the HTML is nested too deeply; close open elements")
    resolver = _Resolver(article, Addresses.of(addresses))
    page = outline(sanitise.clean(html), title=article.title, resolve=resolver)
    return replace(page, lost=sanitise.lost(html))


class _Resolver:
    """Resolves a target and finds its line in the file, since sanitised HTML has no lines."""

    def __init__(self, article: Article, addresses: Addresses) -> None:
        self.article = article
        self.addresses = addresses
        self.seen: dict[str, int] = {}  # the position at which each target was last found
        self.ends: list[int] = []  # the positions of the line ends

    def __call__(self, target: str) -> tuple[Target, int]:
        return self.addresses.resolve(target, article=self.article), self._line(target)

    def _line(self, target: str) -> int:
        text = self.article.markdown
        if not self.ends:
            self.ends = [match.start() for match in re.finditer("\n", text)] or [0]
        last = self.seen.get(target, -1)
        at = -2 if last == -2 or target.startswith("#fn") else text.find(target, last + 1)
        at = at if at >= 0 else last if last >= 0 else -2  # -2: not in the text; do not search again
        self.seen[target] = at
        return self.article.body_line + bisect.bisect_left(self.ends, max(at, 0))


TITLES = {  # of sanitise.KINDS
    "ar": ("ملاحظة", "معلومة", "نصيحة", "تحذير", "خطر", "مثال", "اقتباس"),
    "de": ("Hinweis", "Info", "Tipp", "Warnung", "Gefahr", "Beispiel", "Zitat"),
    "es": ("Nota", "Información", "Consejo", "Advertencia", "Peligro", "Ejemplo", "Cita"),
    "fr": ("Remarque", "Info", "Astuce", "Avertissement", "Danger", "Exemple", "Citation"),
    "it": ("Nota", "Informazione", "Suggerimento", "Avvertenza", "Pericolo", "Esempio", "Citazione"),
    "ja": ("注記", "情報", "ヒント", "警告", "危険", "例", "引用"),
    "nl": ("Opmerking", "Info", "Tip", "Waarschuwing", "Gevaar", "Voorbeeld", "Citaat"),
    "pl": ("Uwaga", "Informacja", "Wskazówka", "Ostrzeżenie", "Niebezpieczeństwo", "Przykład", "Cytat"),
    "pt": ("Nota", "Informação", "Dica", "Aviso", "Perigo", "Exemplo", "Citação"),
    "ru": ("Примечание", "Информация", "Совет", "Предупреждение", "Опасность", "Пример", "Цитата"),
    "uk": ("Примітка", "Інформація", "Порада", "Попередження", "Небезпека", "Приклад", "Цитата"),
    "zh": ("注意", "信息", "提示", "警告", "危险", "示例", "引用"),
}
_TITLE = re.compile(r'(<p class="admonition-title">|<summary>)(\w+)(?=</p>|</summary>)')


def translate(html: str, lang: str) -> str:
    """Return `html` with the default titles of admonitions translated to `lang`, if it is in TITLES."""
    known = dict(zip(sanitise.KINDS, TITLES.get(lang.split("-")[0], ()), strict=False))
    if not known:
        return html
    return _TITLE.sub(lambda match: match[1] + known.get(match[2].lower(), match[2]), html)


MANY = 200  # articles; fewer are rendered faster than other processes start
MAX_PROCESSES = 8


def render_all(
    articles: Sequence[Article], *, addresses: Addresses, dialect: Dialect = "commonmark"
) -> dict[Version, Rendered]:
    """Return the pages; an article that cannot be rendered is left out, and reported by `kb check`."""
    many = len(articles) >= MANY and _processors() > 1
    found = _together(articles, addresses, dialect) if many else _one_by_one(articles, addresses, dialect)
    return {article.version: page for article, page in found if page is not None}


def still_right(articles: Sequence[Article], *, addresses: Addresses, kept: Mapping[str, Rendered]) -> set[str]:
    """Return the sources of the articles whose page in `kept` is still right: its links and images resolve the same."""
    known = ((article, kept.get(article.source)) for article in articles)
    return {article.source for article, page in known if page is not None and _still_right(page, article, addresses)}


def _still_right(page: Rendered, article: Article, addresses: Addresses) -> bool:
    written = {link.target: (link.kind, link.href) for link in page.links}
    written |= {image.target: (image.kind, image.src) for image in page.images}
    for target, leads in written.items():
        now = addresses.resolve(target, article=article)
        if (now.kind, now.href) != leads:
            return False
    return True


def _processors() -> int:
    return len(os.sched_getaffinity(0))


def _one_by_one(
    articles: Sequence[Article], addresses: Addresses, dialect: Dialect
) -> Iterator[tuple[Article, Rendered | None]]:
    for article in articles:
        yield article, _page(article, addresses, dialect)


def _page(article: Article, addresses: Addresses, dialect: Dialect) -> Rendered | None:
    try:
        return render(article, addresses=addresses, dialect=dialect)
    except BadArticle:
        return None


def _together(
    articles: Sequence[Article], addresses: Addresses, dialect: Dialect
) -> Iterator[tuple[Article, Rendered | None]]:
    """Render the articles in this process and others in parallel, and yield their pages.

    The others are new interpreters: a fork would copy held locks of the caller's threads, and the processes of
    multiprocessing would run the caller's script again.
    """
    count = min(_processors(), MAX_PROCESSES)
    own, *parts = [articles[start::count] for start in range(count)]
    with ThreadPoolExecutor(len(parts)) as pool:
        others = [pool.submit(_elsewhere, part, addresses, dialect) for part in parts]
        yield from _one_by_one(own, addresses, dialect)
        for part, other in zip(parts, others, strict=True):
            yield from zip(part, other.result(), strict=True)


def _elsewhere(articles: Sequence[Article], addresses: Addresses, dialect: Dialect) -> list[Rendered | None]:
    """Return the pages rendered by another process, or by this one if it fails."""
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    task = pickle.dumps((articles, addresses, dialect))
    done = subprocess.run(
        [sys.executable, "-m", __name__], input=task, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ
    )
    if done.returncode:
        return [_page(article, addresses, dialect) for article in articles]
    return list(pickle.loads(done.stdout))


def main() -> None:
    """Render the articles on standard input, in a process started by `_elsewhere`."""
    articles, addresses, dialect = pickle.load(sys.stdin.buffer)
    pickle.dump([_page(article, addresses, dialect) for article in articles], sys.stdout.buffer)


if __name__ == "__main__":
    main()
