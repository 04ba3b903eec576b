"""Articles are split into passages."""

from hypothesis import given
from hypothesis import strategies as st

from search.index.passage import LONGEST, passages, pieces, word_pieces
from tests.support.shelf_of_articles import Part, article


def test_title_and_questions_and_sections_are_passages_of_their_own() -> None:
    content = article("vat", "VAT", "We add it.", parts=[Part("rate", ("Rate",), "It is 20 %.")], queries=("why tax",))
    found = passages(content.article, content.sections)
    assert [(passage.kind, passage.anchor) for passage in found] == [
        ("title", ""), ("query", ""), ("section", ""), ("section", "rate"),
    ]  # fmt: skip


def test_a_section_is_encoded_with_the_title_and_headings_above_it() -> None:
    content = article("vat", "VAT", parts=[Part("rate", ("Invoices", "Rate"), "It is 20 %.")])
    assert passages(content.article, content.sections)[-1].embedded("VAT") == "VAT > Invoices > Rate\nIt is 20 %."


@given(st.text(max_size=4000))
def test_no_piece_is_longer_than_an_encoder_reads(text: str) -> None:
    assert all(word_pieces(piece) <= LONGEST for piece in pieces(text))


@given(st.lists(st.text("abc .\n。ก", min_size=1, max_size=300), max_size=20))
def test_pieces_keep_every_character_that_is_no_space(parts: list[str]) -> None:
    text = "".join(parts)
    assert "".join("".join(pieces(text)).split()) == "".join(text.split())


def test_a_long_section_is_cut_into_parts_of_like_length() -> None:
    sizes = [word_pieces(piece) for piece in pieces("One two three four five. " * 80)]
    assert len(sizes) == 3
    assert max(sizes) - min(sizes) <= 10
