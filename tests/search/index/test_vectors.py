"""Vectors are computed once and kept in a file."""

from pathlib import Path

import numpy as np
import pytest

from search.index.vectors import STEP, VectorCache, background
from tests.support.shelf_of_articles import WordEmbedder


def cache(folder: Path, *, recipe: str = "words-64") -> VectorCache:
    return VectorCache(folder / "vectors.bin", recipe=recipe, dimensions=64)


def test_only_new_texts_are_encoded(tmp_path: Path) -> None:
    cache(tmp_path).encode(["one", "two"], embedder=WordEmbedder())
    embedder = WordEmbedder()
    found = cache(tmp_path).encode(["two", "three", "one"], embedder=embedder)
    assert embedder.encoded == ["three"]
    assert found == pytest.approx(WordEmbedder().encode(["two", "three", "one"]))


def test_another_recipe_is_another_vector(tmp_path: Path) -> None:
    cache(tmp_path).encode(["one"], embedder=WordEmbedder())
    embedder = WordEmbedder()
    cache(tmp_path, recipe="other").encode(["one"], embedder=embedder)
    assert embedder.encoded == ["one"]


def test_a_torn_tail_costs_its_own_record_only(tmp_path: Path) -> None:
    cache(tmp_path).encode(["one", "two"], embedder=WordEmbedder())
    file = tmp_path / "vectors.bin"
    file.write_bytes(file.read_bytes()[:-7])
    embedder = WordEmbedder()
    cache(tmp_path).encode(["one", "two"], embedder=embedder)
    assert len(embedder.encoded) == 1


def test_a_flipped_byte_is_noticed_and_encoded_again(tmp_path: Path) -> None:
    cache(tmp_path).encode(["one", "two"], embedder=WordEmbedder())
    file = tmp_path / "vectors.bin"
    content = bytearray(file.read_bytes())
    content[40] ^= 1
    file.write_bytes(content)
    embedder = WordEmbedder()
    found = cache(tmp_path).encode(["one", "two"], embedder=embedder)
    assert len(embedder.encoded) == 1
    assert found == pytest.approx(WordEmbedder().encode(["one", "two"]))


def test_progress_is_told_and_what_is_done_is_kept_when_the_embedder_dies(tmp_path: Path) -> None:
    texts = [f"text number {n}" for n in range(3 * STEP)]
    told: list[int] = []

    class Dying(WordEmbedder):
        def encode(self, texts):  # type: ignore[no-untyped-def]
            if len(self.encoded) >= 2 * STEP:
                raise KeyboardInterrupt
            return super().encode(texts)

    with pytest.raises(KeyboardInterrupt):
        cache(tmp_path).encode(texts, embedder=Dying(), progress=lambda done, total: told.append(done))
    embedder = WordEmbedder()
    cache(tmp_path).encode(texts, embedder=embedder)
    assert told == [0, STEP, 2 * STEP]
    assert len(embedder.encoded) == STEP


def test_background_is_the_mean_cosine_of_different_articles() -> None:
    vectors = np.asarray([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
    owners = np.asarray([0, 0, 1], dtype=np.int32)
    assert background(vectors, owners) == pytest.approx(0.7)


def test_what_is_forgotten_leaves_the_file_and_whoever_has_it_open_notices(tmp_path: Path) -> None:
    open_elsewhere, embedder = cache(tmp_path), WordEmbedder()
    before = open_elsewhere.encode(["one", "two", "three"], embedder=embedder)
    assert cache(tmp_path).forget_others(["two", "three", "four"]) == 1
    cache(tmp_path).encode(["four"], embedder=embedder)  # the file is as long as it was
    after = open_elsewhere.encode(["two", "three"], embedder=embedder)
    assert after.tolist() == before[1:].tolist()
    open_elsewhere.encode(["one"], embedder=embedder)
    assert sorted(embedder.encoded) == ["four", "one", "one", "three", "two"]
