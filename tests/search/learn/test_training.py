"""Fine-tuning moves questions nearer to the articles that solved them, reproducibly, and leaves no partial model."""

from __future__ import annotations

import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from kb.errors import BadSetting
from search.index.export import checksum
from search.learn import training
from search.learn.training import Recipe, Triple, batches
from tests.support import tiny_encoder

PAIRS = {"zugang": "password", "beleg": "invoice", "geldher": "refund", "paketchen": "parcel"}
NEXT = dict(zip(PAIRS.values(), [*list(PAIRS.values())[1:], "password"], strict=True))
TRIPLES = [
    Triple(
        f"where is my {slang} {n}", f"all about the {article}", f"all about the {NEXT[article]}", article, NEXT[article]
    )
    for n in range(6)
    for slang, article in PAIRS.items()
]
RECIPE = Recipe(epochs=6, batch=4, rate=5e-3, frozen=0)
needs_trainer = pytest.mark.skipif(
    find_spec("datasets") is None or find_spec("torch") is None, reason="shortstop[train] is not installed"
)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = [word for one in TRIPLES for word in f"{one.question} {one.passage}".split()]
    return tiny_encoder.build(tmp_path_factory.mktemp("tiny"), words=words)


def test_no_article_is_in_a_batch_twice_nor_as_the_mistake_of_another() -> None:
    triples = [*TRIPLES, *TRIPLES]
    planned = batches(triples, size=4, seed=1)
    assert sorted(n for batch in planned for n in batch) == list(range(len(triples)))
    for batch in planned:
        right = [triples[n].article for n in batch]
        assert len(set(right)) == len(right)
        assert all(triples[n].other not in set(right) - {triples[n].article} for n in batch)


def test_the_same_seed_gives_the_same_batches_and_another_gives_others() -> None:
    assert batches(TRIPLES, size=4, seed=1) == batches(TRIPLES, size=4, seed=1)
    assert batches(TRIPLES, size=4, seed=1) != batches(TRIPLES, size=4, seed=2)


@needs_trainer
def test_training_brings_a_question_nearer_to_what_solved_it_and_gives_the_same_weights_again(
    source: Path, tmp_path: Path
) -> None:
    first = training.train(source, tmp_path / "first", TRIPLES, recipe=RECIPE)
    again = training.train(source, tmp_path / "again", TRIPLES, recipe=RECIPE)
    assert checksum(first / "model.safetensors") == checksum(again / "model.safetensors")
    assert right(first) > right(source)
    assert right(first) == len(PAIRS)


def right(folder: Path) -> int:
    """Return how many slang words lead to their article."""
    from search.index.export import TorchEmbedder

    encoder = TorchEmbedder(folder)
    articles = encoder.encode([f"all about the {article}" for article in PAIRS.values()])
    asked = encoder.encode([f"where is my {slang} 77" for slang in PAIRS])
    return sum(int((articles @ question).argmax()) == n for n, question in enumerate(asked))


class Stopped(Exception):
    """Ends a training early."""


@needs_trainer
def test_a_training_that_ends_early_leaves_no_model(source: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        training.train(source, tmp_path / "trained", TRIPLES, recipe=RECIPE, report=stop)
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from search.learn import training
from tests.search.learn.test_training import RECIPE, TRIPLES
source, target = map(Path, sys.argv[1:])
training.train(source, target, TRIPLES, recipe=RECIPE, report=lambda done, total: os.kill(os.getpid(), signal.SIGKILL))
"""


@needs_trainer
@pytest.mark.faults
def test_a_killed_training_leaves_no_model(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "trained"
    done = subprocess.run([sys.executable, "-c", KILLED, source, target], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not target.exists()
    assert not [path for path in tmp_path.iterdir() if (path / "model.safetensors").exists()]


def test_without_the_trainer_it_names_the_extra(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(BadSetting, match=r"shortstop\[train\]"):
        training.train(source, tmp_path / "trained", TRIPLES)
