"""The wheel is complete: unpacked outside the checkout, it indexes and searches its manual."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the wheel's unpacked files."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("kb", "search", "deflect", "static", "articles"):
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "source" / name)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
    ]
    subprocess.run([*pip, "--wheel-dir", str(folder), str(folder / "source")], check=True, capture_output=True)
    (wheel,) = folder.glob("shortstop-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_every_file_that_is_no_python_is_in_the_wheel(unpacked: Path) -> None:
    wanted = {
        "kb": "kb",
        "deflect": "deflect",
        "static": "kb/static",
        "articles": "kb/articles",
        "search": "search",
    }
    for source, target in wanted.items():
        ours = {
            p.relative_to(ROOT / source)
            for p in (ROOT / source).rglob("*")
            if p.is_file() and p.suffix not in (".py", ".pyc")
        }
        packed = {p.relative_to(unpacked / target) for p in (unpacked / target).rglob("*") if p.is_file()}
        assert ours <= packed, (
            f"{source}: {sorted(map(str, ours - packed))} would be missing; see package_data in setup.cfg"
        )


def test_away_from_the_checkout_the_manual_is_found(unpacked: Path, tmp_path: Path) -> None:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("KB_")}
    environ |= {"PYTHONPATH": str(unpacked), "KB_DATA": str(tmp_path / "var"), "KB_EMBEDDER": "none"}

    def kb(*arguments: str) -> str:
        command = [sys.executable, "-m", "kb.cli.main", *arguments]
        return subprocess.run(command, env=environ, cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    assert "words only" in kb("index")
    assert str(unpacked) in kb("doctor", "--json")
    assert "/en/articles/" in kb("search", "write an article")
