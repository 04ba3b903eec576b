"""Addresses that the server may call: public and allowed ones only."""

import pytest

from kb.outbound import BadAddress, Resolver, permitted, resolve


def named(*ips: str) -> Resolver:
    """Return a resolver that knows one answer."""
    return lambda host, port: ips


PRIVATE = """
    127.0.0.1 127.8.8.8 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 255.255.255.255 224.0.0.1
    240.0.0.1 192.0.2.1 198.18.0.1 :: ::1 fe80::1 fc00::1 ff02::1 fec0::1 2001:db8::1 fe80::1%eth0
    ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::a00:1 2002:7f00:1:: 2002:a00:1::1
    2001:0:0:0:0:0:80ff:fffe 192.88.99.1 ::ffff:192.88.99.2 64:ff9b::c058:6301 3fff::1 3fff:fff::1 5f00::1
    192.0.0.8 100::1 2001:10::1 2001:20::1 2001:2::1 198.51.100.1 203.0.113.9
"""
PUBLIC = "93.184.216.34 8.8.8.8 2606:2800:220:1::1 64:ff9b::808:808 2002:808:808::1"


@pytest.mark.parametrize("ip", PRIVATE.split())
def test_private_mapped_and_special_addresses_are_refused(ip: str) -> None:
    assert not permitted(ip, [])


@pytest.mark.parametrize(
    "ip", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_public_addresses_pass(ip: str) -> None:
    assert permitted(ip, [])


def test_a_name_with_one_private_address_is_refused_whole() -> None:
    with pytest.raises(BadAddress, match=r"desk\.example is 10\.0\.0\.1"):
        resolve("https://desk.example/", resolver=named("8.8.8.8", "10.0.0.1"))


def test_an_allowed_network_passes_and_no_other() -> None:
    assert resolve("http://desk.example:81/a?b=c", allow=["10.0.0.0/8"], resolver=named("10.1.2.3")).ip == "10.1.2.3"
    with pytest.raises(BadAddress):
        resolve("http://desk.example/", allow=["10.0.0.0/8"], resolver=named("192.168.0.1"))


def test_an_allowed_network_passes_its_mapped_form_too() -> None:
    assert (
        resolve("http://desk.example/", allow=["127.0.0.0/8"], resolver=named("::ffff:127.0.0.1")).ip
        == "::ffff:127.0.0.1"
    )


def test_a_name_that_changes_between_two_looks_gains_nothing() -> None:
    answers = iter([("8.8.8.8",), ("127.0.0.1",)])
    target = resolve("https://desk.example/x", resolver=lambda host, port: next(answers))
    assert (target.ip, target.host) == ("8.8.8.8", "desk.example")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "ftp://x.example/",
            "file:///etc/passwd",
            "gopher://x.example",
            "//x.example/",
            "x.example",
            "http://",
            "https://u:p@x.example/",
        ),
        *("http://[::1", "http://x.example:99999/", "javascript:alert(1)"),
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        resolve(url, resolver=named("8.8.8.8"))


@pytest.mark.parametrize(
    "url",
    ["http://2130706433/", "http://0x7f000001/", "http://127.1/", "http://localhost/", "http://[::ffff:127.0.0.1]/"],
)
def test_other_spellings_of_loopback_are_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        resolve(url)


def test_the_host_header_names_the_port_where_it_is_not_the_scheme_s() -> None:
    assert resolve("http://desk.example:81/", resolver=named("8.8.8.8")).host_header == "desk.example:81"
    assert resolve("https://desk.example/", resolver=named("8.8.8.8")).host_header == "desk.example"
    assert resolve("http://[2606:2800::1]/", resolver=named("2606:2800::1")).host_header == "[2606:2800::1]"
