"""If `kb serve` cannot listen, the error has the reason and the setting to change."""

from __future__ import annotations

import os
import socket

import pytest

from kb.config import Settings
from kb.server.supervisor import CannotListen, _demo, listen
from tests.support.served import free_port


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        why = f"port {port} on 127.0.0.1 is in use; stop the program that uses it, or set"
        with pytest.raises(CannotListen, match=why):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["999.1.1.1", "192.0.2.1"])
def test_a_host_that_is_not_this_machine_is_not_called_a_taken_port(host: str) -> None:
    with pytest.raises(CannotListen, match=rf"{host} is not an address of this machine \(.+\); set KB_HOST to one"):
        listen(host, 0)


def test_a_port_that_only_root_may_have_is_said_to_be_one() -> None:
    error = PermissionError(13, os.strerror(13))
    assert (
        str(CannotListen("127.0.0.1", 80, error))
        == "this user may not listen on port 80; set KB_PORT to 1024 or higher"
    )


@pytest.mark.parametrize(
    ("host", "wanted"), [("0.0.0.0", "127.0.0.1"), ("127.0.0.2", "127.0.0.2"), ("::", "127.0.0.1")]
)
def test_the_demo_shop_listens_on_this_machine_only(host: str, wanted: str) -> None:
    (shop,) = _demo(Settings(host=host, port=free_port() - 1))
    with shop:
        assert shop.getsockname()[0] == wanted
