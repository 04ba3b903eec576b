"""The private methods of Python-Markdown that we override: an upgrade that renames one fails here, not silently."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from markdown.treeprocessors import InlineProcessor

from kb.render import python_markdown

OVERRIDDEN = {
    "_InlineProcessor__handleInline": ["self", "data", "patternIndex"],
    "_InlineProcessor__applyPattern": ["self", "pattern", "data", "patternIndex", "startIndex"],
}


def test_only_these_private_methods_are_overridden() -> None:
    assert {name for name in vars(python_markdown._Inline) if name.startswith("_InlineProcessor")} == OVERRIDDEN.keys()


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_python_markdown_still_has_the_method_with_these_parameters(name: str) -> None:
    method = vars(InlineProcessor)[name]
    assert list(inspect.signature(method).parameters) == OVERRIDDEN[name]


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_our_override_is_called(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    ours = vars(python_markdown._Inline)[name]

    def noted(*arguments: Any, **named: Any) -> Any:
        called.append(arguments[1:])
        return ours(*arguments, **named)

    monkeypatch.setattr(python_markdown._Inline, name, noted)
    assert python_markdown.convert("An *example* and a [link](/x).") == (
        '<p>An <em>example</em> and a <a href="/x">link</a>.</p>'
    )
    assert called


def test_every_pattern_that_is_passed_over_is_one_of_python_markdown_s() -> None:
    patterns = python_markdown._new().inlinePatterns
    assert [name for name in python_markdown.SIGNS if name not in patterns] == []
