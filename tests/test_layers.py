"""Imports go one way: a module uses only what stands above it in the list, and each outside library has one home."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("kb", "search", "deflect")
LAYERS = [
    *("kb.errors", "kb.config", "kb.progress"),
]

HOMES = {
    "whoosh": {"search.keyword"},
    "sentence_transformers": {"search.embedder"},
    "torch": {"search.embedder"},
    "onnxruntime": {"search.embedder"},
    "nh3": {"kb.render"},
    "markdown": {"kb.render"},
    "gunicorn": {"kb.web"},
}


def modules() -> list[str]:
    """Return the names of our modules."""
    found = [path for package in PACKAGES for path in sorted((ROOT / package).glob("*.py"))]
    return [f"{path.parent.name}.{path.stem}" for path in found if path.name != "__init__.py"]


def imports(module: str) -> set[str]:
    """Return what a module imports, anywhere in it, but for what only the type checker sees."""
    tree = ast.parse((ROOT / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


@pytest.mark.parametrize("module", modules())
def test_a_module_imports_only_from_the_layers_above_it(module: str) -> None:
    assert module in LAYERS, f"{module} has no place in LAYERS"
    ours = imports(module) & set(modules())
    below = {name for name in ours if LAYERS.index(name) >= LAYERS.index(module)}
    assert not below


@pytest.mark.parametrize(("library", "homes"), sorted(HOMES.items()))
def test_an_outside_library_has_one_home(library: str, homes: set[str]) -> None:
    users = {m for m in modules() if any(name == library or name.startswith(library + ".") for name in imports(m))}
    assert users <= homes


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_file_is_empty(package: str) -> None:
    assert not (ROOT / package / "__init__.py").read_text(encoding="utf-8").strip()
