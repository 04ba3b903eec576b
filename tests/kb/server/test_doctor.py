"""`kb doctor` finds problems and names their remedies."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deflect.store.database import Store
from kb import translations
from kb.config import Settings
from kb.server import doctor, doctor_duties
from kb.server.doctor import Finding, examine, shown
from kb.server.indexing import refresh
from tests.conftest import write_articles


def found(settings: Settings) -> dict[str, Finding]:
    """Return the findings by subject."""
    return {finding.what: finding for finding in examine(settings)}


def test_a_good_installation_has_nothing_wrong(settings: Settings) -> None:
    Store.open(settings.database).close()
    findings = examine(settings)
    assert not [f for f in findings if f.state == "wrong"]
    assert shown(findings).endswith("No problems found.")


@pytest.mark.parametrize(
    ("setting", "value", "what", "sentence"),
    [
        ("articles", Path("no/such/folder"), "articles", "no/such/folder is not a folder; set KB_ARTICLES"),
        ("sinks", ("smtp",), "sinks", "KB_SMTP"),
        ("sinks", ("pigeon",), "sinks", "pigeon"),
    ],
)
def test_a_wrong_setting_is_named(settings: Settings, setting: str, value: object, what: str, sentence: str) -> None:
    finding = found(replace(settings, **{setting: value}))[what]
    assert finding.state == "wrong"
    assert sentence in finding.sentence


def test_articles_that_are_left_out_are_wrong(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("# Good", encoding="utf-8")
    (tmp_path / "bad.md").write_text("---\naudience: [\n---\n", encoding="utf-8")
    sentence = "1 of them cannot be read and is left out; see 'kb check'"
    assert Finding("articles", "wrong", sentence) in examine(replace(settings, articles=tmp_path))


@pytest.mark.parametrize(("on", "said"), [(False, True), (True, False)])
def test_scripts_in_site_toml_that_are_off_are_told_of(
    settings: Settings, tmp_path: Path, on: bool, said: bool
) -> None:
    (tmp_path / "site.toml").write_text('head = "head.html"', encoding="utf-8")
    findings = examine(replace(settings, articles=tmp_path, site_scripts=on))
    assert any(finding.state == "note" and "KB_SITE_SCRIPTS" in finding.sentence for finding in findings) is said


@pytest.mark.parametrize("below", ["", "var"])
def test_a_file_where_the_data_folder_should_be_is_one_finding(settings: Settings, tmp_path: Path, below: str) -> None:
    (tmp_path / "note").write_text("", encoding="utf-8")
    findings = {f.what: f.sentence for f in examine(replace(settings, data=tmp_path / "note" / below))}
    assert findings["data"] == f"{tmp_path}/note is not a folder; set KB_DATA to one"
    assert not {"index", "database", "disk"} & findings.keys()


def test_to_look_at_an_installation_makes_no_folder(settings: Settings, tmp_path: Path) -> None:
    examine(replace(settings, data=tmp_path / "later"))
    assert not (tmp_path / "later").exists()


FINDING = r'Finding\(\s*"(\w+)"'


def test_the_manual_s_table_has_all_that_is_looked_at_in_its_order() -> None:
    article = Path("articles/operators/doctor.md").read_text("utf-8")
    before, after = inspect.getsource(doctor).split("def _duties(")
    duties = ["outbox", "retention", "duties"]
    assert set(re.findall(r'yield "(\w+)"', inspect.getsource(doctor_duties))) == set(duties)
    looked_at = [*re.findall(FINDING, before), *duties, *re.findall(FINDING, after)]
    assert re.findall(r"^\| `(\w+)` \|", article, re.M) == list(dict.fromkeys(looked_at))


def test_a_flipped_byte_in_the_index_is_found(settings: Settings, tmp_path: Path) -> None:
    generation = (settings.generations / "current").resolve()
    copy = tmp_path / "copy" / "index" / generation.name
    copy.mkdir(parents=True)
    for path in generation.rglob("*"):
        if path.is_file():
            target = copy / path.relative_to(generation)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (copy.parent / "current").symlink_to(generation.name)
    victim = copy / "library.db"
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(bytes(data))
    finding = found(replace(settings, data=tmp_path / "copy"))["index"]
    assert finding.state == "wrong"
    assert "library.db" in finding.sentence
    assert "kb index" in finding.sentence


def test_a_damaged_database_is_found(settings: Settings) -> None:
    Store.open(settings.database).close()
    settings.database.write_bytes(b"no database at all" * 100)
    finding = found(settings)["database"]
    assert finding.state == "wrong"
    assert "restore the last backup" in finding.sentence


def test_a_lost_database_is_not_called_a_new_one(settings: Settings) -> None:
    Store.open(settings.database).close()
    settings.database.unlink()
    finding = found(settings)["database"]
    assert (finding.state, "is missing" in finding.sentence) == ("wrong", True)


def test_a_data_folder_that_others_may_read_is_named(settings: Settings) -> None:
    settings.data.chmod(0o755)
    assert found(settings)["data"].state == "wrong"
    settings.data.chmod(0o700)
    assert "data" not in found(settings)


def test_an_embedder_that_cannot_be_loaded_is_named_with_what_the_setting_takes(tmp_path: Path) -> None:
    articles = write_articles(tmp_path / "articles", {"a.md": "# Apples\n\nThey are red.\n"})
    good = Settings(articles=articles, data=tmp_path / "var", embedder="tests.support.shelf_of_articles:WordEmbedder")
    refresh(good, words_only=False, now=datetime.now(UTC))
    finding = found(replace(good, embedder="nonsense"))["vectors"]
    assert finding.state == "wrong"
    assert "embedder is 'nonsense'; it takes auto, minilm" in finding.sentence


def test_the_articles_are_counted_as_they_are_read(tmp_path: Path) -> None:
    write_articles(tmp_path, {"a.mdx": "# A", "b.markdown": "# B", "node_modules/c.md": "# C"})
    sentence = f"2 Markdown files in {tmp_path}"
    assert found(Settings(articles=tmp_path, data=tmp_path / "var"))["articles"] == Finding(
        "articles", "fine", sentence
    )


@pytest.mark.parametrize(
    ("files", "sentence", "state"),
    [
        (("a.md", "a.fr.md"), "fr: complete, not reviewed by a native speaker", "fine"),
        (("a.md", "a.pt-br.md"), "pt: complete, not reviewed by a native speaker", "fine"),
        (("a.md", "a.sv.md"), "sv: no translation, so its pages have an English interface", "note"),
    ],
)
def test_the_interface_of_the_articles_languages_is_named(
    tmp_path: Path, files: tuple[str, ...], sentence: str, state: str
) -> None:
    for name in files:
        (tmp_path / name).write_text("# A", encoding="utf-8")
    here = Settings(articles=tmp_path, data=tmp_path / "var", embedder="none")
    refresh(here, words_only=True, now=datetime.now(UTC))
    assert Finding("interface", state, sentence) in examine(here)  # type: ignore[arg-type]


def test_a_language_that_lacks_texts_is_named_even_without_articles(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = translations.Coverage("fr", "", (translations.Part("words of the widget", 40, ("close", "undo")),))
    monkeypatch.setattr(translations, "translated", lambda: ("fr",))
    monkeypatch.setattr(translations, "coverage", lambda lang: lacking)
    said = "fr: 2 of 40 words of the widget missing, shown in English, not reviewed by a native speaker"
    assert Finding("interface", "note", said) in examine(settings)


@pytest.mark.parametrize(("file", "name"), [("catalogue_file", "messages.po"), ("words_file", "fr.json")])
def test_a_catalogue_that_cannot_be_read_is_named(
    settings: Settings, tmp_path: Path, file: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = tmp_path / name
    damaged.write_bytes(b"\xff\xfe\0")
    monkeypatch.setattr(translations, "translated", lambda: ("fr",))
    monkeypatch.setattr(translations, file, lambda lang: damaged)
    (line,) = [finding for finding in examine(settings) if finding.what == "interface"]
    assert line.state == "wrong"
    assert line.sentence.startswith("fr: a file of its translations can't be read, so English is shown: ")
    assert line.sentence.endswith("; install Shortstop again")
