"""The scripts of the pages and of the widget fit together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kb.config import static_folder

SCRIPTS = sorted(static_folder().rglob("*.js"))
IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";', re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:const|let|class|function\*?) (\w+|\{[^}]*\})", re.MULTILINE)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_imports_only_what_the_other_exports(script: Path) -> None:
    """A browser refuses the whole script otherwise, on pages that no other test may open."""
    for names, path in IMPORT.findall(script.read_text(encoding="utf-8")):
        exported = re.findall(r"\w+", " ".join(EXPORT.findall((script.parent / path).read_text(encoding="utf-8"))))
        imported = {name.split(" as ")[0].strip() for name in names.split(",") if name.strip()}
        assert imported - set(exported) == set(), path
