"""The examples in docstrings give the results they show."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def with_examples() -> list[str]:
    """Return the modules whose docstrings have examples."""
    files = [path for package in ("kb", "search", "deflect") for path in sorted((ROOT / package).rglob("*.py"))]
    names = [path.relative_to(ROOT).with_suffix("").parts for path in files if ">>>" in path.read_text("utf-8")]
    return [".".join(parts) for parts in names]


@pytest.mark.parametrize("name", with_examples())
def test_the_examples_of_a_module_hold(name: str) -> None:
    assert not doctest.testmod(importlib.import_module(name)).failed
