"""`kb tune`: learning from outcomes, judged on later outcomes, and kept only when it is surely better."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from deflect.lessons import Lesson, lessons
from deflect.store import Store
from kb import progress
from kb.config import Settings
from kb.errors import BadSetting
from search import embedder, message, metrics
from search.current import Current
from search.embedder import Embedder, Vectors
from search.learned import Learned, TooFewOutcomes
from search.learning import Solved, learn
from search.ranking import System
from search.searcher import Searcher
from search.vectors import VectorCache

FOLDER = "_tuning"  # in the articles' repository; no article, so it is neither shown nor checked
FILE, HEAD = "tuning.json", "head.npz"
HELD = 0.25  # share of the outcomes, the latest, that the rest is judged on
LEAST_HELD = 30  # outcomes to be judged on
EXAMPLES = 5

Encode = Callable[[Sequence[str]], Vectors]


def tune(settings: Settings, *, dry_run: bool = False) -> dict[str, Any]:
    """Learn from the outcomes in the store and say what it gains; without `dry_run` keep it if the gain is sure.

    What was learned from the earlier outcomes is judged on the later ones, of people it knows nothing of, by the
    reciprocal rank of the article that solved each. It is kept, fitted anew on all outcomes, only when the paired
    95 % interval of the gain lies above zero. Raises TooFewOutcomes, and BadSetting where there are no vectors.
    """
    searcher = Current(settings).get()
    encode = _encode(settings, searcher)
    known = {document.article for document in searcher.collection.documents}
    past = [lesson for lesson in lessons(Store.open(settings.database)) if lesson.article in known]
    earlier, later = split(past)
    if len(later) < LEAST_HELD:
        raise TooFewOutcomes(f"{len(past)} outcomes are too few to tune by; import more with 'kb outcomes import'")
    searcher.learned = None
    before = _ranks(searcher, later, system="hybrid", label="Before")
    searcher.learned, _ = learn(searcher, _solved(earlier), encode=encode)
    after = _ranks(searcher, later, system="learned", label="After")
    gain = metrics.paired(_reciprocal(after), _reciprocal(before))
    report = {
        "outcomes": {"learned_from": len(earlier), "judged_on": len(later)},
        "before": _hits(before),
        "after": _hits(after),
        "gain": {"RR@10": asdict(gain)},
        "by": _by(searcher, later, before, after),
    }
    kept = gain.low > 0 and not dry_run
    if kept:
        everything, _ = learn(searcher, _solved(past), encode=encode)
        write(settings.articles / FOLDER, everything, report)
    return report | {"kept": kept, "dry_run": dry_run, **_examples(later, before, after)}


def split(past: Sequence[Lesson]) -> tuple[list[Lesson], list[Lesson]]:
    """Return the earlier outcomes and the later ones to judge by; nobody is in both."""
    first = int(len(past) * (1 - HELD))
    people = {lesson.person for lesson in past[:first] if lesson.person}
    return list(past[:first]), [lesson for lesson in past[first:] if lesson.person not in people]


def write(folder: Path, taught: Learned, report: dict[str, Any]) -> None:
    """Keep the head's weights and the report in git; the questions themselves stay in the store."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "recipe": taught.recipe,
        "questions": taught.questions,
        "weights": dict(taught.weights),
        "articles": list(taught.articles),
        "report": report,
    }
    np.savez(folder / HEAD, centre=taught.centre, head=taught.head)
    (folder / FILE).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def installed(settings: Settings, encoder: Embedder) -> Learned | None:
    """Return what git and the store together say was learned; None where nothing was, or for other vectors."""
    file = settings.articles / FOLDER / FILE
    if not file.is_file() or not settings.database.is_file():
        return None
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        own = next((s.embedder for s in embedder.spaces(encoder) if s.embedder.recipe == document["recipe"]), None)
        if own is None:
            return None
        articles = {id: column for column, id in enumerate(document["articles"])}
        past = [one for one in lessons(Store.open(settings.database)) if one.article in articles]
        with np.load(file.with_name(HEAD)) as head:
            return Learned(
                recipe=document["recipe"],
                articles=tuple(articles),
                centre=head["centre"],
                head=head["head"],
                memory=learned_vectors(settings, own)([text_of(one) for one in past]),
                solved=np.asarray([articles[one.article] for one in past], dtype=np.int32),
                weights=document["weights"],
                questions=document["questions"],
            )
    except (OSError, ValueError, KeyError) as error:
        raise BadSetting(f"{file} cannot be read; run 'kb tune' again, or remove its folder") from error


def learned_vectors(settings: Settings, encoder: Embedder) -> Encode:
    """Return an encoder of questions whose vectors are kept, by their hash, beside those of the articles."""
    cache = VectorCache(
        settings.data / "vectors" / f"questions-{encoder.recipe}.bin",
        recipe=encoder.recipe,
        dimensions=encoder.dimensions,
    )
    return lambda texts: cache.encode(texts, embedder=encoder, progress=progress.reporter("Encoding questions"))


def text_of(lesson: Lesson) -> str:
    """Return what of a question is encoded, as an offer encodes it."""
    return message.read(lesson.subject, lesson.body).whole


def shown(document: dict[str, Any]) -> str:
    """Return the report of a tuning as lines."""
    counts, gain = document["outcomes"], document["gain"]["RR@10"]
    verdict = "kept in _tuning/; commit it, then run 'kb index'" if document["kept"] else _refusal(document)
    return "\n".join(
        [
            f"learned from {counts['learned_from']:,} outcomes, judged on {counts['judged_on']:,} later ones",
            *(
                f"{name}: {document['before'][name]:.3f} -> {document['after'][name]:.3f}"
                for name in document["before"]
            ),
            f"gain in RR@10: {gain['difference']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}]",
            *(f"  {row['what']}: {row['before']:.3f} -> {row['after']:.3f} of {row['n']}" for row in document["by"]),
            verdict,
        ]
    )


def _refusal(document: dict[str, Any]) -> str:
    return "not kept: a dry run" if document["dry_run"] else "not kept: the interval of the gain is not above zero"


def _encode(settings: Settings, searcher: Searcher) -> Encode:
    spaces = embedder.spaces(searcher.encoder) if searcher.encoder else ()
    main = searcher.collection.main_recipe if spaces else ""
    found = next((space.embedder for space in spaces if space.embedder.recipe == main), None)
    if found is None:
        raise BadSetting("learning needs vectors; run 'kb index' where shortstop[build] is installed")
    return learned_vectors(settings, found)


def _solved(past: Sequence[Lesson]) -> list[Solved]:
    return [Solved(lesson.subject, lesson.body, lesson.lang, lesson.article) for lesson in past]


def _ranks(searcher: Searcher, asked: Sequence[Lesson], *, system: System, label: str) -> list[int]:
    """Return the rank of the article that solved each question, 0 where it is not among the first ten."""
    report = progress.reporter(label)
    ranks = []
    for done, lesson in enumerate(asked, 1):
        found = searcher.ranked_message(lesson.subject, lesson.body, lang=lesson.lang, k=10, system=system)
        ids = [searcher.collection.documents[number].article for number, _ in found.ranked]
        ranks.append(ids.index(lesson.article) + 1 if lesson.article in ids else 0)
        report(done, len(asked))
    return ranks


def _reciprocal(ranks: Sequence[int]) -> list[float]:
    return [1 / rank if rank else 0.0 for rank in ranks]


def _hits(ranks: Sequence[int]) -> dict[str, float]:
    return {f"hit@{k}": round(sum(0 < rank <= k for rank in ranks) / len(ranks), 4) for k in (1, 3)}


def _by(
    searcher: Searcher, asked: Sequence[Lesson], before: Sequence[int], after: Sequence[int]
) -> list[dict[str, Any]]:
    """Return hit@3 before and after by category and by language."""
    category = {document.article: document.category for document in searcher.collection.documents}
    rows: dict[str, list[int]] = defaultdict(list)
    for number, lesson in enumerate(asked):
        rows[f"category {category[lesson.article]}"].append(number)
        rows[f"language {lesson.lang}"].append(number)
    return [
        {
            "what": what,
            "n": len(numbers),
            "before": _hits([before[n] for n in numbers])["hit@3"],
            "after": _hits([after[n] for n in numbers])["hit@3"],
        }
        for what, numbers in sorted(rows.items())
    ]


def _examples(asked: Sequence[Lesson], before: Sequence[int], after: Sequence[int]) -> dict[str, list[dict[str, Any]]]:
    """Return the questions whose article rose or fell most; they are printed and never kept in git."""
    rows: list[dict[str, Any]] = [
        {"question": text_of(lesson)[:200], "article": lesson.article, "before": b, "after": a}
        for lesson, b, a in zip(asked, before, after, strict=True)
    ]
    rows.sort(key=lambda row: (_worth(row["before"]) - _worth(row["after"]), row["question"]))
    won = [row for row in rows[:EXAMPLES] if _worth(row["after"]) > _worth(row["before"])]
    lost = [row for row in rows[::-1][:EXAMPLES] if _worth(row["after"]) < _worth(row["before"])]
    return {"won": won, "lost": lost}


def _worth(rank: int) -> float:
    return 1 / rank if rank else 0.0
