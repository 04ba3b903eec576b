"""`make bench`: measure speed and memory beside other engines and the bare encoder.

Prints Markdown. With `--write FILE`, it also puts it between the markers of an article and draws the picture.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from kb.config import Settings
from search.index import embedder
from search.index.embedder import Embedder
from tests.bench import asking, building, corpus, crowd, measuring, picture
from tests.bench.corpus import NoisyEmbedder, Text
from tests.bench.measuring import Figures

SIZES = (174, 1_000, 10_000)
SOAK = 100_000
LARGEST = 10_000  # articles from which other engines get a quarter of their questions; above it, Whoosh is left out
PICTURE = "latency.svg"
TABLES = {
    building.NAME: "What",
    asking.NAME: "Milliseconds of the processor",
    crowd.NAME: "Milliseconds by the clock",
    crowd.ALL: "What",
    asking.OTHERS: "Milliseconds of the processor",
}


def main() -> int:
    """Run the benchmark for each size and print its tables."""
    options = argparse.ArgumentParser()
    options.add_argument("--soak", action="store_true", help="100,000 articles, without files and server")
    options.add_argument("--sizes", type=lambda text: tuple(map(int, text.split(","))), help="numbers of articles")
    options.add_argument("--write", type=Path, help="article that takes the result")
    given = options.parse_args()
    text, encoder = corpus.read(), _encoder()
    measured: list[Figures] = []
    with tempfile.TemporaryDirectory() as folder:
        for size in given.sizes or ((SOAK,) if given.soak else SIZES):
            place = Path(folder) / str(size)
            measure = _without_server if given.soak else _whole
            measured.append(measure(text, size, place, encoder))
            if not given.soak and size == measured[0].size:
                _first_minute(text, Path(folder) / "first", measured[0])
            _keep(text, measured, soak=given.soak, article=given.write)  # a stopped run keeps its figures
    print(_report(text, measured, soak=given.soak))
    return 0


def _first_minute(text: Text, folder: Path, figures: Figures) -> None:
    row = f"from `kb serve` without an index to an answer by words, {crowd.FIRST:,} articles of 600 words"
    figures.add(crowd.ALL, row, f"{crowd.first_minute(text, folder):.1f} s")


def _keep(text: Text, measured: Sequence[Figures], *, soak: bool, article: Path | None) -> None:
    """Write the tables so far into an article, and the picture next to it."""
    if article is None:
        return
    write(article, _report(text, measured, soak=soak), marker="soak" if soak else "bench")
    if not soak:
        series = {name: [one.p95[name] for one in measured] for name in picture.LINES}
        picture.write(article.parent.parent / "pictures" / PICTURE, [one.size for one in measured], series)


def write(article: Path, report: str, *, marker: str) -> None:
    """Replace the text between an article's markers with a report."""
    block = re.compile(rf"(<!-- {marker} -->\n).*?(<!-- /{marker} -->)", re.DOTALL)
    text = article.read_text(encoding="utf-8")
    article.write_text(block.sub(lambda match: f"{match[1]}\n{report}\n\n{match[2]}", text), encoding="utf-8")


def _report(text: Text, measured: Sequence[Figures], *, soak: bool) -> str:
    head = f"Measured by `make {'soak' if soak else 'bench'}`, {measuring.machine()}. Text: {text.source}."
    names = [name for name in TABLES if any(of == name for one in measured for of, _ in one.cells)]
    return "\n\n".join([head, *(measuring.table(name, measured, first=TABLES[name]) for name in names)])


def _encoder() -> Embedder:
    made = embedder.load("minilm", models=Settings().data / "models", threads=1, build=True)
    assert made is not None
    return made


def _noisy(encoder: Embedder, text: Text) -> NoisyEmbedder:
    return NoisyEmbedder(encoder, sample=tuple(section for _, section in text.sections[:64]))


def _whole(text: Text, size: int, folder: Path, encoder: Embedder) -> Figures:
    """Measure everything at one size, including the server."""
    figures, models = Figures(size), (Settings().data / "models").resolve()
    settings, noisy = Settings(articles=folder / "articles", data=folder / "var"), _noisy(encoder, text)
    _say(f"{size:,} articles: building")
    corpus.write(text, settings.articles, articles=size)
    path = building.build(settings, noisy, figures)
    keyword = building.keyword_part(settings, path, figures)
    building.opening(path, settings, figures)
    _say(f"{size:,} articles: asking")
    searcher = asking.ours(path, settings, encoder, text, figures)
    documents = crowd.articles_of(settings)
    asking.others(documents, searcher, text, figures, folder=folder, keyword=keyword, largest=LARGEST)
    building.change(settings, noisy, figures)
    building.encoding(text, models, figures)
    _say(f"{size:,} articles: serving")
    (settings.data / "models").symlink_to(models)
    with crowd.center(settings) as running:
        crowd.visitors(running, text, figures)
        crowd.memory(running, figures)
        crowd.change(running, settings, figures)
    return figures


def _without_server(text: Text, size: int, folder: Path, encoder: Embedder) -> Figures:
    """Measure one process at one size."""
    figures, settings = Figures(size), Settings(data=folder / "var")
    _say(f"{size:,} articles: building")
    contents = list(corpus.contents(text, articles=size))
    path = building.without_files(contents, settings.data, _noisy(encoder, text), figures)
    building.opening(path, settings, figures)
    _say(f"{size:,} articles: asking")
    searcher = asking.ours(path, settings, encoder, text, figures)
    documents = [(c.article.title, "\n".join(section.text for section in c.sections)) for c in contents]
    asking.others(documents, searcher, text, figures, folder=folder, keyword=None, largest=LARGEST)
    return figures


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
