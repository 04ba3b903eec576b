"""Run a real IMAP server on loopback: Debian's Dovecot, with one mailbox in a temporary folder."""

from __future__ import annotations

import getpass
import imaplib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.served import free_port, until

DOVECOT = next((path for path in ("/usr/sbin/dovecot", "/usr/local/sbin/dovecot") if os.access(path, os.X_OK)), "")
needs_dovecot = pytest.mark.skipif(
    not DOVECOT, reason="no IMAP server; install it with 'apt-get install --no-install-recommends dovecot-imapd'"
)
USER, PASSWORD = "help@shop.example", "se cret/@ü"
CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
imap_capability = {capability}
mail_location = maildir:{folder}/mail
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
{users}
"""


@dataclass
class Imap:
    """A running server: its ports, and the folder with its certificate and log."""

    port: int
    tls_port: int
    folder: Path

    @property
    def url(self) -> str:
        """The address of the mailbox on loopback, without TLS."""
        return f"imap://help%40shop.example@127.0.0.1:{self.port}/INBOX"

    @contextmanager
    def client(self) -> Iterator[imaplib.IMAP4]:
        """Yield a separate connection to the mailbox, like that of a mail program."""
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        try:
            client.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
            yield client
        finally:
            client.logout()

    def put(self, *mails: bytes) -> None:
        """Put e-mails into the inbox, unread."""
        with self.client() as client:
            for one in mails:
                client.append("INBOX", "", "", one)

    def make(self, folder: str) -> None:
        """Create a folder."""
        with self.client() as client:
            client.create(folder)

    def flags(self, folder: str = "INBOX") -> list[str]:
        """Return the flags of a folder's e-mails, in order, without \\Recent."""
        with self.client() as client:
            client.select(folder, readonly=True)
            _, found = client.fetch("1:*", "(FLAGS)")
            said = [one.decode().partition("FLAGS (")[2].rstrip(")") for one in found if isinstance(one, bytes)]
            return [" ".join(flag for flag in one.split() if flag != "\\Recent") for one in said]


@contextmanager
def imap_server(*, capability: str = "", mechanisms: str = "plain login") -> Iterator[Imap]:
    """Run a server while the block runs; `capability` replaces its list of capabilities, as of an older server."""
    folder = Path(tempfile.mkdtemp(prefix="shortstop-imap-"))
    folder.chmod(0o755)
    server = Imap(free_port(), free_port(), folder)
    uid, gid, users = os.getuid(), os.getgid(), ""
    if uid == 0:  # Dovecot refuses mailboxes to root
        uid = gid = 65534
    else:
        users = f"default_login_user = {getpass.getuser()}\ndefault_internal_user = {getpass.getuser()}\n"
    for name in ("run", "state", "mail", "home"):
        (folder / name).mkdir()
        if os.getuid() == 0 and name in ("mail", "home"):
            os.chown(folder / name, uid, gid)
    (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", encoding="utf-8")
    certify(folder)
    given = {"port": server.port, "tls_port": server.tls_port, "uid": uid, "gid": gid, "users": users}
    text = CONFIG.format(folder=folder, capability=capability, mechanisms=mechanisms, **given)
    (folder / "dovecot.conf").write_text(text, encoding="utf-8")
    process = subprocess.Popen([DOVECOT, "-F", "-c", str(folder / "dovecot.conf")], stderr=subprocess.DEVNULL)
    try:
        until(lambda: _answers(server) or process.poll() is not None, seconds=20)
        assert process.poll() is None, (folder / "log").read_text()
        yield server
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def certify(folder: Path) -> None:
    """Write a self-signed certificate for localhost."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def _answers(server: Imap) -> bool:
    try:
        with server.client():
            return True
    except (OSError, imaplib.IMAP4.error):
        return False
