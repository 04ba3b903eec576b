"""The benchmark's functions report the measured figures and write them into the right place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.bench import corpus, growth, picture
from tests.bench.__main__ import write
from tests.bench.measuring import Figures, alone, shown, table
from tests.support.shelf_of_articles import WordEmbedder

TEXT = corpus.Text("ours", ("A title", 'A "quoted" one'), (("Head", "Some *text* here."),) * 3, ("query",), ())


def test_times_are_shown_as_median_95_and_99_percent() -> None:
    assert shown([float(n) for n in range(101)]) == "50.0 / 95.0 / 99.0"
    assert shown([0.126, 0.126]) == "0.13 / 0.13 / 0.13"
    assert shown([1234.4]) == "1,234 / 1,234 / 1,234"


def test_each_question_is_asked_of_each_by_turns() -> None:
    asked: list[tuple[str, int]] = []
    times = alone({"a": lambda n: asked.append(("a", n)), "b": lambda n: asked.append(("b", n))}, [1, 2])
    assert asked[-4:] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert [len(some) for some in times.values()] == [2, 2]


def test_a_table_has_a_column_for_each_size_and_leaves_unknown_cells_empty() -> None:
    small, large = Figures(10), Figures(1_000)
    small.add("Alone", "typing", "1")
    large.add("Alone", "search", "2")
    small.add("Other", "typing", "3")
    assert table("Alone", [small, large], first="What").splitlines() == [
        "### Alone",
        "",
        "| What | 10 articles | 1,000 articles |",
        "| --- | --- | --- |",
        "| typing | 1 |  |",
        "| search |  | 2 |",
    ]


def test_a_report_goes_between_the_markers_of_its_article_and_nowhere_else(tmp_path: Path) -> None:
    article = tmp_path / "a.md"
    article.write_text("Before\n\n<!-- bench -->\nold\n<!-- /bench -->\n\n<!-- soak -->\nkept\n<!-- /soak -->\n")
    write(article, "new \\1", marker="bench")
    assert article.read_text() == (
        "Before\n\n<!-- bench -->\n\nnew \\1\n\n<!-- /bench -->\n\n<!-- soak -->\nkept\n<!-- /soak -->\n"
    )


def test_articles_drawn_from_one_text_are_the_same_each_time_with_files_and_without(tmp_path: Path) -> None:
    corpus.write(TEXT, tmp_path, articles=3)
    drawn = list(corpus.contents(TEXT, articles=3))
    assert [content.article.path for content in drawn] == [f"topic-{n}/article-{n}.md" for n in range(3)]
    for content in drawn:
        text = (tmp_path / content.article.path).read_text()
        assert f'title: "{content.article.title}"' in text
        assert all(section.text in text for section in content.sections)


def test_noisy_vectors_are_of_length_one_and_the_same_for_the_same_text() -> None:
    noisy = corpus.NoisyEmbedder(WordEmbedder(), sample=("one", "two"))
    vectors = noisy.encode(["a", "b", "a"])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
    assert np.array_equal(vectors[0], vectors[2])
    assert not np.array_equal(vectors[0], vectors[1])


def test_the_picture_has_every_line_and_nothing_that_runs(tmp_path: Path) -> None:
    picture.write(tmp_path / "p.svg", [174, 1_000], {name: [1.0, 10.0] for name in picture.LINES})
    drawn = (tmp_path / "p.svg").read_text()
    assert all(name in drawn for name in picture.LINES)
    assert "<script" not in drawn


def test_growth_is_the_last_fifth_against_the_first() -> None:
    seen = growth.Weighed(sizes={"web": [100.0] * 5 + [104.0] * 5, "background": [50.0] * 10})
    seen.answers.update({200: 1234})
    assert list(growth.report(seen, minutes=30))[-3:] == [
        "| web | 100 | 104 | +4.0 % |",
        "| background | 50 | 50 | +0.0 % |",
        "| all | 150 | 154 | +2.7 % |",
    ]
