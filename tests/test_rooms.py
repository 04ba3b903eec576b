"""The manual's map of the code matches the contract of imports, and every file it names exists."""

from __future__ import annotations

import ast
import configparser
import functools
import re
from collections.abc import Mapping
from pathlib import Path

from tests.rooms import SAID, layers, picture

ROOT = Path(__file__).parent.parent
ARTICLES = [ROOT / "README.md", *sorted((ROOT / "articles").rglob("*.md"))]


def rooms() -> set[str]:
    """Return the names of all rooms."""
    folders = [path.parent for package in ("kb", "search", "deflect") for path in ROOT.glob(f"{package}/*/__init__.py")]
    return {".".join(folder.relative_to(ROOT).parts) for folder in folders}


def test_every_room_is_in_the_contract_in_the_picture_and_in_the_wheel() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    packages = set(setup["options"]["packages"].split())
    named = {name for layer in layers() for name in layer}
    assert rooms() == set(SAID) == named & rooms() == packages & rooms()


def test_every_module_of_the_ground_floor_is_in_the_contract() -> None:
    ground = {f"kb.{path.stem}" for path in ROOT.glob("kb/*.py") if path.stem != "__init__"}
    assert ground == {name for layer in layers() for name in layer} - set(SAID)


def test_the_picture_is_drawn_from_the_contract() -> None:
    assert (ROOT / "articles/pictures/rooms.svg").read_text(encoding="utf-8") == picture()


def test_a_room_holds_at_most_twenty_modules_and_its_face_is_small() -> None:
    for room in rooms():
        folder = ROOT / room.replace(".", "/")
        assert len(list(folder.glob("*.py"))) <= 21
        assert len(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")).body) <= 5


def test_every_file_that_the_manual_names_is_there() -> None:
    folders = r"(?:kb|search|deflect|tests|static)"
    for path in ARTICLES:
        named = re.findall(rf"`({folders}/[\w./-]+)`", path.read_text(encoding="utf-8"))
        assert [name for name in named if not (ROOT / name).exists()] == [], path.name


def test_no_chain_of_imports_within_a_room_has_ten_floors() -> None:
    paths = [path for package in ("kb", "search", "deflect") for path in ROOT.glob(f"{package}/**/*.py")]
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in paths}
    below = {name: _imports(path, names) for name, path in names.items()}

    @functools.cache
    def floors(name: str) -> int:
        room = name.rpartition(".")[0]
        return 1 + max((floors(other) for other in below[name] if other.rpartition(".")[0] == room), default=0)

    assert max(map(floors, names)) < 10


def _imports(path: Path, names: Mapping[str, Path]) -> set[str]:
    """Return the modules of ours that a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found & names.keys()
