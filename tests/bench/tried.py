"""Measure rejected variants: `python -m tests.bench.tried` prints the manual's tables of them again.

The int8 weights need `onnx`, which `shortstop[build]` installs. The vector libraries `simsimd` and `usearch` are not
dependencies, and are left out unless installed.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from kb.config import Settings
from search.index import embedder
from search.index.embedder import Vectors
from tests.bench import asking, corpus

RUNS = 3
TEXTS = 48
UNITS = (75_000, 750_000)  # passages of 10,000 and 100,000 articles
SCALE = 127 / 0.35  # of a vector's values to one byte; few of the 384 values exceed .35

Row = tuple[str, ...]


def main() -> None:
    """Print both tables."""
    text = corpus.read()
    queries, messages = asking.questions(text)
    texts = {"query": queries[:TEXTS], "message": ["\n".join(message) for message in messages[:TEXTS]]}
    print(_table(("Encoder", "Query", "Message", "Cosine to the full weights"), _encoders(texts)))
    print(_table(("Vectors", *(f"{units:,} units" for units in UNITS), "Found of the first ten"), _vectors(text)))


def _table(head: Row, rows: Iterator[Row]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _encoders(texts: dict[str, list[str]]) -> Iterator[Row]:
    """Yield each way to run the encoder, with milliseconds of processor time per text."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = next((Settings().data / "models").glob("all-MiniLM*"))
    with tempfile.TemporaryDirectory() as folder:
        files = {"full weights": model / "model.onnx"}
        for name, by_channel in (("int8 weights", False), ("int8 weights by channel", True)):
            files[name] = Path(folder) / f"{by_channel}.onnx"
            quantize_dynamic(
                str(model / "model.onnx"), str(files[name]), weight_type=QuantType.QInt8, per_channel=by_channel
            )
        full = _vectors_of(files["full weights"], model, texts["query"])
        for name, file in files.items():
            for threads, batch in ((1, 1), (1, 4), (2, 1)) if name == "full weights" else ((1, 1),):
                run = _runner(file, model, threads)
                own = [f"{_least(run, some, batch):.1f}" for some in texts.values()]
                alike = float((_vectors_of(file, model, texts["query"]) * full).sum(axis=1).mean())
                yield f"{name}, {threads} thread{'s'[: threads - 1]}, {batch} at once", *own, f"{alike:.4f}"


def _runner(file: Path, model: Path, threads: int) -> Callable[[Sequence[str]], Vectors]:
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.enable_truncation(256)
    tokenizer.enable_padding()

    def run(texts: Sequence[str]) -> Vectors:
        found = tokenizer.encode_batch(list(texts))
        given = {"input_ids": [one.ids for one in found], "attention_mask": [one.attention_mask for one in found]}
        return np.asarray(session.run(None, {name: np.asarray(rows) for name, rows in given.items()})[0])

    return run


def _vectors_of(file: Path, model: Path, texts: Sequence[str]) -> Vectors:
    run = _runner(file, model, 1)
    return np.concatenate([run([text]) for text in texts])


def _least(run: Callable[[Sequence[str]], Any], texts: Sequence[str], batch: int) -> float:
    ordered = sorted(texts, key=len)
    batches = [ordered[start : start + batch] for start in range(0, len(ordered), batch)]
    run(batches[0])
    return min(_took(lambda: [run(some) for some in batches]) for _ in range(RUNS)) / len(texts)


def _took(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


def _vectors(text: corpus.Text) -> Iterator[Row]:
    """Yield each way to search vectors: milliseconds of processor time, and the share of the true first ten found."""
    encoder = embedder.load("minilm", models=Settings().data / "models", threads=2)
    assert encoder is not None
    real = encoder.encode([section for _, section in text.sections[:2_000]])
    questions = encoder.encode(asking.questions(text)[0][:100])
    truth = _first_ten(questions @ real.T)
    draw = np.random.default_rng(corpus.SEED)
    many = {units: real[draw.integers(0, len(real), units)] for units in UNITS}
    times = [f"{min(_took(lambda v=v: np.vecdot(v, questions[0])) for _ in range(9)):.1f}" for v in many.values()]
    yield "exact, float32 (ours)", *times, "all"
    if find_spec("simsimd") is not None:
        import simsimd

        def scores(vectors: Any, asked: Any) -> Any:
            return np.asarray(simsimd.cdist(asked, vectors, "dot"))

        small = {units: _bytes(vectors) for units, vectors in many.items()}
        asked = _bytes(questions[:1])
        times = [f"{min(_took(lambda v=v: scores(v, asked)) for _ in range(9)):.1f}" for v in small.values()]
        found = _first_ten(scores(_bytes(real), _bytes(questions)))
        yield "exact, int8 (simsimd)", *times, _share(truth, found)
    if find_spec("usearch") is not None:
        from usearch.index import Index

        index = Index(ndim=real.shape[1], metric="ip", dtype="i8")
        index.add(np.arange(len(real)), real)
        yield "HNSW, int8 (usearch)", *[""] * len(UNITS), _share(truth, index.search(questions, 10).keys)


def _bytes(vectors: Vectors) -> Any:
    return np.clip(np.round(vectors * SCALE), -127, 127).astype(np.int8)


def _first_ten(scores: Any) -> Any:
    return np.argsort(-scores, axis=1)[:, :10]


def _share(truth: Any, found: Any) -> str:
    return f"{np.mean([len(set(a) & set(b)) / 10 for a, b in zip(truth, found, strict=True)]):.1%}"


if __name__ == "__main__":
    main()
