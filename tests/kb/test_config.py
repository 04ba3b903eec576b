"""Settings come from a file and the environment, and an error names the nearest known setting."""

import re
from pathlib import Path

import pytest

from kb.config import Settings, load
from kb.errors import BadSetting


def test_environment_wins_over_file(tmp_path: Path) -> None:
    (tmp_path / "kb.toml").write_text('port = 9000\ntitle = "Help"\n')
    settings = load({"KB_PORT": "9001"}, folder=tmp_path)
    assert (settings.port, settings.title) == (9001, "Help")


def test_lists_are_separated_by_commas() -> None:
    assert load({"KB_SINKS": "inbox, smtp,"}).sinks == ("inbox", "smtp")


def test_an_unset_floor_is_none_and_a_set_one_a_number() -> None:
    assert load({}).floor_suggest is None
    assert load({"KB_FLOOR_SUGGEST": "0.4"}).floor_suggest == 0.4


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"KB_PROT": "1"}, "KB_PROT in the environment is not a setting; did you mean KB_PORT?"),
        ({"KB_PORT": "many"}, "KB_PORT is 'many'; it must be a whole number"),
        ({"KB_PORT": "70000"}, "port is 70000; it must be from 1 to 65535"),
        ({"KB_HOLDOUT": "0.9"}, "holdout is 0.9; it must be from 0 to 0.5"),
        ({"KB_SWAPS": "0.5"}, "swaps is 0.5; it must be from 0 to 0.2"),
        ({"KB_WORKERS": "0"}, "workers is 0; it must be at least 1"),
        ({"KB_THREADS": "0"}, "threads is 0; it must be at least 1"),
        ({"KB_RATE_OFFERS": "-1"}, "rate_offers is -1; it must be at least 0"),
        ({"KB_RATE_SEARCH": "-1"}, "rate_search is -1; it must be at least 0"),
        ({"KB_KEEP_TEXT": "-1"}, "keep_text is -1; it must be at least 1"),
        ({"KB_LANG": "English"}, "lang is 'English'; it must be a language code in lower case"),
        ({"KB_LANG": "xx"}, "lang is 'xx'; it must be a language code in lower case"),
        ({"KB_HOLDOUT": ""}, "KB_HOLDOUT is ''; it must be a number"),
        ({"KB_DATA": ""}, "KB_DATA is ''; it must be a path"),
        ({"KB_HOST": ""}, "host is empty; it must be an address such as 127.0.0.1"),
        ({"KB_URL": "help.example.com"}, "url is 'help.example.com'; it must be an address such as https:"),
        ({"KB_WEBHOOK_URL": "ftp://x.example"}, "webhook_url must be an address such as https:"),
        ({"KB_ZENDESK_URL": "acme"}, "zendesk_url is 'acme'; it must be an address such as https:"),
        ({"KB_SMTP_TO": "help"}, "smtp_to is 'help'; it must be an e-mail address such as"),
        ({"KB_ORIGINS": "shop.example"}, "origins contains 'shop.example'; write an origin as"),
        ({"KB_ORIGINS": "https://shop.example/contact"}, "origins contains 'https://shop.example/contact'"),
        ({"KB_ALLOW_NETWORKS": "office"}, "allow_networks contains 'office'; write a network as 10.0.0.0/8"),
    ],
)
def test_a_wrong_setting_says_what_it_takes(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadSetting, match=re.escape(sentence)):
        load(environ)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("port = 9000.5", "port is 9000.5; it must be a whole number"),
        ("articles = 5", "articles is 5; it must be a path"),
        ("KB_PORT = 9000", "KB_PORT is not a setting; did you mean port?"),
        ("TITLE = 'Help'", "TITLE is not a setting; did you mean title?"),
    ],
)
def test_a_wrong_line_of_the_file_says_what_is_right(tmp_path: Path, line: str, sentence: str) -> None:
    (tmp_path / "kb.toml").write_text(line)
    with pytest.raises(BadSetting, match=rf"kb\.toml: {re.escape(sentence)}"):
        load({}, folder=tmp_path)


@pytest.mark.parametrize("text", ["port = = 1", f"port = {'9' * 5000}", f"port = 0x{'f' * 5000}", f"x = {'[' * 5000}"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "kb.toml").write_text(text)
    with pytest.raises(BadSetting, match=r"kb\.toml(:| is nested)"):
        load({}, folder=tmp_path)


def test_a_secret_of_the_wrong_type_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "kb.toml").write_text("webhook_secret = 12345\n")
    with pytest.raises(BadSetting) as caught:
        load({}, folder=tmp_path)
    assert "12345" not in str(caught.value)


def test_every_setting_has_a_sentence() -> None:
    for field in Settings.__dataclass_fields__.values():
        assert field.metadata["doc"].endswith("."), field.name
