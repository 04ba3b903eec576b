"""Exporting a sentence-transformers model to ONNX, once, where torch is installed: a server needs neither."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.index.model import MANIFEST, PIECES, checksum, recipe_of


class TorchEmbedder:
    """The same encoder as sentence-transformers runs it: what an export is held against."""

    def __init__(self, folder: Path) -> None:
        self._model = _sentence_transformer(folder)
        self._model.max_seq_length = PIECES
        self.recipe = f"{recipe_of(folder)}-torch"
        self.dimensions = int(self._model.encode(["one"]).shape[1])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector a text."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors = self._model.encode(list(texts), batch_size=8, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)


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
        files = {name: checksum(work / name) for name in ("model.onnx", "tokenizer.json")}
        manifest = {"recipe": recipe_of(source), "dimensions": dimensions, "pieces": PIECES, "files": files}
        (work / MANIFEST).write_text(json.dumps(manifest, indent=1))
        if target.exists():
            shutil.rmtree(target)
        work.rename(target)
    return target


def _sentence_transformer(folder: Path) -> Any:
    """Load a model without asking a hub for a newer one, and without a progress bar of its own."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    quiet: Any = logging.disable_progress_bar
    quiet()
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
