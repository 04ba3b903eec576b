"""`kb tune --encoder`: fine-tune the encoder on outcomes, and keep it only if it reliably improves the ranking."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from deflect.learn import compare, installed, tuning
from deflect.learn.tuning import solved
from kb import progress
from kb.config import Settings
from kb.content import library
from kb.files import replace_folder
from search.index import build, embedder, export
from search.index.learned import FOLDER
from search.learn import learn as mining
from search.learn import training
from search.learn.learn import Weighed, learn
from search.learn.training import Recipe
from search.rank.searcher import Searcher


def tune(settings: Settings, *, now: datetime, dry_run: bool = False, recipe: Recipe | None = None) -> dict[str, Any]:
    """Fine-tune the encoder on the earlier outcomes, and report the gain on the later ones.

    Four rankings are compared: without learning, with a head on the current encoder, with the fine-tuned encoder, and
    with a head on the fine-tuned encoder. The encoder is kept as it was evaluated, and only if the paired 95 % interval
    of the fourth ranking against the second lies above zero. Raise TooFewOutcomes, and BadSetting if the encoder
    cannot be fine-tuned or nothing is installed to train it with.
    """
    source = embedder.trainable(settings.embedder)
    recipe = recipe or Recipe()
    ground = tuning.survey(settings)
    searcher, later, known = ground.searcher, ground.later, solved(ground.earlier)
    searcher.learned = None
    judged = {"nothing": compare.judge(searcher, later, system="hybrid", label="Nothing learned")}
    triples = mining.mine(searcher, [one for one in known if one.weight == 1.0])
    head, _ = learn(searcher, known, encode=ground.encode)
    searcher.learned = head
    judged["head"] = compare.judge(searcher, later, system="learned", label="Head")
    with _workshop(settings) as work:
        report = progress.reporter("Training")
        trained = training.train(source, work / _named(source), triples, recipe=recipe, report=report)
        folder = export.export(trained, work / export.recipe_of(trained))
        own = _opened(settings, folder, work, now=now)
        judged["encoder"] = compare.judge(own, later, system="hybrid", label="Encoder")
        encode = installed.encoding(settings, tuning.main_encoder(own))
        own.learned, _ = learn(own, known, encode=encode, weighed=Weighed(head.weights, after=len(known)))
        judged["both"] = compare.judge(own, later, system="learned", label="Both")
        document = tuning.counts(ground) | compare.compared(searcher, later, judged["head"], judged["both"])
        document["systems"] = {name: compare.hits(some) for name, some in judged.items()}
        fine = {
            "recipe": export.verified(folder)["recipe"],
            "until": ground.earlier[-1].at,
            "weights": dict(head.weights),
            "training": asdict(recipe) | {"pairs": len(triples), "from": export.recipe_of(source)},
            "files": export.verified(folder)["files"],
        }
        kept = document["gain"]["RR@10"]["low"] > 0 and not dry_run
        if kept:
            weighed = Weighed(head.weights, after=len(known))
            everything, _ = learn(own, solved(ground.past), encode=encode, weighed=weighed)
            replace_folder(folder, settings.data / "models" / folder.name)
            installed.write(
                settings.articles / FOLDER, everything, document, until=ground.until, resets=ground.resets, encoder=fine
            )
        else:
            _forget(settings, fine["recipe"])
    more = {"encoder": fine, "setting": _setting(settings, settings.data / "models" / folder.name)}
    return (
        document | {"kept": kept, "dry_run": dry_run} | more | compare.examples(later, judged["head"], judged["both"])
    )


def shown(document: dict[str, Any]) -> str:
    """Return the report as lines."""
    rows = [
        f"  {name:8} " + "  ".join(f"{measure} {value:.3f}" for measure, value in hits.items())
        for name, hits in document["systems"].items()
    ]
    end = [f"set embedder = {document['setting']!r}, then run 'kb index'"] if document["kept"] else []
    return "\n".join(["on the later outcomes:", *rows, "from head to both:", tuning.shown(document), *end])


def _named(source: Path) -> str:
    """Return the name of the trained model, which goes into its recipe."""
    return f"{export.recipe_of(source).rsplit('-', 3)[0]}-tuned"


def _setting(settings: Settings, folder: Path) -> str:
    """Return the value of the setting `embedder` that replaces the current encoder with a kept one."""
    return f"auto:{folder}" if settings.embedder == "auto" else str(folder)


def _opened(settings: Settings, folder: Path, work: Path, *, now: datetime) -> Searcher:
    """Index the articles with a fine-tuned encoder, apart from the generations, and open that index."""
    encoder = embedder.load(_setting(settings, folder), models=settings.data / "models", threads=2)
    shelf = library.load(settings.articles, default_lang=settings.lang)
    path = build.build(
        shelf,
        work / "index",
        embedder=encoder,
        now=now,
        cache=settings.data / "vectors",
        progress=progress.reporter("Embedding"),
    )
    return Searcher.open(path, settings=settings, encoder=encoder)


def _forget(settings: Settings, recipe: str) -> None:
    """Remove the vectors of an encoder that is not kept."""
    for name in (f"{recipe}.bin", f"questions-{recipe}.bin"):
        (settings.data / "vectors" / name).unlink(missing_ok=True)


@contextmanager
def _workshop(settings: Settings) -> Iterator[Path]:
    """Yield a scratch folder, after removing the files of a training that was killed."""
    work = settings.data / "training"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=work) as scratch:
        yield Path(scratch)
