"""Find keys and tokens by their form: blocks of key files, the prefixes of known services, hashes and random runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deflect.redaction.looks import FUNCTION_WORD, is_random
from deflect.redaction.spans import PROTECTED, Found, Span, last_group, rule

# The prefix of each service's keys, and what follows it.
SERVICES = (
    r"(?:sk|pk|rk)[-_](?:live|test|proj|ant|or|svcacct|admin)?[-_]?[\w-]{16,}",  # Stripe, OpenAI and alike
    r"gh[pousr]_\w{20,}|github_pat_\w{20,}",  # GitHub
    r"gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct)-[\w.-]{16,}|GR1348941[\w-]{16,}",  # GitLab
    r"xox[abceoprs](?:\.xox[bp])?-[\w-]{10,}|xapp-[\w-]{16,}",  # Slack
    r"(?:AKIA|ASIA|AROA|AIDA|AGPA|ABIA|ACCA)[A-Z0-9]{12,20}",  # AWS
    r"AIza[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}|1//0[\w-]{20,}",  # Google
    r"(?:AC|SK|PN|SM|MG|VA)[0-9a-f]{32}",  # Twilio
    r"SG\.[\w-]{16,}\.[\w-]{16,}|key-[0-9a-f]{32}|[0-9a-f]{32}-us\d{1,2}",  # SendGrid, Mailgun, Mailchimp
    r"npm_\w{30,}|pypi-[\w-]{30,}|rubygems_\w{30,}|oy2[a-z0-9]{43}|cio\w{32}",  # registries of packages
    r"do[opr]_v1_\w{40,}|hf_\w{20,}|r8_\w{20,}|dckr_(?:pat|oat)_[\w-]{20,}|dapi[0-9a-f]{32}|nvapi-[\w-]{20,}",
    r"shp(?:at|ss|ca|pa|ua|tka)_\w{16,}|sq0[a-z]{3}-[\w-]{20,}|EAA[\w-]{20,}|rzp_(?:live|test)_\w{10,}"
    r"|APP_USR-[\w-]{16,}",
    r"access_token\$(?:production|sandbox)\$\w{10,}\$\w{20,}|access-(?:sandbox|development|production)-[\w-]{30,}",
    r"whsec_[\w+/=]{10,}|hvs\.[\w-]{20,}|hvb\.[\w-]{20,}|dp\.(?:pt|st|ct|sa)\.\w{20,}|atlasv1\.\w{20,}"
    r"|pscale_\w{2,8}_[\w.-]{20,}",
    r"lin_(?:api|oauth)_\w{20,}|ntn_\w{20,}|secret_\w{20,}|figd_[\w-]{20,}|pat[A-Za-z0-9]{14}\.[0-9a-f]{32,}"
    r"|ATATT3[\w=+/-]{20,}",
    r"PMAK-[\w-]{20,}|NR(?:AK|JS|II)-[\w-]{16,}|gl(?:sa|c)_[\w=+/-]{20,}|sntry[su]_[\w=+/-]{20,}|HRKU-[\w-]{30,}"
    r"|sbp_\w{30,}",
    r"nfp_\w{30,}|vercel_\w{20,}|v1\.0-[0-9a-f]{20,}-\w{30,}|ops_eyJ[\w-]{20,}|sl\.[\w-]{40,}|rdme_\w{30,}"
    r"|phc_\w{30,}|tfp_\w{30,}",
    r"AGE-SECRET-KEY-1[A-Z0-9]{40,}|EZ[AT]K\w{40,}|fly?o?1_[\w-]{30,}|FlyV1 [\w,=+/-]{30,}|CFPAT-[\w-]{30,}"
    r"|xkeysib-[\w-]{30,}",
    r"\d{8,10}:[A-Za-z][\w-]{32,36}",  # a bot of Telegram
    r"[MNO][\w-]{22,27}\.[\w-]{6}\.[\w-]{27,40}",  # a bot of Discord
    r"eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*){0,3}",  # a JSON web token
    r"(?:xprv|xpub|zprv|yprv)[1-9A-HJ-NP-Za-km-z]{60,}|(?:bc1|tb1|ltc1)[02-9ac-hj-np-z]{25,62}"
    r"|0x[0-9a-fA-F]{40,64}",  # wallets
)
# The header of a key file, not in a sentence, and its first line.
_BEGIN = re.compile(r"-{4,5} ?BEGIN [A-Z0-9 ]{1,40}-{4,5}(?!\s+[a-z]+[ ,.])")
_END = re.compile(r"-{4,5} ?END [A-Z0-9 ]{1,40}-{4,5}")
_BODY = re.compile(r"\W{0,9}(?:[rn]\W{0,9}){0,2}(?:[A-Z][\w-]+: |[A-Za-z0-9+/=]{12})")
KEY_FILES = (
    r"PuTTY-User-Key-File-\d:.*?(?:Private-(?:MAC|Hash): ?[0-9a-f]+|\Z)",
    r"\b(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp\d{3}|sk-(?:ssh-ed25519"
    r"|ecdsa-sha2-nistp256)@openssh\.com) +AAAA[\w+/=]{16,}(?: [^\s\x00]{1,100})?",
)
HASHES = (
    r"\$(?:2[abxy]?|1|5|6|7|y|apr1|argon2(?:id?|d)|scrypt|pbkdf2(?:-sha\d+)?|sha1)\$[\w./=,+$*-]{8,200}"
    r"|\{(?:S?SHA\d{0,3}|S?MD5|CRYPT)\}[\w+/=]{16,}|(?:scrypt|pbkdf2)(?::\w{1,10}){1,3}\$[\w./+=]{4,64}\$[0-9a-f]{32,}"
    r"|pbkdf2_sha256\$\d+\$\w+\$[\w+/=]{20,}"
)
COMMON_RUN = r"(?<![\w/+=.-])[A-Za-z0-9_+/=-]{16,}(?![\w])"

# What stands before a hash or an id that is public or describes a problem.
_PUBLIC = re.compile(
    r"(?i)(?:sha-?(?:1|256|384|512)?|md5|integrity|commits?|hash|checksums?|digest|revision|rev|git show|checkout"
    r"|cherry-pick|merge|tree|blob|head"
    r"|branch|fingerprint|etag|build|image|bisect|revert\w*)(?: (?:id|is|of|in|value|sum|commit"
    r"|hash))?[\"']?[ :=(@/-]{1,3}[\"'`]?$|\b[0-9a-f]{7,40}\.{2,3}$"
)
_LISTED = re.compile(r"(?:[ *]{2}| \(HEAD|\.\.)[\w./(]")  # what follows a hash in a list of files or commits
_NAMED = re.compile(
    r"(?i)(?:request|trace|correlation|ticket|order|event|error|incident|build|job|run|transaction|report|crash"
    r"|invoice|case|message|activity"
    r"|component|clsid|guid|appid|iid|interface|class|device|hkey_\w+|uuid|partuuid|partition|volume|bluetooth"
    r"|service)(?:[-_ ]?id)?(?: is)?[\"'}]?[ :=\\/{(\"']{1,4}$"
)


def _run(match: re.Match[str]) -> Span | None:
    """Return a run of signs that is random as a whole, or else its random part between slashes or `=`."""
    if _PUBLIC.search(match.string, max(0, match.start() - 40), match.start()) or re.match(
        r"(?i)sha\d{1,3}-", match[0]
    ):
        return None
    if is_random(match[0]) and ("/" not in match[0] or _is_base64(match[0])):
        return match.span()
    for part in re.finditer(r"[^/=]+", match[0]):
        if is_random(part[0]):
            return match.start() + part.start(), match.end()
    return None


def _is_base64(run: str) -> bool:
    """Return True if most parts between the slashes are odd, as in base64, and not the names of folders."""
    words = re.findall(r"[A-Za-z]{4,}", run)
    plain = sum(len(word) for word in words if word.islower() or word.istitle())
    return plain < len(run) / 3


def _public(match: re.Match[str]) -> Span | None:
    """Return a hash of a commit or a file, or the id of a request or a component, as the text around it says."""
    before = (match.string, max(0, match.start() - 40), match.start())
    after = match.string[match.end() : match.end() + 8]
    named = _NAMED.search(*before) if "-" in match[0] else _PUBLIC.search(*before)
    return match.span() if named or set(match[0]) <= set("0-") or _LISTED.match(after) else None


def _like_a_password(match: re.Match[str]) -> Span | None:
    """Return a word with a sign, a capital and a digit inside it, such as *P@55w0rd!*, which is only a password."""
    inner = match[0].rstrip("!?")[1:-1]
    inside = re.search(r"[!@#$%^&*?]", inner) and re.search(r"[a-z][0-9]+[a-z]|[0-9][!#$%^*?]|[!#$%^*?][0-9]", match[0])
    kinds = re.search(r"[a-z]", match[0]) and re.search(r"[A-Z]", match[0]) and re.search(r"\d", match[0])
    return match.span() if inside and kinds else None


def key_blocks(text: str) -> Iterator[Found]:
    """Yield the blocks of key files, up to the end of the text if a block was cut off."""
    at, ends = 0, True
    while begin := _BEGIN.search(text, at):
        end = _END.search(text, begin.end()) if ends else None
        ends, at = end is not None, begin.end()
        if end or _BODY.match(text, at):
            at = end.end() if end else len(text)
            yield begin.start(), at, "token"


def _phrase(match: re.Match[str]) -> Span | None:
    """Return a passphrase of four words or more, unless they are a sentence."""
    return None if FUNCTION_WORD.search(match[1]) else match.span(1)


KEYS = (
    key_blocks,
    rule("token", "|".join(KEY_FILES), flags=re.S, needs="-"),
    rule("token", rf"(?<![\w/.+-])(?=[\w.:$/+-]{{14}})(?:{'|'.join(SERVICES)})"),
    rule("token", HASHES, needs="${:"),
    rule("token", r"(?i)\b(?:seed|recovery|secret|backup|wallet|mnemonic)[ -](?:phrase"
        r"|words?)\b[^\n:]{0,30}[:\n ]\s{0,3}((?:[a-z]{3,8}[ ,]{1,2}){11,23}[a-z]{3,8})", last_group),
    rule("token", r"(?i)\bWIFI:(?:[A-Z]:[^;\n\x00]{0,80};){0,4}?P:((?:[^;\\\n\x00]|\\.){4,80})", last_group, needs=";"),
    rule("token", r"(?im)\bpass[- ]?phrase\b\s?(?:is|was"
    r"|[:=])\s{1,3}((?:[a-z]{3,12}[ -]){3,11}[a-z]{3,12})(?=[.,;]?\s*$)", _phrase),
    rule("token", r"(?i)\bmnemonic\b[^\n:]{0,20}:\s{0,3}((?:[a-z]{3,8}[ ,]{1,2}){11,23}[a-z]{3,8})", last_group),
    rule("token", r"\bhttps?://(?:hooks\.slack\.com/services|discord\.gg|chat\.whatsapp\.com|t\.me/joinchat"
    r"|(?:\w+\.)?discord(?:app)?\.com/api/webhooks"
        r"|hooks\.zapier\.com/hooks"
         r"|[\w.-]+\.webhook\.office\.com/webhookb2|outlook\.office\.com/webhook|maker\.ifttt\.com/\S{1,60}/key"
         r"|api\.telegram\.org/bot)/?"
         r"([^\s\x00\"'<>]{6,300})", last_group, needs=":"),
)  # fmt: skip
PASSWORD_LIKE = r"(?<![^\s\"'“„«(:])[A-Za-z0-9!@#$%^&*?+_-]{8,40}(?=[\s\"'”“»).,;:]|$)"
UUID = r"(?i)\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"
LONG_HEX = r"(?<![0-9a-zA-Z])(?=[0-9a-fA-F]{0,40}[a-fA-F])(?=[0-9a-fA-F]{0,40}\d)[0-9a-fA-F]{32,}\b"
RUNS = (
    rule(PROTECTED, UUID, _public, needs="-"),
    rule(PROTECTED, LONG_HEX, _public),
    rule("token", UUID, needs="-"),
    rule("token", LONG_HEX),
    rule("token", r"\b(?=[A-Z0-9-]{0,30}\d)(?=[A-Z0-9-]{0,30}[A-Z])[A-Z0-9]{4,6}(?:-[A-Z0-9]{4,6}){3,6}\b",
         lambda match: match.span() if _is_licence(match[0]) else None, needs="-"),
    rule("token", COMMON_RUN, _run),
    rule("token", PASSWORD_LIKE, _like_a_password, needs="!@#$%^&*?"),
)  # fmt: skip


def _is_licence(run: str) -> bool:
    """Return True if the groups of a licence key are mixed, unlike AUTO-2026-TEST-0001."""
    groups = run.split("-")
    mixed = sum(any(c.isdigit() for c in group) and any(c.isalpha() for c in group) for group in groups)
    both = any(map(str.isdigit, groups)) and any(map(str.isalpha, groups)) and len(groups) > 4
    return len({len(group) for group in groups}) == 1 and (mixed * 2 >= len(groups) or both)
