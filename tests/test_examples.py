"""The examples in docstrings are what the code does."""

import doctest
import importlib

import pytest

from tests.test_layers import ROOT, modules


def with_examples() -> list[str]:
    """Return the modules whose docstrings have examples."""
    return [name for name in modules() if ">>>" in (ROOT / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", with_examples())
def test_the_examples_of_a_module_hold(name: str) -> None:
    assert not doctest.testmod(importlib.import_module(name)).failed
