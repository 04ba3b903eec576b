"""The recipe of pages: it changes with every module that a page comes from."""

from __future__ import annotations

import subprocess
import sys

from kb.content import recipe


def test_every_module_that_rendering_loads_is_in_the_recipe() -> None:
    code = "import sys, kb.render.render; print(*sorted(name[3:] for name in sys.modules if name.startswith('kb.')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    without_effect = {
        "content",
        "render",
        "errors",
        "languages",
        "content/frontmatter",
        "content/keys",
    }  # the path covers these
    assert {name.replace(".", "/") for name in loaded} - without_effect == set(recipe._MODULES)


def test_the_modules_are_there_and_the_recipe_is_short() -> None:
    assert all((recipe._KB / f"{name}.py").is_file() for name in recipe._MODULES)
    assert len(recipe.recipe()) == 16
