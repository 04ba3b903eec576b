"""A fine-tuned encoder is compared with the head on later outcomes, and kept only if the gain is reliable."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from deflect.learn import compare, fine_tuning, installed, lessons, tuning
from kb.config import Settings
from kb.errors import BadSetting
from kb.server import doctor
from kb.server.indexing import refresh
from search.evaluate import metrics
from search.index import embedder, export
from search.learn import training
from search.learn.learn import TooFewOutcomes
from search.rank.current import Current
from tests.conftest import write_articles
from tests.deflect.learn.test_tuning import SLANG
from tests.support import tiny_encoder

NOW = datetime(2026, 11, 1, tzinfo=UTC)
pytestmark = [
    pytest.mark.skipif(find_spec("torch") is None, reason="shortstop[build] is not installed"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"),
]


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A help center with an encoder that knows its few words, and a year of solved tickets."""
    folder = tmp_path_factory.mktemp("center")
    words = [*"all about the and what to do where is my hello please".split(), *SLANG, *SLANG.values()]
    articles = {f"{name}.md": f"# {name}\n\nAll about the {name} and what to do.\n" for name in SLANG}
    settings = Settings(
        articles=write_articles(folder / "articles", articles),
        data=folder / "var",
        embedder=str(tiny_encoder.build(folder / "encoder", words=words)),
    )
    names = sorted(SLANG)
    rows = [
        {
            "text": f"where is my {SLANG[names[n % 5]]} please and where is {n}",
            "article": names[n % 5],
            "date": f"2025-{1 + n // 20:02}-{1 + n % 20:02}",
        }
        for n in range(160)
    ]
    (folder / "past.jsonl").write_text("\n".join(map(json.dumps, rows)))
    refresh(settings, words_only=False, now=NOW)
    lessons.load(settings, folder / "past.jsonl")
    return settings


@pytest.fixture
def center(indexed: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The same help center for one test; training and export are replaced, and tested elsewhere."""
    shutil.copytree(indexed.articles, tmp_path / "articles")
    shutil.copytree(indexed.data, tmp_path / "var", symlinks=True)

    def copied(source: Path, target: Path, triples: Sequence[training.Triple], **_: Any) -> Path:
        assert len(triples) == 120
        return Path(shutil.copytree(source, target))

    def exported(source: Path, target: Path) -> Path:
        [done] = (indexed.data / "models").iterdir()
        shutil.copytree(done, target)
        manifest = json.loads((target / "manifest.json").read_text())
        (target / "manifest.json").write_text(json.dumps(manifest | {"recipe": export.recipe_of(source)}))
        return target

    monkeypatch.setattr(training, "train", copied)
    monkeypatch.setattr(export, "export", exported)
    return replace(indexed, articles=tmp_path / "articles", data=tmp_path / "var")


def surely(gain: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the comparison report a gain in any case."""
    gained = metrics.Difference(gain, gain - 0.01, gain + 0.01)
    monkeypatch.setattr(compare, "gain", lambda _after, _before: gained)


def test_an_encoder_that_adds_nothing_is_not_kept_and_four_rankings_stand_side_by_side(center: Settings) -> None:
    report = fine_tuning.tune(center, now=NOW)
    assert list(report["systems"]) == ["nothing", "head", "encoder", "both"]
    assert report["outcomes"] == {"learned_from": 120, "judged_on": 40}
    assert report["kept"] is False
    assert not (center.articles / installed.FOLDER).exists()
    assert list((center.data / "training").iterdir()) == []
    left = [*(center.data / "models").iterdir(), *(center.data / "vectors").iterdir()]
    assert not [path.name for path in left if "tuned" in path.name]


def test_a_kept_encoder_ranks_once_it_is_set_and_is_judged_on_what_it_never_saw(
    center: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    surely(0.1, monkeypatch)
    report = fine_tuning.tune(center, now=NOW)
    assert report["kept"]
    kept = json.loads((center.articles / installed.FOLDER / installed.FILE).read_text())
    assert kept["encoder"]["training"]["seed"] == 1
    assert len(kept["encoder"]["files"]["model.onnx"]) == 64  # sha256
    refresh(center, words_only=False, now=NOW)
    assert Current(center).get().learned is None  # it was learned for other vectors than those in use
    assert any("tuned" in one.sentence for one in doctor.examine(center) if one.what == "learned")
    served = replace(center, embedder=report["setting"])
    refresh(served, words_only=False, now=NOW)
    assert Current(served).get().ranker.startswith("learned-")
    ground = tuning.survey(served)
    assert min(one.at for one in ground.later) > kept["encoder"]["until"]
    assert ground.weighed(ground.past).after == 120
    with pytest.raises(BadSetting, match="cannot be fine-tuned"):
        fine_tuning.tune(served, now=NOW)


def test_a_dry_run_keeps_no_encoder(center: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    surely(0.1, monkeypatch)
    assert fine_tuning.tune(center, now=NOW, dry_run=True)["kept"] is False
    assert not (center.articles / installed.FOLDER).exists()


def test_what_a_killed_training_left_is_neither_used_nor_kept(
    center: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = center.data / "training" / "old" / "model"
    half.mkdir(parents=True)
    (half / "model.safetensors").write_bytes(b"half")
    refresh(center, words_only=False, now=NOW)
    assert Current(center).get().degraded is None
    monkeypatch.setattr(tuning, "LEAST_HELD", 1000)
    with pytest.raises(TooFewOutcomes):
        fine_tuning.tune(center, now=NOW)
    monkeypatch.setattr(tuning, "LEAST_HELD", 30)
    fine_tuning.tune(center, now=NOW, dry_run=True)
    assert not half.exists()


@pytest.mark.parametrize("name", ["multilingual", "none", "tests.support.shelf_of_articles:WordEmbedder"])
def test_an_encoder_that_cannot_be_trained_is_named(center: Settings, name: str) -> None:
    with pytest.raises(BadSetting, match=name):
        embedder.trainable(name)


def test_a_model_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(embedder.BadModel, match="does not exist"):
        embedder.load("auto:nowhere", models=tmp_path)
