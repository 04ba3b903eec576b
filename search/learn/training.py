"""Fine-tune a sentence encoder on solved questions with sentence-transformers' trainer, on one processor core."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kb import progress
from kb.errors import BadSetting
from kb.files import folder_written_aside

MISSING = "fine-tuning needs sentence-transformers' trainer; run pip install 'shortstop[train]'"


@dataclass(frozen=True, slots=True)
class Triple:
    """A question, a passage of the article that solved it, and one of an article that the ranking mistook for it."""

    question: str
    passage: str
    mistaken: str
    article: str
    other: str  # the article of `mistaken`


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of a training. The same settings give the same weights on the same machine."""

    epochs: int = 2
    batch: int = 16
    rate: float = 4e-5
    warmup: float = 0.1
    pieces: int = 128  # word pieces read of a text in training
    frozen: int = 3  # lowest layers that are not trained; the word vectors below them never are
    threads: int = 1  # two cost twice as much on shared cores, and their runs differ in some bytes
    seed: int = 1


def train(
    source: Path,
    target: Path,
    triples: Sequence[Triple],
    *,
    recipe: Recipe | None = None,
    report: progress.Report = progress.silent,
) -> Path:
    """Fine-tune the sentence-transformers model in `source` on `triples`, write it to `target` and return `target`.

    The loss is MultipleNegativesRankingLoss, with in-batch negatives and one hard negative per question. No article is
    in a batch twice. The folder appears with one rename, so a killed training leaves no incomplete model. Raise
    BadSetting if the trainer is not installed.
    """
    recipe = recipe or Recipe()
    with folder_written_aside(target) as work:
        with tempfile.TemporaryDirectory(dir=work) as scratch:
            model = _trained(source, Path(scratch), triples, recipe, report)
        model.save(str(work), create_model_card=False)
    return target


def described(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe in the form that is stored in a file."""
    return asdict(recipe)


def batches(triples: Sequence[Triple], *, size: int, seed: int) -> list[list[int]]:
    """Return the numbers of `triples` in batches. In a batch, no question's article is another's article or mistake.

    A triple that doesn't fit moves to the next batch. The same triples and seed give the same batches.
    """
    waiting = [int(number) for number in np.random.default_rng(seed).permutation(len(triples))]
    found = []
    while waiting:
        batch: list[int] = []
        right: set[str] = set()
        used: set[str] = set()
        later = []
        for number in waiting:
            one = triples[number]
            if len(batch) < size and one.article not in used and one.other not in right:
                batch.append(number)
                right.add(one.article)
                used |= {one.article, one.other}
            else:
                later.append(number)
        found.append(batch)
        waiting = later
    return found


def _trained(source: Path, scratch: Path, triples: Sequence[Triple], recipe: Recipe, report: progress.Report) -> Any:
    """Run the trainer offline and without reports to other services."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        import accelerate  # noqa: F401  # the trainer's own error is less clear
        import torch
        from datasets import Dataset, disable_progress_bars
        from sentence_transformers import (
            SentenceTransformer,
            SentenceTransformerTrainer,
            SentenceTransformerTrainingArguments,
        )
        from sentence_transformers.base.sampler import DefaultBatchSampler
        from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
        from transformers import PrinterCallback, TrainerCallback, set_seed
        from transformers.utils import logging as told
    except ImportError as error:
        raise BadSetting(MISSING) from error

    class OneOfEach(DefaultBatchSampler):
        """The planned batches, in an order that changes with the epoch."""

        def __iter__(self) -> Iterator[list[int]]:
            order = np.random.default_rng([recipe.seed, self.epoch]).permutation(len(planned))
            return iter([planned[place] for place in order])

        def __len__(self) -> int:
            return len(planned)

    class Reported(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            report(state.global_step, state.max_steps)

    disable_progress_bars()
    told.disable_progress_bar()  # type: ignore[no-untyped-call]
    planned = batches(triples, size=recipe.batch, seed=recipe.seed)
    torch.set_num_threads(recipe.threads)
    set_seed(recipe.seed)
    model = SentenceTransformer(str(source), device="cpu")
    model.max_seq_length = recipe.pieces
    _freeze(model, recipe.frozen)
    data = {
        "anchor": [one.question for one in triples],
        "positive": [one.passage for one in triples],
        "negative": [one.mistaken for one in triples],
    }
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(scratch / "trainer"),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch,
        learning_rate=recipe.rate,
        warmup_steps=int(recipe.warmup * recipe.epochs * len(planned)),
        seed=recipe.seed,
        batch_sampler=lambda dataset, **options: OneOfEach(dataset, **options),
        use_cpu=True,
        dataloader_pin_memory=False,
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    trainer = SentenceTransformerTrainer(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_dict(data),
        loss=MultipleNegativesRankingLoss(model),
        callbacks=[Reported()],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    model.max_seq_length = SentenceTransformer(str(source), device="cpu").max_seq_length
    return model


def _freeze(model: Any, layers: int) -> None:
    """Freeze the word vectors and the lowest layers. That halves the work and changes less of the model."""
    inner = model[0].auto_model
    for part in (inner.embeddings, *inner.encoder.layer[:layers]):
        part.requires_grad_(False)
