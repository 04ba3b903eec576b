"""Attack strings in Markdown and HTML, and a parser that finds elements and attributes that could run."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

RUN = "alert(1)"
ELEMENTS = (
    "<script>{run}</script>",
    "<script src=//evil.example></script>",
    "<scr<script>ipt>{run}</script>",
    "<script/x>{run}</script>",
    "<ScRiPt>{run}</sCrIpT>",
    "<script\n>{run}</script\n>",
    "<script>{run}",
    "<svg><script>{run}</script></svg>",
    "<svg><script href=data:,{run} /></svg>",
    "<svg onload={run}>",
    "<svg><animate onbegin={run} attributeName=x dur=1s>",
    "<svg><a xlink:href=javascript:{run}><text y=20>x</text></a></svg>",
    "<svg><use href=data:image/svg+xml;base64,AAAA#x></svg>",
    "<svg><foreignObject><iframe srcdoc='<script>{run}</script>'></iframe></foreignObject></svg>",
    "<svg></p><style><a id='</style><img src=1 onerror={run}>'>",
    "<math><mi xlink:href=javascript:{run}>x</mi></math>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror={run}&gt;'>",
    "<math><annotation-xml encoding=text/html><img src=x onerror={run}></annotation-xml></math>",
    "<img src=x onerror={run}>",
    "<img src=x onerror='{run}'/>",
    "<img/src=x/onerror={run}>",
    "<img src=`x` onerror={run}>",
    "<img src=x:x onerror\n=\n{run}>",
    "<img '><script>{run}</script>'>",
    '<img """><script>{run}</script>">',
    "<img src=javascript:{run}>",
    "<img src=x name=body>",
    "<img srcset='x 1x' onload={run}>",
    "<img src=x style=background:url(javascript:{run})>",
    "<image src=x onerror={run}>",
    "<iframe src=javascript:{run}></iframe>",
    "<iframe srcdoc='<script>{run}</script>'>",
    "<iframe src=//evil.example>",
    "<frameset><frame src=javascript:{run}></frameset>",
    "<object data=javascript:{run}></object>",
    "<object data=data:text/html;base64,AAAA></object>",
    "<embed src=javascript:{run}>",
    "<embed src=//evil.example/x.swf allowscriptaccess=always>",
    "<applet code=X></applet>",
    "<form action=javascript:{run}><input type=submit></form>",
    "<form id=kb-contact name=kb-contact><input name=attributes></form>",
    "<form><button formaction=javascript:{run}>x</button></form>",
    "<input autofocus onfocus={run}>",
    "<input type=image src=x onerror={run}>",
    "<button onclick={run}>x</button>",
    "<select autofocus onfocus={run}><option>x</select>",
    "<textarea autofocus onfocus={run}></textarea>",
    "<textarea></textarea><script>{run}</script>",
    "<keygen autofocus onfocus={run}>",
    "<video onerror={run}><source></video>",
    "<video src=x onloadstart={run}></video>",
    "<video><source onerror={run}></video>",
    "<audio src=x onerror={run}></audio>",
    "<body onload={run}>",
    "<body background=javascript:{run}>",
    "<html onmousemove={run}>",
    "<details open ontoggle={run}>x</details>",
    "<details><summary onclick={run}>x</summary></details>",
    "<marquee onstart={run}>x</marquee>",
    "<base href=javascript:/a/>",
    "<base target=x>",
    "<link rel=stylesheet href=javascript:{run}>",
    "<link rel=import href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=javascript:{run}'>",
    "<meta http-equiv=Set-Cookie content=a=b>",
    "<style>@import '//evil.example/x.css';</style>",
    "<style>body{{background:url(javascript:{run})}}</style>",
    "<style><img src=x onerror={run}></style>",
    "<div style=width:expression({run})>x</div>",
    "<div style='background:url(//evil.example)'>x</div>",
    "<div style='position:fixed;inset:0'>x</div>",
    "<div onmouseover={run}>x</div>",
    "<div ONCLICK={run}>x</div>",
    "<div/onclick={run}>x</div>",
    "<div data-x='\"><script>{run}</script>'>x</div>",
    "<div class='card offer' contenteditable onblur={run}>x</div>",
    "<div title='</div><script>{run}</script>'>x</div>",
    "<table background=javascript:{run}><tr><td>x</table>",
    "<td background=javascript:{run}>x",
    "<table><td></table><script>{run}</script>",
    "<noscript><p title='</noscript><img src=x onerror={run}>'></noscript>",
    "<noembed><img title='</noembed><img src onerror={run}>'></noembed>",
    "<template><script>{run}</script></template>",
    "<template shadowrootmode=open><script>{run}</script></template>",
    "<title><img title='</title><script>{run}</script>'></title>",
    "<xmp><img title='</xmp><script>{run}</script>'></xmp>",
    "<plaintext><script>{run}</script>",
    "<listing>&lt;img src=x onerror={run}&gt;</listing>",
    "<!--><img src=x onerror={run}>-->",
    "<!--[if gte IE 4]><script>{run}</script><![endif]-->",
    "<!-- --!><img src=x onerror={run}> -->",
    "<![CDATA[<img src=x onerror={run}>]]>",
    "<?xml version=1?><script>{run}</script>",
    "<?php echo 1 ?><img src=x onerror={run}>",
    "<a href=javascript:{run}>x</a>",
    "<a href=' javascript:{run}'>x</a>",
    "<a href='java\tscript:{run}'>x</a>",
    "<a href='java\nscript:{run}'>x</a>",
    "<a href='java&#x09;script:{run}'>x</a>",
    "<a href='&#106;avascript:{run}'>x</a>",
    "<a href='&#0000106avascript:{run}'>x</a>",
    "<a href='JaVaScRiPt:{run}'>x</a>",
    "<a href='\x01javascript:{run}'>x</a>",
    "<a href='javascript&colon;{run}'>x</a>",
    "<a href='vbscript:{run}'>x</a>",
    "<a href='data:text/html,<script>{run}</script>'>x</a>",
    "<a href='data:text/html;base64,AAAA'>x</a>",
    "<a href='blob:https://x/y'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='feed:javascript:{run}'>x</a>",
    "<a href='view-source:javascript:{run}'>x</a>",
    "<a href=x onclick={run}>x</a>",
    "<a href=x target=_blank>x</a>",
    "<a href=x ping=//evil.example>x</a>",
    "<a href=x download>x</a>",
    "<a id=kb-main name=kb-q href=x>x</a>",
    "<a href='x\" onmouseover=\"{run}'>x</a>",
    "<a title='x\" onmouseover=\"{run}' href=x>x</a>",
    "<p id='x\"><script>{run}</script>'>x</p>",
    "<p id=kb-contact>x</p>",
    "<h2 id='\"><img src=x onerror={run}>'>x</h2>",
    "<h2 id=kb-main>x</h2>",
    "<b onclick={run} <i onclick={run}>x",
    "<x onclick={run}>x</x>",
    "<x-y is=z onclick={run}>x</x-y>",
    "<a is=evil-link href=x>x</a>",
    "<slot onslotchange={run}></slot>",
    "<dialog open onclose={run}>x</dialog>",
    "<p popover onbeforetoggle={run}>x</p>",
    "<portal src=javascript:{run}>",
    "<isindex action=javascript:{run} type=image>",
    "<bgsound src=javascript:{run}>",
    "<layer src=//evil.example></layer>",
    "<xss style=behavior:url(x.htc)>",
    "<p style=&#45;moz-binding:url(//evil.example)>x</p>",
    "<<img src=x onerror={run}>",
    "<\x00script>{run}</script>",
    "<img src=x on\x00error={run}>",
    "\x02wzxhzdk:0\x03<script>{run}</script>",
    "\x02klzzwxh:0000\x03<img src=x onerror={run}>",
    "&lt;script&gt;{run}&lt;/script&gt;",
    "<p><template><p></template><img src=x onerror={run}>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror={run}>",
    "<svg><desc><p><style></svg><img src=x onerror={run}></style>",
    "<select><iframe></select><img src=x onerror={run}>",
)
MARKDOWN = (
    "[x](javascript:{run})",
    "[x](JaVaScRiPt:{run})",
    "[x]( javascript:{run})",
    "[x](<javascript:{run}>)",
    "[x](java\tscript:{run})",
    "[x](java&#10;script:{run})",
    "[x](&#x6A;avascript:{run})",
    "[x](\\javascript:{run})",
    "[x](data:text/html;base64,AAAA)",
    "[x](vbscript:{run})",
    "[x](//evil.example\"onclick={run})",
    "[x](y 'a\" onclick=\"{run}')",
    '[x](y "a\' onclick=\'{run}")',
    "[x]: javascript:{run}\n\n[x]",
    "[x]: <javascript:{run}>\n\n[x][x]",
    "[x]: y 'a\" onclick=\"{run}'\n\n[x]",
    "<javascript:{run}>",
    "<javascript://x%0a{run}>",
    "![x](javascript:{run})",
    "![x\" onerror=\"{run}](y)",
    "![x](y\"onerror=\"{run})",
    "![x](y '\" onerror=\"{run}')",
    "![x](data:image/svg+xml,<svg onload={run}>)",
    "[![x](y)](javascript:{run})",
    "[x](y){{: onclick={run} }}",
    "[x](y){{: style=position:fixed }}",
    "[x](y){{: target=_blank }}",
    "# x {{: onclick='{run}' }}",
    "# x {{: #kb-main }}",
    "# x {{: id='\"><script>{run}</script>' }}",
    "# x {{#kb-contact}}",
    "# <script>{run}</script>",
    "# <img src=x onerror={run}>",
    "# [x](javascript:{run})",
    "text\n{{: onmouseover={run} }}",
    "| a |\n|---|\n| <img src=x onerror={run}> |",
    "| <script>{run}</script> |\n|---|\n| b |",
    "!!! note \"<script>{run}</script>\"\n    x",
    "!!! note onclick={run}\n    x",
    "!!! \"><script>{run}</script>\n    x",
    "??? note \"<img src=x onerror={run}>\"\n    x",
    "=== \"<img src=x onerror={run}>\"\n    x",
    "=== \"[x](javascript:{run})\"\n    x",
    "```<script>{run}</script>\nx\n```",
    "```js title=\"<img src=x onerror={run}>\"\nx\n```",
    "```{{.js onclick={run} }}\nx\n```",
    "```{{: style=x }}\nx\n```",
    "```html\n<script>{run}</script>\n```",
    "`<script>{run}</script>`",
    "    <script>{run}</script>",
    "[^1]\n\n[^1]: <script>{run}</script>",
    "[^\"><script>{run}</script>]\n\n[^\"><script>{run}</script>]: x",
    "*[x]: \" onmouseover=\"{run}\n\nx",
    "*[x]: <script>{run}</script>\n\nx",
    "++\"<img src=x onerror={run}>\"++",
    "<div markdown=1 onclick={run}>\n\n# x\n\n</div>",
    "<div markdown=\"1\"><script markdown=\"1\">{run}</script></div>",
    "<p markdown=\"span\">[x](javascript:{run})</p>",
    "x\n: <img src=x onerror={run}>",
    "- [ ] <input onfocus={run} autofocus>",
    "> <script>{run}</script>",
    "<a href=\"\n\njavascript:{run}\">x</a>",
    "https://evil.example/\"onmouseover=\"{run}",
    "www.evil.example/'><script>{run}</script>",
    "x@evil.example\"onclick=\"{run}",
    "{{% raw %}}<script>{run}</script>{{% endraw %}}",
    "{{{{ '<script>{run}</script>' | raw }}}}",
    ":::note <script>{run}</script>\nx\n:::",
    "> [!NOTE] <img src=x onerror={run}>\n> x",
    "<TabItem label='<img src=x onerror={run}>'>\nx\n</TabItem>",
    "<account onclick={run}>",
    "<b/onclick={run} x=>y",
)  # fmt: skip
SAFE_SCHEMES = ("http:", "https:", "mailto:", "tel:", "/", "#")


def texts() -> list[str]:
    """Return every attack string: the elements as blocks and inline, and the Markdown."""
    elements = [element.format(run=RUN) for element in ELEMENTS]
    return [
        *elements,
        *(f"before {element} after" for element in elements),
        *(text.format(run=RUN) for text in MARKDOWN),
    ]


class _Finder(HTMLParser):
    def __init__(self, allowed: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.allowed = allowed
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.allowed:
            self.found.append(f"<{tag}>")
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.found.append(f"<{tag}> has an attribute twice")
        for name, value in attrs:
            self.found.extend(_wrong(tag, name, value or ""))

    def handle_comment(self, data: str) -> None:
        self.found.append("a comment")

    def handle_decl(self, decl: str) -> None:
        self.found.append("a declaration")

    def handle_pi(self, data: str) -> None:
        self.found.append("an instruction")

    def unknown_decl(self, data: str) -> None:
        self.found.append("a declaration")


KNOWN_ATTRIBUTES = frozenset(
    "id class href title lang dir rel src alt width height loading decoding referrerpolicy start type reversed value "
    "colspan rowspan scope span open cite role tabindex aria-label data-language".split()
)


def _wrong(tag: str, name: str, value: str) -> Iterator[str]:
    if name not in KNOWN_ATTRIBUTES:
        yield f"<{tag} {name}>"
    if name == "id" and (value.startswith("kb-") or not value.strip()):
        yield f"id {value}"
    if name in ("href", "src") and not "".join(value.split()).lower().startswith(SAFE_SCHEMES) and ":" in value:
        yield f"{name} {value}"
    if name == "type" and tag != "ol":
        yield f"<{tag} type>"


def what_could_run(html: str, *, allowed: frozenset[str]) -> list[str]:
    """Return the page's elements outside `allowed` and its attributes that could be harmful, as short texts."""
    finder = _Finder(allowed)
    finder.feed(html)
    finder.close()
    return finder.found
