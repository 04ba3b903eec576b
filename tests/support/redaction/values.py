"""Made-up passwords, keys and tokens, drawn with a seed."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable

LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
ALNUM = string.ascii_letters + DIGITS
HEX = "0123456789abcdef"
WORDS = "marble otter lantern Winter falcon Garden pepper harbor comet willow Zebra cactus velvet tunnel orchid".split()
SIGNS = "!?#$%&*+=@_-"


def run(draw: random.Random, n: int, alphabet: str = ALNUM) -> str:
    """Return `n` random characters."""
    return "".join(draw.choice(alphabet) for _ in range(n))


def mixed(draw: random.Random, n: int, alphabet: str = ALNUM) -> str:
    """Return `n` random characters with a letter and a digit among them."""
    while True:
        found = run(draw, n, alphabet)
        if any(c.isdigit() for c in found) and any(c.isalpha() for c in found):
            return found


def _password(draw: random.Random) -> str:
    one, two = draw.choice(WORDS), draw.choice(WORDS)
    leet = one.replace("e", "3").replace("a", "4").replace("o", "0")
    shapes = (
        f"{one}{draw.randint(10, 9999)}",
        f"{one.title()}{two.title()}{draw.choice(SIGNS)}{draw.randint(1, 99)}",
        f"{leet.title()}{draw.choice('!?&$')}{draw.randint(1, 99)}",
        f"{mixed(draw, draw.randint(9, 16))}{draw.choice('!$%&*?')}{run(draw, 2)}",
        f"{one}-{two}-{draw.choice(WORDS)}-{draw.randint(1, 99)}",
        mixed(draw, draw.randint(8, 14)),
    )
    return draw.choice(shapes)


def _uuid(draw: random.Random) -> str:
    h = run(draw, 32, HEX)
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def _jwt(draw: random.Random) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"RS256","kid":"%d"}' % draw.randint(1, 99)).decode().rstrip("=")
    return f"{head}.{run(draw, 60)}.{run(draw, 43, ALNUM + '-_')}"


def _base64(draw: random.Random) -> str:
    return base64.b64encode(draw.randbytes(draw.choice((32, 48)))).decode()


def _licence(draw: random.Random) -> str:
    return "-".join(mixed(draw, 5, UPPER + DIGITS) for _ in range(5))


def _pem(draw: random.Random) -> str:
    return "\n".join(base64.b64encode(draw.randbytes(48)).decode() for _ in range(4))


SECRETS: dict[str, Callable[[random.Random], str]] = {
    "password": _password,
    "pin": lambda d: run(d, 4, DIGITS[1:]),
    "tan": lambda d: run(d, 6, DIGITS[1:]),
    "cvv": lambda d: run(d, 3, DIGITS[1:]),
    "split": lambda d: f"{run(d, 3, DIGITS[1:])} {run(d, 3, DIGITS[1:])}",
    "mixedcode": lambda d: mixed(d, 8, UPPER + DIGITS),
    "backup": lambda d: f"{mixed(d, 4, LOWER + DIGITS)}-{mixed(d, 4, LOWER + DIGITS)}",
    "token": lambda d: mixed(d, d.choice((24, 32, 40))),
    "short": lambda d: mixed(d, d.choice((10, 12, 14))),
    "hex": lambda d: mixed(d, d.choice((32, 40, 64)), HEX),
    "sid": lambda d: mixed(d, 26, LOWER + DIGITS),
    "base64": _base64,
    "uuid": _uuid,
    "jwt": _jwt,
    "licence": _licence,
    "pem": _pem,
    "github": lambda d: d.choice(("ghp_", "gho_", "ghs_")) + run(d, 36),
    "githubfine": lambda d: "github_pat_" + run(d, 22) + "_" + run(d, 59),
    "gitlab": lambda d: d.choice(("glpat-", "gldt-", "glrt-")) + run(d, 20),
    "slack": lambda d: f"xoxb-{run(d, 12, DIGITS)}-{run(d, 13, DIGITS)}-{run(d, 24)}",
    "slackhook": lambda d: f"T{run(d, 10, UPPER + DIGITS)}/B{run(d, 10, UPPER + DIGITS)}/{run(d, 24)}",
    "stripe": lambda d: d.choice(("sk_live_", "rk_test_", "whsec_")) + run(d, 24),
    "aws": lambda d: "AKIA" + run(d, 16, UPPER + "234567"),
    "awssecret": lambda d: run(d, 40, ALNUM + "/+"),
    "google": lambda d: "AIza" + run(d, 35, ALNUM + "-_"),
    "googleclient": lambda d: "GOCSPX-" + run(d, 28, ALNUM + "-_"),
    "twilio": lambda d: d.choice(("AC", "SK")) + run(d, 32, HEX),
    "sendgrid": lambda d: f"SG.{run(d, 22)}.{run(d, 43)}",
    "mailgun": lambda d: "key-" + run(d, 32, HEX),
    "mailchimp": lambda d: run(d, 32, HEX) + f"-us{d.randint(1, 20)}",
    "npm": lambda d: "npm_" + run(d, 36),
    "pypi": lambda d: "pypi-AgEIcHlwaS5vcmc" + run(d, 60, ALNUM + "-_"),
    "openai": lambda d: d.choice(("sk-", "sk-proj-", "sk-ant-api03-")) + run(d, 44, ALNUM + "-_"),
    "huggingface": lambda d: "hf_" + run(d, 34),
    "digitalocean": lambda d: "dop_v1_" + run(d, 64, HEX),
    "shopify": lambda d: d.choice(("shpat_", "shpss_")) + run(d, 32, HEX),
    "telegram": lambda d: f"{d.randint(10**8, 10**10 - 1)}:AA{run(d, 33, ALNUM + '-_')}",
    "discord": lambda d: f"M{run(d, 23)}.{run(d, 6)}.{run(d, 38, ALNUM + '-_')}",
    "azure": lambda d: base64.b64encode(d.randbytes(64)).decode(),
    "square": lambda d: "sq0csp-" + run(d, 43, ALNUM + "-_"),
    "vault": lambda d: "hvs." + run(d, 24),
    "linear": lambda d: "lin_api_" + run(d, 40),
    "grafana": lambda d: "glsa_" + run(d, 32) + "_" + run(d, 8, HEX),
    "docker": lambda d: "dckr_pat_" + run(d, 27, ALNUM + "-_"),
    "sshkey": lambda d: "AAAAC3NzaC1lZDI1NTE5AAAAI" + run(d, 43, ALNUM + "+/"),
    "bcrypt": lambda d: "$2b$12$" + run(d, 53, ALNUM + "./"),
    "bitcoin": lambda d: "bc1q" + run(d, 38, "023456789acdefghjklmnpqrstuvwxyz"),
    "ethereum": lambda d: "0x" + run(d, 40, HEX),
}
