"""Measure the ranking on questions with judged answers.

A collection is indexed like the articles of a help center, and its questions are asked through the same searcher. Their
rankings are compared with the judgments. The offers are measured, too: how many questions get one at the floor, how
many of these offers contain a right article, and how many no-answer questions wrongly get one. A curve shows the same
at ten other floors, from an offer for every question to one for the surest tenth. Several systems or collections can
be measured side by side.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from kb import progress
from kb.config import Settings
from search.evaluate import metrics
from search.evaluate.beir import BadCollection, BeirQuestion, Folder, Part, Qrels
from search.index import build, embedder
from search.index.embedder import Embedder
from search.index.learned import Learned
from search.index.reuse import ANALYSIS
from search.index.vectors import VectorCache
from search.index.write import WORDS
from search.learn.learn import Solved, learn
from search.rank.ranking import System
from search.rank.searcher import Ranked, Searcher

Mode = Literal["search", "suggest"]
Installed = Callable[[Embedder], Learned | None]
CARDS = 3
DEPTH = 100  # documents per question in a run file
SHARES = tuple(round(0.1 * step, 1) for step in range(10, 0, -1))


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question: documents with probabilities, best first, and the time it took."""

    ranked: tuple[tuple[str, float], ...]
    cards: tuple[str, ...]
    milliseconds: float

    @property
    def chance(self) -> float:
        """The probability of the best document."""
        return self.ranked[0][1] if self.ranked else 0.0


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `kb evaluate` for questions and run files."""

    split: str = "dev"
    mode: Mode | None = None  # None: suggest if questions have a body, else search
    part: Part = "both"  # of a form: its subject, its message, or both
    no_answer: Path | None = None  # a collection of another product, whose questions have no answer here
    run: Path | None = None  # a TREC run file to write
    against: Path | None = None  # a run file to compare with


PLAIN = Options()


def evaluate(
    settings: Settings,
    folder: Path,
    *,
    system: System = "hybrid",
    learn_from: Sequence[str] = (),
    installed: Installed | None = None,
    options: Options = PLAIN,
) -> dict[str, Any]:
    """Return the document of `kb evaluate` for one BEIR folder. The manual explains its numbers.

    The system `learned` learns from the splits in `learn_from`. Without these, it uses the `installed` one.
    """
    beir = Folder(folder)
    qrels = beir.qrels(options.split)
    searcher = open_collection(settings, beir, system=system)
    if learn_from:
        teach(settings, searcher, beir, {id: row for name in learn_from for id, row in beir.qrels(name).items()})
    elif system == "learned":
        _install(searcher, installed)
    bodies = any(beir.questions[id].body is not None for id in qrels)
    mode = options.mode or ("suggest" if bodies else "search")
    ask = asker(searcher, beir, mode=mode, system=system)
    strangers = [*beir.unanswerable, *(_guests(options.no_answer) if options.no_answer else ())]
    answers = _all(
        ask, [beir.questions[id].only(options.part) for id in qrels], label=f"Evaluating {beir.name}, {system}"
    )
    silent = _all(ask, [asked.only(options.part) for asked in strangers], label="No-answer questions")
    per_question = {id: metrics.measure([d for d, _ in answers[id].ranked], qrels[id]) for id in qrels}
    document = {
        "collection": beir.name,
        "split": options.split,
        "mode": mode,
        "system": system,
        "learned_from": list(learn_from),
        "queries": len(qrels),
        "metrics": metrics.rounded(metrics.mean(per_question)),
        "offered": _offered(answers, qrels, silent),
        "latency_ms": _latency([answer.milliseconds for answer in answers.values()]),
        "recipe": f"{system}+{searcher.collection.manifest.recipe}",
    }
    if options.part != "both":
        document["part"] = options.part
    if options.run is not None:
        metrics.write(options.run, {id: answer.ranked for id, answer in answers.items()}, tag=system)
    if options.against is not None:
        theirs = metrics.read(options.against)
        document["against"] = metrics.compare(per_question, theirs, qrels, name=str(options.against))
    return document


def _guests(folder: Path) -> list[BeirQuestion]:
    """Return all questions of another collection, with its name in their ids."""
    return [replace(asked, id=f"{folder.resolve().name}/{id}") for id, asked in Folder(folder).questions.items()]


def open_collection(settings: Settings, beir: Folder, *, system: System = "hybrid") -> Searcher:
    """Return a searcher over the articles of a collection. Its generation is kept for the next run."""
    encoder = _encoder(settings) if system != "bm25" else None
    if system == "dense" and encoder is None:
        raise BadCollection("dense ranks by vectors, but KB_EMBEDDER names no available model; see 'kb doctor'")
    kept = settings.data / "evaluate"
    recipe = encoder.recipe if encoder else WORDS
    path = build.build_from_contents(
        beir.contents,
        kept / f"{beir.name}-{beir.fingerprint}",
        name=f"{ANALYSIS}-{recipe}",
        default_lang=beir.lang,
        embedder=encoder,
        cache=settings.data / "vectors",
        progress=progress.reporter(f"Encoding {beir.name}"),
    )
    return Searcher.open(path, settings=settings, encoder=encoder, remember=0)


def teach(settings: Settings, searcher: Searcher, beir: Folder, judged: Qrels) -> None:
    """Let `searcher` learn from judged questions. Their vectors are kept for the next run."""
    encoder = searcher.main_encoder
    if encoder is None:
        raise BadCollection("learning needs vectors; run it on a machine with shortstop[build]")
    pairs = [(beir.questions[id], document) for id, row in judged.items() for document in row]
    articles = {id: article for (article, _), id in beir.document_ids.items()}
    solved = [Solved(*asked.message, lang=asked.lang, article=articles[document]) for asked, document in pairs]
    kept = VectorCache.of(settings.data / "evaluate", encoder)
    report = progress.reporter(f"Learning from {len(solved)} questions")
    searcher.learned, _ = learn(
        searcher, solved, encode=lambda texts: kept.encode(texts, embedder=encoder, progress=report)
    )


def _install(searcher: Searcher, installed: Installed | None) -> None:
    """Give `searcher` the ranking that the help center has learned. Raise BadCollection if there is none."""
    searcher.learned = installed(searcher.encoder) if installed and searcher.encoder else None
    if searcher.learned is None:
        raise BadCollection("no learned ranking is installed for these vectors; run 'kb tune' or use --learn-from")


def _encoder(settings: Settings) -> Embedder | None:
    """Load the embedder as a web process does, to measure a visitor's latency; None if the setting is "none".

    Raise BadModel if it can't be loaded, so that words alone are never measured under the name of a model.
    """
    if embedder.load(settings.embedder, models=settings.data / "models", build=True) is None:
        return None
    return embedder.load(settings.embedder, models=settings.data / "models", threads=2)


def asker(searcher: Searcher, beir: Folder, *, mode: Mode, system: System) -> Callable[[BeirQuestion], Answer]:
    """Return a function that asks a question like a visitor, and names documents by their ids in the corpus."""
    ids = beir.document_ids
    documents = searcher.collection.documents

    def ask(asked: BeirQuestion) -> Answer:
        began = time.perf_counter()
        found = _ranked(searcher, asked, mode=mode, system=system)
        cards = found.cards(CARDS)
        took = (time.perf_counter() - began) * 1000
        named = tuple((ids[documents[n].version], chance) for n, chance in found.ranked)
        return Answer(named, tuple(ids[documents[n].version] for n, _ in cards), took)

    return ask


def _ranked(searcher: Searcher, asked: BeirQuestion, *, mode: Mode, system: System) -> Ranked:
    if mode == "suggest":
        subject, body = asked.message
        return searcher.ranked_message(subject, body, lang=asked.lang, k=DEPTH, system=system)
    return searcher.ranked_query(asked.text, lang=asked.lang, k=DEPTH, system=system)


def _all(ask: Callable[[BeirQuestion], Answer], questions: Sequence[BeirQuestion], *, label: str) -> dict[str, Answer]:
    report = progress.reporter(label)
    found = {}
    for done, asked in enumerate(questions, 1):
        found[asked.id] = ask(asked)
        report(done, len(questions))
    return found


def _offered(answers: Mapping[str, Answer], qrels: Qrels, silent: Mapping[str, Answer]) -> dict[str, Any]:
    """Return the shares of questions with an offer and of right offers, and the same at other floors."""
    offers = {id: answer for id, answer in answers.items() if answer.cards}
    right = sum(any(card in qrels[id] for card in answer.cards) for id, answer in offers.items())
    wrong = sum(bool(answer.cards) for answer in silent.values())
    chances = [answer.chance for answer in silent.values()]
    curve = [(share, *_surest(answers, qrels, share)) for share in SHARES]
    return {
        "coverage": round(len(offers) / max(len(answers), 1), 4),
        "hit@3": round(right / max(len(offers), 1), 4),
        "curve": [[share, round(right, 4)] for share, right, _ in curve],
        "floors": [[share, round(least, 4)] for share, _, least in curve],
        "no_answer": {
            "queries": len(silent),
            "offered": round(wrong / max(len(silent), 1), 4),
            "curve": [
                [share, round(sum(c >= least for c in chances) / max(len(silent), 1), 4)] for share, _, least in curve
            ],
        },
    }


def _surest(answers: Mapping[str, Answer], qrels: Qrels, share: float) -> tuple[float, float]:
    """Return hit@3 over the surest `share` of the questions, and the probability of the least sure of them."""
    surest = sorted(answers, key=lambda name: (-answers[name].chance, name))[: max(1, round(share * len(answers)))]
    right = sum(any(document in qrels[id] for document, _ in answers[id].ranked[:CARDS]) for id in surest)
    return right / max(len(surest), 1), answers[surest[-1]].chance if surest else 1.0


def _latency(milliseconds: Sequence[float]) -> dict[str, float]:
    if not milliseconds:
        return {"p50": 0.0, "p95": 0.0, "p99": 0.0}
    return {f"p{q}": round(float(np.percentile(milliseconds, q)), 2) for q in (50, 95, 99)}


Wanted = System | Literal["all"] | None


def side_by_side(
    settings: Settings,
    folder: Path,
    *,
    system: Wanted = None,
    learn_from: Sequence[str] = (),
    installed: Installed | None = None,
    options: Options = PLAIN,
) -> dict[str, Any]:
    """Return the document of one collection and system, or `{"collections": [...]}` for several.

    `folder` is a collection or a folder of collections. By default, one collection is ranked by `hybrid`, and several
    are ranked by all systems. `learned` needs another split to learn from and is left out without one.
    """
    several = not (folder / "corpus.jsonl").is_file()
    if not several and system != "all":
        return evaluate(
            settings, folder, system=system or "hybrid", learn_from=learn_from, installed=installed, options=options
        )
    folders = _collections(folder, options.split) if several else [folder]
    runs = [run for one in folders for run in _systems(one, options.split, system, learn_from)]
    if system in (None, "all") and settings.embedder == "none":
        runs = [run for run in runs if run[1] != "dense"]
    for name, file in (("run", options.run), ("against", options.against)):
        if file is not None:
            raise BadCollection(
                f"--{name} takes the ranking of one collection by one system; name both, the system with --system"
            )
    documents = [
        evaluate(settings, one, system=own, learn_from=taught, installed=installed, options=options)
        for one, own, taught in runs
    ]
    return {"collections": documents}


def _collections(folder: Path, split: str) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if (path / "qrels" / f"{split}.tsv").is_file())
    if not found:
        raise BadCollection(f"{folder} contains neither corpus.jsonl nor folders with qrels/{split}.tsv")
    return found


def _systems(
    folder: Path, split: str, wanted: Wanted, learn_from: Sequence[str]
) -> list[tuple[Path, System, Sequence[str]]]:
    """Return the systems for a collection, and the splits that each learns from: `train` unless others are named."""
    names: Sequence[System] = get_args(System) if wanted in (None, "all") else [wanted]  # type: ignore[list-item]
    known = [name for name in learn_from or ["train"] if name in Folder(folder).splits and name != split]
    return [(folder, name, known if name == "learned" else ()) for name in names if name != "learned" or known]
