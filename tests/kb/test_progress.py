"""Progress is a bar on a terminal and plain lines elsewhere."""

import io

from kb.progress import reporter


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def test_plain_lines_come_every_five_seconds_and_at_the_end() -> None:
    out, times = io.StringIO(), iter([0, 1, 6, 6, 6, 7, 7, 7])
    report = reporter("Embedding", stream=out, clock=lambda: next(times))
    report(1, 3)
    report(2, 3)
    report(3, 3)
    assert out.getvalue().splitlines() == ["Embedding: 2 of 3, 6 s", "Embedding: 3 of 3, 7 s"]


def test_a_terminal_gets_one_line_that_ends() -> None:
    out = Terminal()
    report = reporter("Embedding", stream=out, clock=lambda: 0.0)
    report(2, 2)
    assert out.getvalue().startswith("\rEmbedding ")
    assert out.getvalue().endswith("2/2 0 s\n")
