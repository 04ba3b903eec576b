"""Parse front matter, the YAML at the start of a file, with line numbers, no aliases, and limits on size and depth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from kb.errors import BadArticle

Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"

MAX_CHARACTERS = 64 * 1024
MAX_DEPTH = 8
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The keys of a file's front matter; every value is text, a list or a mapping.

    The readers of the keys convert the values, not YAML: `lang: no` is Norwegian and `title: 2024` is a title.
    """

    values: dict[str, Value] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)  # the line of each key in the file


def split(text: str) -> tuple[str | None, str, int]:
    """Return the front matter or None, the body, and the line on which the body begins."""
    if not text.startswith("---"):
        return None, text, 1
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return None, text, 1
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() in ("---", "..."):
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :]), number + 2
    return None, text, 1


def load(path: str, text: str, *, first_line: int = 2) -> FrontMatter:
    """Return the keys of a YAML mapping; raise BadArticle with the line of the error."""
    node = _compose(path, text, first_line)
    if node is None:
        return FrontMatter()
    if not isinstance(node, yaml.MappingNode):
        raise BadArticle(path, first_line, f"{_called(path)} is not a mapping; write 'key: value' lines")
    return _mapping(path, node, first_line)


def load_list(path: str, text: str) -> list[tuple[int, Value]]:
    """Return the items of a YAML list, each with its line; raise BadArticle with the line of the error."""
    node = _compose(path, text, 1)
    if node is None:
        return []
    if not isinstance(node, yaml.SequenceNode):
        raise BadArticle(path, 1, "this is not a list; begin each entry with '- '")
    return [(1 + item.start_mark.line, _plain(item)) for item in node.value]


def _compose(path: str, text: str, first_line: int) -> Any:
    if len(text) > MAX_CHARACTERS:
        raise BadArticle(
            path, first_line, f"{_called(path)} is over {MAX_CHARACTERS:,} characters; move text to the body"
        )
    try:
        _refuse_aliases_and_depth(path, text, first_line)
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = first_line + (error.problem_mark.line if error.problem_mark else 0)
        raise BadArticle(path, line, f"{_called(path)} is not YAML: {error.problem}; {_hint(error.problem)}") from error
    except yaml.YAMLError as error:
        raise BadArticle(path, first_line, f"{_called(path)} is not YAML: {' '.join(str(error).split())}") from error


def _called(path: str) -> str:
    """Return a name for the YAML in messages: "this file" for a settings file, else "front matter"."""
    return "this file" if path.rpartition("/")[2].startswith("_") else "front matter"


_HINTS = {  # message of YAML -> remedy
    "mapping values are not allowed": "put text that contains ': ' in quotes",
    "cannot start any token": "put text that begins with @, ` or % in quotes, and indent with spaces, not tabs",
    "tab character": "indent with spaces, not tabs",
    "did not find expected key": 'put text that contains quotes in the other kind of quotes, as in "it\'s"',
    "did not find expected ',' or": "close the bracket, or put text that begins with one in quotes",
    "unexpected end of stream": "close the quotes",
}


def _hint(problem: str | None) -> str:
    hints = (hint for said, hint in _HINTS.items() if said in (problem or ""))
    return next(hints, "see the article on front matter for an example")


def _refuse_aliases_and_depth(path: str, text: str, first_line: int) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = first_line + (event.start_mark.line if event.start_mark else 0)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise BadArticle(
                path, line, f"{_called(path)} cannot contain anchors and aliases (& and *); write the value out"
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise BadArticle(path, line, f"{_called(path)} is nested more than {MAX_DEPTH} levels deep; flatten it")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _mapping(path: str, node: yaml.MappingNode, first_line: int) -> FrontMatter:
    values: dict[str, Value] = {}
    lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        line = first_line + key_node.start_mark.line
        if not isinstance(key_node, yaml.ScalarNode):
            raise BadArticle(path, line, "a key is not text; write 'key: value'")
        key = str(key_node.value)
        if key in values:
            raise BadArticle(path, line, f"{key} appears twice; remove one")
        values[key] = _plain(value_node)
        lines[key] = line
    return FrontMatter(values, lines)


def _plain(node: yaml.Node) -> Value:
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    if node.value in ("", "~", "null") and not getattr(node, "style", None):  # unquoted
        return None
    return str(node.value).strip()
