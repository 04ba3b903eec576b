"""The forecast: past tickets replayed in order, compared with the history, on one page."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from deflect.history import forecast as forecast_module
from deflect.history import replay
from deflect.history.forecast import forecast
from deflect.history.import_tickets import Past
from deflect.history.records import BadFile
from deflect.history.replay import Encoded
from deflect.store.clock import DAY, from_date
from kb.cli import main
from kb.config import Settings
from tests.conftest import ARTICLES, write_articles

CORPUS = {
    "labels": "Print parcel labels. The label printer needs paper of the right size.",
    "cancel": "Cancel a subscription. Open the subscription page and press cancel.",
    "vat": "VAT on invoices. The invoice shows the VAT number of companies.",
}
ASKED = [
    ("q1", "Parcel label printer", "How do I print parcel labels with the label printer", "labels", "2026-01-05"),
    ("q2", "Cancel", "I want to cancel my subscription on the subscription page", "cancel", "2026-02-05"),
    ("q3", "Zebra", "Gardening in winter with snow jo@example.com", "vat", "2026-03-05"),
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "var", embedder="none", floor_suggest=0.3)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A history with its own articles: two questions share words with their article, one with no article."""
    folder = tmp_path / "shop"
    (folder / "qrels").mkdir(parents=True)
    lines = [{"_id": id, "title": text.split(".")[0], "text": text, "lang": "en"} for id, text in CORPUS.items()]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    asked = [
        {"_id": id, "text": f"{subject}\n{body}", "title": subject, "body": body, "created": day, "lang": "en"}
        for id, subject, body, _, day in ASKED
    ]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, asked)), "utf-8")
    rows = "".join(f"{id}\t{article}\t1\n" for id, _, _, article, _ in ASKED)
    (folder / "qrels/all.tsv").write_text(f"query-id\tcorpus-id\tscore\n{rows}", "utf-8")
    return folder


def test_each_ticket_is_offered_the_right_article_another_or_nothing(settings: Settings, shop: Path) -> None:
    found = forecast(settings, shop, cost=10.0)
    assert (found["tickets"], found["judged"], found["articles"]) == (3, 3, 3)
    assert {name: found["offered"][name]["n"] for name in ("right", "wrong", "nothing")} == {
        "right": 2,
        "wrong": 0,
        "nothing": 1,
    }
    assert found["offered"]["right"]["low"] == pytest.approx(0.2077, abs=1e-4)  # Wilson, 2 of 3
    assert found["right_of_offered"]["share"] == 1.0


def test_counts_are_by_month_and_language(settings: Settings, shop: Path) -> None:
    by = forecast(settings, shop)["by"]
    assert [(row["value"], row["right"], row["nothing"]) for row in by["month"]] == [
        ("2026-01", 1, 0),
        ("2026-02", 1, 0),
        ("2026-03", 0, 1),
    ]
    (lang,) = by["lang"]
    assert lang | {"low": 0.2077, "high": 0.9385} == lang  # Wilson, 2 of 3
    counted = {"value": "en", "tickets": 3, "judged": 3, "right": 2, "wrong": 0, "nothing": 1, "share": 0.6667}
    assert lang | counted == lang


def test_what_was_missed_is_a_gap_with_its_text_redacted(settings: Settings, shop: Path) -> None:
    (gap,) = forecast(settings, shop)["gaps"]
    assert (gap["diagnosis"], gap["article"], gap["contacts"]) == ("not found", "vat", 1)
    assert gap["questions"] == ("Zebra\nGardening in winter with snow [email]",)


def test_the_worth_is_what_the_right_article_could_save_at_a_cost(settings: Settings, shop: Path) -> None:
    worth = forecast(settings, shop, cost=10.0)["worth"]
    # Three tickets in 59 of 30.4375 days; two thirds are right; of these one in ten, three or five in ten.
    a_month = 3 / (59 / 30.4375)
    assert worth["tickets_a_month"] == round(a_month, 1)
    assert [row["money"] for row in worth["if_solved"]] == [
        pytest.approx(share * a_month * 2 / 3 * 10, abs=0.01) for share in (0.1, 0.3, 0.5)
    ]
    assert all(row["low"] < row["money"] < row["high"] for row in worth["if_solved"])


def test_the_page_stands_alone_and_runs_nothing(settings: Settings, shop: Path) -> None:
    page = forecast_module.page(forecast(settings, shop, cost=10.0))
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "data:image/svg+xml;base64," in page
    assert "jo@example.com" not in page


def test_the_same_history_gives_the_same_bytes(settings: Settings, shop: Path) -> None:
    one, two = (json.dumps(forecast(settings, shop, cost=1.0)) for _ in range(2))
    assert one == two


def test_a_history_without_tickets_says_what_it_lacks(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("subject,date\nHello,soon\n", "utf-8")
    with pytest.raises(BadFile, match="date: 'soon' is not a time"):
        forecast(settings, path)


def test_the_command_writes_the_page_and_prints_the_document(tmp_path: Path) -> None:
    history = tmp_path / "history.csv"
    history.write_text("text,article,date\nI forgot my password,account/reset-password,2026-09-01\n", "utf-8")
    articles = write_articles(tmp_path / "articles", ARTICLES)
    environ = {"KB_ARTICLES": str(articles), "KB_DATA": str(tmp_path / "var"), "KB_EMBEDDER": "none"}
    environ |= {"KB_FLOOR_SUGGEST": "0"}
    out = tmp_path / "page.html"
    done = CliRunner().invoke(
        main.kb, ["forecast", str(history), "--out", str(out)], env=environ, catch_exceptions=False
    )
    assert "were offered it" in done.output
    assert "history.csv" in out.read_text("utf-8")
    done = CliRunner().invoke(main.kb, ["forecast", str(history), "--json"], env=environ, catch_exceptions=False)
    assert json.loads(done.stdout)["offered"]["right"]["n"] == 1


class FakeSearcher:
    """Offers the first article until it has learned, and then the second."""

    degraded = None
    settings = SimpleNamespace(floor_suggest=None)
    collection = SimpleNamespace(documents=[SimpleNamespace(article="a"), SimpleNamespace(article="b")])
    main_encoder = SimpleNamespace(encode=lambda texts: np.ones((len(texts), 2)))

    def ranked_message(self, subject: str, body: str, *, system: str, **_: Any) -> Any:
        """Return one card, by the system."""
        chosen = [(int(system == "learned"), 0.9)]
        return SimpleNamespace(ranked=chosen, cards=lambda k, floor: chosen)


def past(n: int, *, article: str = "b") -> Past:
    return Past(f"p{n:03}", "", f"question {n}", "en", "", article, True, "", from_date("2026-01-01") + n * DAY)


def test_what_is_learned_comes_from_earlier_tickets_only(monkeypatch: pytest.MonkeyPatch) -> None:
    taught: list[list[str]] = []

    def teach(searcher: Any, earlier: Sequence[replay.Replayed], **_: Any) -> bool:
        taught.append([one.past.id for one in earlier])
        return True

    monkeypatch.setattr(replay, "_teach", teach)
    searcher: Any = FakeSearcher()
    history = [past(n) for n in range(240)]
    found = replay.replay(searcher, history[::-1], lang="en", encoded=Encoded(searcher), learn=True)
    assert [len(ids) for ids in taught] == [100, 150, 225]
    assert all(ids == [f"p{n:03}" for n in range(len(ids))] for ids in taught)
    assert [one.verdict for one in found[:100]] == ["wrong"] * 100
    assert [one.verdict for one in found[100:]] == ["right"] * 140


def test_tickets_of_the_same_moment_teach_each_other_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "_teach", lambda *_, **__: pytest.fail("nothing is earlier"))
    searcher: Any = FakeSearcher()
    same = [Past(f"p{n:03}", "", "question", "en", "", "b", True, "", 0) for n in range(150)]
    assert not any(
        one.learned for one in replay.replay(searcher, same, lang="en", encoded=Encoded(searcher), learn=True)
    )


def test_an_offer_that_the_history_cannot_judge_is_neither_right_nor_wrong() -> None:
    searcher: Any = FakeSearcher()
    unknown = Past("p", "", "question", "en", "", None, False, "", 0)
    (found,) = replay.replay(searcher, [unknown], lang="en", encoded=Encoded(searcher), learn=False)
    assert (found.verdict, found.judged) == ("offered", False)
