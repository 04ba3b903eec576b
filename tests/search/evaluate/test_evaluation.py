"""Evaluations: measures, offers, comparisons, and several collections or systems."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import ir_measures
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, R, Success, nDCG

from kb.cli.main import kb
from kb.config import Settings
from kb.errors import BadSetting
from search.evaluate import evaluation, figures, metrics
from search.evaluate.beir import BadCollection, BeirQuestion, Folder
from search.evaluate.evaluation import Options
from search.index.embedder import Embedder
from search.index.learned import Learned
from search.learn.learn import Solved, learn

CORPUS = {
    "reset.en": ("Reset your password", "Open the login page and follow the link."),
    "reset.es": ("Restablecer la contraseña", "Abra la página de inicio."),
    "vat.en": ("Tax on invoices", "The invoice shows the tax of your country."),
    "card.en": ("Change your card", "Billing uses the new card at once."),
    "refund.en": ("Money back", "A refund takes five days to reach your card."),
}
QUESTIONS = {
    "q1": ("I cannot log in", "The login page does not know my password", "en"),
    "q2": ("Invoice", "Where is the tax of my country?", "en"),
    "q3": ("Card", "I want to change my card", "en"),
    "q4": ("Money", "When is the refund on my card?", "en"),
    "q5": ("Contraseña", "No sé la contraseña de la página", "es"),
    "q6": ("Penguins", "What do penguins eat in winter?", "en"),
}
DEV = {"q1": {"reset.en": 1}, "q2": {"vat.en": 1}, "q3": {"card.en": 1}, "q4": {"refund.en": 2, "card.en": 1}}
TEST = {"q5": {"reset.es": 1}}


def write(folder: Path, *, bodies: bool = True) -> Path:
    (folder / "qrels").mkdir(parents=True)
    corpus = [{"_id": id, "title": title, "text": text, "lang": id[-2:]} for id, (title, text) in CORPUS.items()]
    questions = [
        {"_id": id, "text": f"{title}\n{body}", "lang": lang} | ({"title": title, "body": body} if bodies else {})
        for id, (title, body, lang) in QUESTIONS.items()
    ]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in corpus))
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in questions))
    for name, judged in (("dev", DEV), ("test", TEST)):
        rows = [f"{q}\t{d}\t{grade}\n" for q, grades in judged.items() for d, grade in grades.items()]
        (folder / "qrels" / f"{name}.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(rows))
    return folder


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    return write(tmp_path / "shop")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "var", embedder="tests.support.shelf_of_articles:WordEmbedder")


def test_the_document_has_the_shape_of_the_contract(settings: Settings, collection: Path) -> None:
    document = evaluation.evaluate(settings, collection, options=Options(split="dev"))
    assert list(document) == [
        "collection", "split", "mode", "system", "learned_from", "queries", "metrics", "offered",
        "latency_ms", "recipe",
    ]  # fmt: skip
    assert (document["collection"], document["mode"], document["queries"]) == ("shop", "suggest", 4)
    assert list(document["metrics"]) == ["hit@1", "hit@3", "RR@10", "nDCG@10", "R@10"]
    assert document["offered"]["no_answer"]["queries"] == 1
    assert document["offered"]["curve"][0][0] == 1.0
    json.dumps(document)


@pytest.mark.parametrize("system", ["bm25", "dense", "hybrid"])
@pytest.mark.parametrize("mode", ["search", "suggest"])
def test_figures_agree_with_ir_measures(
    settings: Settings, collection: Path, tmp_path: Path, system: evaluation.System, mode: evaluation.Mode
) -> None:
    run = tmp_path / "run.txt"
    ours = evaluation.evaluate(settings, collection, system=system, options=Options(mode=mode, run=run))["metrics"]
    theirs = ir_measures.calc_aggregate(
        [Success @ 1, Success @ 3, RR @ 10, nDCG @ 10, R @ 10],
        ir_measures.read_trec_qrels("".join(f"{q} 0 {d} {g}\n" for q, row in DEV.items() for d, g in row.items())),
        ir_measures.read_trec_run(str(run)),
    )
    assert list(ours.values()) == pytest.approx(
        [theirs[m] for m in (Success @ 1, Success @ 3, RR @ 10, nDCG @ 10, R @ 10)], abs=1e-4
    )


grades = st.dictionaries(st.sampled_from("abcdefghijklmnop"), st.integers(1, 3), min_size=1)


@given(ranked=st.permutations("abcdefghijkl"), judged=grades)
def test_measures_agree_with_ir_measures_on_any_ranking(ranked: list[str], judged: dict[str, int]) -> None:
    qrels = [ir_measures.Qrel("q", d, g) for d, g in judged.items()]
    run = [ir_measures.ScoredDoc("q", d, float(-rank)) for rank, d in enumerate(ranked)]
    theirs = ir_measures.calc_aggregate([Success @ 1, Success @ 3, RR @ 10, nDCG @ 10, R @ 10], qrels, run)
    ours = metrics.measure(ranked, judged)
    for name, measure in (
        ("hit@1", Success @ 1),
        ("hit@3", Success @ 3),
        ("RR@10", RR @ 10),
        ("nDCG@10", nDCG @ 10),
        ("R@10", R @ 10),
    ):
        assert ours[name] == pytest.approx(theirs[measure])


def test_scores_of_a_run_file_fall_strictly(settings: Settings, collection: Path, tmp_path: Path) -> None:
    evaluation.evaluate(settings, collection, options=Options(run=tmp_path / "run.txt"))
    rows = [line.split() for line in (tmp_path / "run.txt").read_text().splitlines()]
    for before, after in pairwise(rows):
        assert len(before) == 6
        if before[0] == after[0]:
            assert float(before[4]) > float(after[4])
            assert int(before[3]) + 1 == int(after[3])


def test_languages_of_one_document_are_versions_of_one_article(settings: Settings, collection: Path) -> None:
    document = evaluation.evaluate(settings, collection, system="bm25", options=Options(split="test", mode="search"))
    assert document["metrics"]["hit@1"] == 1.0


def test_a_run_compared_with_itself_differs_nowhere(settings: Settings, collection: Path, tmp_path: Path) -> None:
    run = tmp_path / "run.txt"
    evaluation.evaluate(settings, collection, options=Options(run=run))
    against = evaluation.evaluate(settings, collection, options=Options(against=run))["against"]
    assert (against["wins"], against["losses"], against["ties"], against["worst"]) == (0, 0, 4, [])
    assert against["metrics"]["nDCG@10"] == {"difference": 0.0, "low": 0.0, "high": 0.0}


def test_the_questions_that_lost_most_come_first(settings: Settings, collection: Path, tmp_path: Path) -> None:
    run = tmp_path / "perfect.txt"
    rows = [(q, d, g) for q, judged in DEV.items() for d, g in judged.items()]
    run.write_text("".join(f"{q} Q0 {d} 1 {g} perfect\n" for q, d, g in rows))
    against = evaluation.evaluate(settings, collection, system="bm25", options=Options(against=run))["against"]
    gaps = [row["ours"] - row["theirs"] for row in against["worst"]]
    assert gaps == sorted(gaps)
    assert against["wins"] == 0


def test_an_interval_holds_the_difference_and_shrinks_with_more_questions() -> None:
    few, many = metrics.paired([1, 0, 1, 1], [0, 0, 1, 0]), metrics.paired([1, 0, 1, 1] * 50, [0, 0, 1, 0] * 50)
    assert few.low <= few.difference == many.difference <= few.high
    assert many.high - many.low < few.high - few.low


def test_ndcg_of_the_second_place_is_known_by_hand() -> None:
    assert metrics.measure(["b", "a"], {"a": 1})["nDCG@10"] == pytest.approx(1 / math.log2(3))


def test_an_unknown_split_names_those_there_are(collection: Path) -> None:
    with pytest.raises(BadCollection, match="dev, test"):
        Folder(collection).qrels("train")


def test_a_broken_line_is_named(collection: Path) -> None:
    with (collection / "corpus.jsonl").open("a") as file:
        file.write("{broken\n")
    with pytest.raises(BadCollection, match=r"corpus\.jsonl:6"):
        _ = Folder(collection).corpus


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("corpus.jsonl", '{"_id": "x", "text": "half \\ud800"}'),
        ("corpus.jsonl", '{"_id": NaN, "text": "x"}'),
        ("corpus.jsonl", '{"_id": "x"}'),
        ("corpus.jsonl", "[" * 100_000),
        ("queries.jsonl", f'{{"_id": {"9" * 5000}, "text": "x"}}'),
        ("queries.jsonl", '{"_id": "x", "text": "x", "body": 5}'),
        ("qrels/dev.tsv", f"q1\ta\t{'9' * 5000}"),
        ("qrels/dev.tsv", "q1\ta\tNaN"),
        ("qrels/dev.tsv", "q1\ta"),
        ("qrels/dev.tsv", "nobody asked\ta\t1"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(collection: Path, name: str, line: str) -> None:
    path = collection / name
    number = len(path.read_text().splitlines()) + 1
    path.write_text(path.read_text().rstrip("\n") + f"\n{line}\n")
    with pytest.raises(BadCollection, match=re.escape(f"{name}:{number}: ")):
        _ = Folder(collection).corpus, Folder(collection).questions, Folder(collection).qrels("dev")


@pytest.mark.parametrize("rank_and_score", ["1 nan", "1 1e999", f"{'9' * 5000} 1.0", "one 1.0"])
def test_a_run_file_with_an_unusable_number_is_named(tmp_path: Path, rank_and_score: str) -> None:
    (tmp_path / "run.txt").write_text(f"q1 Q0 a {rank_and_score} tag\n")
    with pytest.raises(BadCollection, match=r"run\.txt:1: "):
        metrics.read(tmp_path / "run.txt")


def test_a_folder_of_collections_is_a_table_of_all_systems(settings: Settings, tmp_path: Path) -> None:
    write(tmp_path / "all" / "shop")
    write(tmp_path / "all" / "bank", bodies=False)
    document = evaluation.side_by_side(settings, tmp_path / "all")
    assert [(one["collection"], one["mode"], one["system"]) for one in document["collections"]] == [
        (name, mode, system)
        for name, mode in (("bank", "search"), ("shop", "suggest"))
        for system in ("bm25", "dense", "hybrid")
    ]
    rows = [line.split() for line in figures.shown(document).splitlines()[:7]]
    assert [row[0] for row in rows] == ["collection", *["bank"] * 3, *["shop"] * 3]
    legs = [float(row[7]) for row in rows[1:3]]
    assert float(rows[3][9]) == pytest.approx(float(rows[3][7]) - max(legs), abs=0.002)


def test_one_system_of_a_folder_of_collections_is_as_if_each_was_asked_for(settings: Settings, tmp_path: Path) -> None:
    write(tmp_path / "all" / "shop")
    [one] = evaluation.side_by_side(settings, tmp_path / "all", system="bm25")["collections"]
    alone = evaluation.side_by_side(settings, tmp_path / "all" / "shop", system="bm25")
    assert one["metrics"] == alone["metrics"]


def test_what_another_product_is_asked_counts_as_unanswerable(
    settings: Settings, collection: Path, tmp_path: Path
) -> None:
    other = write(tmp_path / "other")
    silent = evaluation.evaluate(settings, collection, options=Options(no_answer=other))["offered"]["no_answer"]
    assert silent["queries"] == 1 + len(QUESTIONS)
    assert silent["curve"][0][1] >= silent["curve"][-1][1]


@pytest.mark.parametrize(
    ("part", "message"),
    [("both", ("No code", "It never came")), ("title", ("No code", "")), ("body", ("", "It never came"))],
)
def test_subject_and_message_can_be_asked_apart(part: Any, message: tuple[str, str]) -> None:
    assert BeirQuestion("q", "No code\nIt never came", "No code", "It never came", "en").only(part).message == message


def test_a_part_is_said(settings: Settings, collection: Path) -> None:
    document = evaluation.evaluate(settings, collection, system="bm25", options=Options(part="title"))
    assert "title only" in figures.shown(document).splitlines()[0]


def test_a_run_file_of_several_collections_is_refused(settings: Settings, tmp_path: Path) -> None:
    write(tmp_path / "all" / "shop")
    with pytest.raises(BadCollection, match="--run"):
        evaluation.side_by_side(settings, tmp_path / "all", options=Options(run=tmp_path / "run.txt"))


def test_a_folder_of_nothing_is_named(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(BadCollection, match="corpus"):
        evaluation.side_by_side(settings, tmp_path)


def test_the_terminal_shows_precision_against_coverage(settings: Settings, collection: Path) -> None:
    document = evaluation.evaluate(settings, collection, system="bm25")
    lines = figures.shown(document).splitlines()
    assert "nDCG@10" in lines[1]
    sixty = next(line.split() for line in lines if line.strip().startswith("60%"))
    assert float(sixty[2]) == pytest.approx(dict(document["offered"]["curve"])[0.6], abs=1e-3)
    assert "█" in sixty[-1]


def test_precision_against_coverage_is_drawn_without_anything_that_runs(
    settings: Settings, collection: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_DATA", str(settings.data))
    drawn = tmp_path / "curve.svg"
    done = CliRunner().invoke(kb, ["evaluate", str(collection), "--system", "bm25", "--plot", str(drawn)])
    assert done.exit_code == 0, done.output
    picture = ElementTree.fromstring(drawn.read_bytes())
    text = "".join(picture.itertext())
    assert "shop, suggest" in text
    assert "bm25" in text
    assert not picture.findall(".//{http://www.w3.org/2000/svg}script")


def test_a_learned_ranking_is_shown_where_there_is_a_split_to_learn_from(tmp_path: Path) -> None:
    shop = write(tmp_path / "all" / "shop")
    assert [name for _, name, _ in evaluation._systems(shop, "dev", None, ())] == ["bm25", "dense", "hybrid"]
    (shop / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\nq5\treset.es\t1\n")
    assert evaluation._systems(shop, "dev", "all", ())[-1] == (shop, "learned", ["train"])


def test_learned_without_a_split_ranks_by_what_is_installed(settings: Settings, collection: Path) -> None:
    solved = [Solved("", f"penguins in winter {n}", "en", "vat") for n in range(30)]

    def installed(encoder: Embedder) -> Learned:
        beir = Folder(collection)
        return learn(evaluation.open_collection(settings, beir), solved, encode=encoder.encode)[0]

    untaught = evaluation.evaluate(settings, collection, options=Options(split="dev"))
    taught = evaluation.evaluate(
        settings, collection, system="learned", installed=installed, options=Options(split="dev")
    )
    assert taught["learned_from"] == []
    assert taught["offered"] != untaught["offered"]


def test_learned_where_nothing_was_learned_says_what_to_do(settings: Settings, collection: Path) -> None:
    with pytest.raises(BadCollection, match="run 'kb tune'"):
        evaluation.evaluate(settings, collection, system="learned", installed=lambda _encoder: None)


def test_vectors_are_not_measured_where_there_are_none(collection: Path, settings: Settings) -> None:
    with pytest.raises(BadCollection, match="dense ranks by vectors, but KB_EMBEDDER names no available model"):
        evaluation.evaluate(
            replace(settings, embedder="none"), collection, system="dense", options=Options(split="dev")
        )


def test_words_alone_are_not_measured_under_the_name_of_a_model_that_is_missing(
    collection: Path, settings: Settings
) -> None:
    with pytest.raises(BadSetting, match="nowhere"):
        evaluation.evaluate(replace(settings, embedder="nowhere"), collection, system="hybrid")
