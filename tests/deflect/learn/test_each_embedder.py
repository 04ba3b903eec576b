"""Every command that learns, replays or measures works with every kind of embedder."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kb.cli import main
from kb.config import Settings
from kb.errors import HelpCenterError
from kb.server.indexing import refresh
from tests.support.sample import write

SLANG = {"parcel": "paketchen", "invoice": "bill", "refund": "moneyback", "login": "entrance"}
HELPER = "tests.support.shelf_of_articles:"
EMBEDDERS = ["none", f"{HELPER}WordEmbedder", f"{HELPER}pair_of_embedders"]


@pytest.fixture(scope="module", params=EMBEDDERS, ids=["none", "one", "pair"])
def center(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A help center in two languages, and a year of tickets in BEIR's layout with their articles."""
    folder = tmp_path_factory.mktemp("center")
    texts = {f"{name}.md": f"# {name}\n\nAll about the {name} and what to do.\n" for name in SLANG}
    texts["empty.md"] = "---\ntitle: Only a title\n---\n"
    texts["parcel.es.md"] = "# El paquete\n\nTodo sobre el paquete y su viaje.\n"
    settings = Settings(articles=write(folder / "articles", texts), data=folder / "var", embedder=request.param)
    draw, asked, judged = random.Random(1), [], ["query-id\tcorpus-id\tscore"]
    for number in range(120):
        article = draw.choice(sorted(SLANG))
        text = f"hello where is my {SLANG[article]} number {draw.randrange(1000)} please"
        day = f"2025-{1 + number // 12:02}-{1 + number % 28:02}"
        asked.append({"_id": f"q{number}", "text": text, "title": text[:20], "body": text, "created": day})
        judged.append(f"q{number}\t{article}\t1")
    corpus = [{"_id": name, "title": name, "text": f"All about the {name} and what to do."} for name in SLANG]
    past = folder / "past"
    (past / "qrels").mkdir(parents=True)
    (past / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)))
    (past / "queries.jsonl").write_text("\n".join(map(json.dumps, asked)))
    for split, rows in (("train", judged[:90]), ("dev", [judged[0], *judged[90:]])):
        (past / f"qrels/{split}.tsv").write_text("\n".join(rows) + "\n")
    refresh(settings, words_only=settings.embedder == "none", now=datetime.now(UTC))
    assert kb(settings, "outcomes", "import", str(past)).exit_code == 0
    return settings


def kb(settings: Settings, *arguments: str) -> Result:
    """Run a command of a help center."""
    environ = {
        "KB_ARTICLES": str(settings.articles), "KB_DATA": str(settings.data), "KB_EMBEDDER": settings.embedder,
    }  # fmt: skip
    return CliRunner().invoke(main.kb, list(arguments), env=environ)


@pytest.mark.parametrize(
    ("command", "needs_vectors"),
    [
        (["forecast", "PAST", "--out", "OUT"], False),
        (["forecast", "PAST", "--out", "OUT", "--cold"], False),
        (["evaluate", "PAST", "--system", "hybrid"], False),
        (["evaluate", "PAST", "--system", "dense"], True),
        (["evaluate", "PAST", "--system", "learned", "--learn-from", "train"], True),
        (["tune"], True),
        (["propose"], False),
        (["gaps"], False),
        (["report"], False),
        (["erase", "--person", "jo@example.com"], False),
    ],
    ids=lambda value: " ".join(value[:4]) if isinstance(value, list) else "",
)
def test_a_command_ends_well_or_with_a_sentence(
    center: Settings, command: list[str], needs_vectors: bool, tmp_path: Path
) -> None:
    paths = {"PAST": str(center.articles.parent / "past"), "OUT": str(tmp_path / "forecast.html")}
    done = kb(center, *(paths.get(word, word) for word in command), "--json")
    if needs_vectors and center.embedder == "none":
        assert isinstance(done.exception, HelpCenterError)
        assert "vectors" in str(done.exception)
    else:
        assert done.exit_code == 0, (done.output, done.exception)
