"""The deployment article's unit file, settings and proxies are valid, and its backup can be restored."""

import configparser
import os
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest

from deflect.api import http
from deflect.offers.episode import Visit
from deflect.store.attachments import keep, of_ticket, path_of
from deflect.store.database import Store
from deflect.store.services import Limiter, Services
from deflect.store.writer import DirectWriter
from deflect.tickets import contact, queries
from kb import config
from kb.cli import main
from kb.config import Settings
from kb.server import supervisor
from kb.site.widget import TYPES
from search.rank.current import Current

ROOT = Path(__file__).parent.parent
ARTICLE = (ROOT / "articles/operators/deployment.md").read_text(encoding="utf-8")
BLOCKS = [
    (kind, textwrap.dedent(text))
    for kind, text in re.findall(r"^ *```(\w+)\n(.*?)^ *```$", ARTICLE, flags=re.DOTALL | re.MULTILINE)
]
HOME = "/srv/shortstop"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin") or ""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
UNIT_KEYS = set(
    "Description After User Group WorkingDirectory ExecStart ExecReload Restart RestartSec KillMode TimeoutStopSec "
    "UMask NoNewPrivileges PrivateTmp PrivateDevices ProtectSystem ProtectHome ProtectKernelTunables "
    "ProtectControlGroups RestrictSUIDSGID ReadWritePaths WantedBy".split()
)


def block(kind: str, mark: str) -> str:
    """Return the only code block of a kind that contains a text."""
    (found,) = [text for known, text in BLOCKS if known == kind and mark in text]
    return found


def unit() -> configparser.ConfigParser:
    """Return the parsed service unit."""
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
    parser.read_string(block("ini", "[Service]"))
    return parser


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a folder with the article's layout and its script."""
    (tmp_path / "venv/bin").mkdir(parents=True)
    write_script(tmp_path / "venv/bin/kb", f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m kb.cli.main "$@"\n')
    (tmp_path / "var").mkdir()
    (tmp_path / "kb.toml").write_text("holdout = 0.1\n")
    write_script(tmp_path / "backup.sh", block("bash", f"# {HOME}/backup.sh"))
    return tmp_path


def write_script(path: Path, text: str) -> None:
    """Write an executable file."""
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def run(home: Path, *command: str) -> str:
    """Run a command in a folder with the article's layout and return its output."""
    environ = os.environ | {"SHORTSTOP_HOME": str(home)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False, cwd=home)
    assert done.returncode == 0, done.stderr
    return done.stdout


def send(services: Services, subject: str) -> str:
    """Store a ticket with a file and return its id."""
    message = contact.check({"subject": subject, "body": "The address is wrong.", "email": "jo@example.com"})
    file = keep(services.settings, subject.encode(), name="log.txt")
    return contact.create_ticket(services, Visit("jo"), message, key=subject, files=[file]).ticket


def services(home: Path) -> Services:
    """Return services that store tickets in a folder with the article's layout."""
    settings = Settings(data=home / "var")
    store = Store.open(settings.database)
    return Services(settings, Current(settings), store, DirectWriter(store), Limiter())


def test_the_unit_has_only_keys_that_systemd_knows() -> None:
    assert {key for section in unit().sections() for key in unit()[section]} == UNIT_KEYS


def test_the_socket_unit_has_the_address_at_which_we_listen() -> None:
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=("#",))
    parser.read_string(block("ini", "[Socket]"))
    assert parser["Socket"]["ListenStream"] == f"{Settings().host}:{Settings().port}"
    assert parser["Install"]["WantedBy"] == "sockets.target"


def test_the_unit_starts_a_command_that_there_is() -> None:
    program, *arguments = unit()["Service"]["ExecStart"].split()
    assert program == f"{HOME}/venv/bin/kb"
    assert arguments[0] in main.kb.commands


def test_the_unit_gives_our_processes_the_time_that_they_take_to_stop() -> None:
    assert int(unit()["Service"]["TimeoutStopSec"]) > 2 * supervisor.GRACE


def test_the_unit_lets_the_service_write_to_the_data_folder_of_the_settings() -> None:
    values = tomllib.loads(block("toml", f"# {HOME}/kb.toml"))
    assert unit()["Service"]["ReadWritePaths"] == values["data"]


def test_the_settings_of_the_article_are_read(tmp_path: Path) -> None:
    (tmp_path / config.FILE).write_text(block("toml", f"# {HOME}/kb.toml"))
    settings = config.load({}, folder=tmp_path)
    assert settings.url == "https://help.example.com"
    assert settings.trusted_proxies == 1


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    text = block("ini", "[Service]").replace(f"{HOME}/venv/bin/kb", shutil.which("true") or "/bin/true")
    path = tmp_path / "shortstop.service"
    path.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    about_us = [line for line in done.stderr.splitlines() if "shortstop.service" in line and "not found" not in line]
    assert not about_us


@pytest.mark.parametrize(("kind", "mark"), [("text", "reverse_proxy"), ("nginx", "proxy_pass")])
def test_a_proxy_passes_on_to_where_we_listen(kind: str, mark: str) -> None:
    text = block(kind, mark)
    assert f"127.0.0.1:{Settings().port}" in text
    assert text.count("{") == text.count("}")


def test_nginx_speaks_http2_and_compresses_what_we_send() -> None:
    text = block("nginx", "proxy_pass")
    assert text.count("ssl http2;") == 2
    (types,) = re.findall(r"gzip_types ([^;]+);", text)
    assert set(types.split()) >= {kind.partition(";")[0] for kind in (*TYPES.values(), http.PROBLEM)}
    assert "gzip on;" in text
    assert "gzip_proxied any;" in text  # answers to requests with Authorization, too


@pytest.mark.skipif(not NGINX or not shutil.which("openssl"), reason="nginx or openssl is not installed")
def test_nginx_finds_nothing_wrong_with_its_block(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=help.example.com"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=60)
    text = block("nginx", "proxy_pass")
    text = re.sub(r"/etc/letsencrypt/\S+/fullchain.pem", str(certificate), text)
    text = re.sub(r"/etc/letsencrypt/\S+/privkey.pem", str(key), text)
    temporary = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in TEMPORARY)
    whole = f"pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}} http {{ access_log off; {temporary} {text} }}"
    (tmp_path / "nginx.conf").write_text(whole)
    command = [NGINX, "-t", "-q", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_the_nightly_job_runs_the_backup_script() -> None:
    user, script = block("text", "* * *").split()[7:9]
    assert user == unit()["Service"]["User"]
    assert f"# {script}" in block("bash", "kb backup")


def test_the_command_of_the_article_restores_what_its_script_backed_up(home: Path) -> None:
    here = services(home)
    first = send(here, "before the backup")
    backup = run(home, "bash", str(home / "backup.sh")).strip()
    send(here, "after the backup")
    here.writer.close()  # type: ignore[attr-defined]
    here.store.close()
    (home / "var/shortstop.db").write_bytes(b"broken")
    shutil.rmtree(home / "var/attachments")

    (command,) = re.findall(r"venv/bin/(kb restore) ", block("bash", "kb restore"))
    run(home, "bash", "-c", f"venv/bin/{command} {backup}")

    store = Store.open(home / "var/shortstop.db")
    assert [row["id"] for row in queries.find(store)] == [first]
    (file,) = of_ticket(store, first)
    assert path_of(here.settings, file["digest"]).read_bytes() == b"before the backup"
    store.close()


def test_a_backup_is_readable_by_its_owner_only_and_the_settings_lie_beside_it(home: Path) -> None:
    here = services(home)
    send(here, "secret")
    here.writer.close()  # type: ignore[attr-defined]
    here.store.close()
    backup = Path(run(home, "bash", str(home / "backup.sh")).strip())
    assert backup.stat().st_mode & 0o077 == 0
    assert Path(f"{backup}.kb.toml").read_text() == (home / "kb.toml").read_text()
