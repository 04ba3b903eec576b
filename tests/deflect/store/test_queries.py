"""Queries stay fast as tables grow: none scans a whole table for each row of another."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deflect.store.database import Store

ROOT = Path(__file__).parents[3]
STARTS = re.compile(r"\s*(?:SELECT|WITH)\b")


def queries() -> Iterator[tuple[str, str]]:
    """Yield every query in the code that is one string, with its file and line."""
    for path in sorted((ROOT / "deflect").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in parts:
                continue
            if STARTS.match(node.value):
                yield f"{path.stem}:{node.lineno}", node.value


QUERIES = dict(queries())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store.open(tmp_path_factory.mktemp("store") / "db.sqlite")
    yield opened
    opened.close()


@pytest.mark.parametrize("place", QUERIES)
def test_no_query_looks_through_a_table_for_each_row(store: Store, place: str) -> None:
    query = QUERIES[place]
    names = set(re.findall(r"(?<!:):([a-z_]+)", query))
    values = dict.fromkeys(names, "1") if names else ["1"] * query.count("?")
    steps = store.rows(f"EXPLAIN QUERY PLAN {query}", values)
    again = {step["id"] for step in steps if step["detail"].startswith("CORRELATED")}
    for step in steps:
        again |= {step["id"]} if step["parent"] in again else set()
    slow = [s["detail"] for s in steps if s["id"] in again and s["detail"].startswith("SCAN ")]
    assert not [scan for scan in slow if "VIRTUAL TABLE" not in scan]
